/* test_histogram.c - means and percentiles against those of the sorted times
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>

#include "tshistogram.h"

#define N 10000

static gint
compare (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static void
check (const gint64 * times, guint n)
{
  static const gdouble parts[] = { 0.01, 0.5, 0.95, 0.99, 1. };
  g_autofree TsHistogram *histogram = g_new0 (TsHistogram, 1);
  g_autofree gint64 *sorted = g_memdup2 (times, n * sizeof *times);
  gdouble sum = 0.;

  for (guint i = 0; i < n; i++) {
    ts_histogram_add (histogram, times[i]);
    sum += times[i];
  }
  qsort (sorted, n, sizeof *sorted, compare);
  g_assert_cmpfloat_with_epsilon (ts_histogram_get_mean (histogram), sum / n,
      1e-6 * sum / n);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    gint64 exact = sorted[(guint) ceil (parts[i] * n) - 1];
    gint64 found = ts_histogram_get_percentile (histogram, parts[i]);

    g_assert_cmpint (found, >=, exact);
    g_assert_cmpfloat (found, <=, exact * (1. + 1. / TS_HISTOGRAM_STEPS));
  }
}

/* From nanoseconds to minutes, equally many in each power of ten. */
static void
test_random (void)
{
  gint64 times[N];

  for (guint i = 0; i < N; i++)
    times[i] = (gint64) pow (10., g_test_rand_double_range (0., 11.));
  check (times, N);
}

static void
test_few (void)
{
  const gint64 one[] = { 12345 }, small[] = { 0, 1, 2, 15, 16, 17, 31, 32, 33 };

  check (one, 1);
  check (small, G_N_ELEMENTS (small));
}

static void
test_ends (void)
{
  g_autofree TsHistogram *histogram = g_new0 (TsHistogram, 1);

  g_assert_cmpint (ts_histogram_get_percentile (histogram, 0.5), ==, 0);
  g_assert_cmpfloat (ts_histogram_get_mean (histogram), ==, 0.);
  ts_histogram_add (histogram, G_MAXINT64);
  g_assert_cmpint (ts_histogram_get_percentile (histogram, 0.5), >,
      G_GINT64_CONSTANT (1) << 39);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/histogram/random", test_random);
  g_test_add_func ("/histogram/few", test_few);
  g_test_add_func ("/histogram/ends", test_ends);
  return g_test_run ();
}
