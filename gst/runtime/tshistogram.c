/* tshistogram.c - how long something takes, in a fixed amount of memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tshistogram.h"

#include <math.h>

#define STEP_BITS 4

G_STATIC_ASSERT (TS_HISTOGRAM_STEPS == 1 << STEP_BITS);

/* The first steps are 1 ns wide, those after each power of two twice as wide. */
static guint
find_bucket (guint64 ns)
{
  guint bits = ns ? 63 - __builtin_clzll (ns) : 0;
  guint shift = bits > STEP_BITS ? bits - STEP_BITS : 0;
  guint bucket = shift * TS_HISTOGRAM_STEPS + (guint) (ns >> shift);

  return MIN (bucket, TS_HISTOGRAM_BUCKETS - 1);
}

static gint64
find_upper_end (guint bucket)
{
  guint shift = bucket < 2 * TS_HISTOGRAM_STEPS ? 0 :
      bucket / TS_HISTOGRAM_STEPS - 1;

  return ((gint64) (bucket - shift * TS_HISTOGRAM_STEPS + 1) << shift) - 1;
}

void
ts_histogram_add (TsHistogram * self, gint64 ns)
{
  self->n++;
  self->sum_ns += ns;
  self->max_ns = MAX (self->max_ns, ns);
  self->buckets[find_bucket ((guint64) MAX (ns, 0))]++;
}

gdouble
ts_histogram_get_mean (const TsHistogram * self)
{
  return self->n ? self->sum_ns / self->n : 0.;
}

gint64
ts_histogram_get_percentile (const TsHistogram * self, gdouble part)
{
  guint64 wanted = (guint64) ceil (part * self->n);
  guint64 seen = 0;

  if (!self->n)
    return 0;
  for (guint i = 0; i < TS_HISTOGRAM_BUCKETS; i++) {
    seen += self->buckets[i];
    if (seen >= MAX (wanted, 1))
      return MIN (find_upper_end (i), self->max_ns);
  }
  return self->max_ns;
}
