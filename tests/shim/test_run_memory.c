/* test_run_memory.c - the memory of tensors that a forward pass makes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <unistd.h>

#include "shimtest.h"

#define MB (1024 * 1024)
#define N_KEPT 24
#define N_ROUNDS 12
#define MAX_FLOATS (2 * MB)

/* Page faults in ten passes: each would have thousands if it got its memory anew.  A
 * sanitizer's notes on memory have some of their own. */
#ifdef __SANITIZE_ADDRESS__
#define FEW_FAULTS 500
#else
#define FEW_FAULTS 100
#endif

/* x + 1 */
static TsShimModule *module;

static TsShimValue *
run (const gfloat * numbers, gsize n)
{
  const TsShimTensor input = {.data = (gpointer) numbers,.dtype =
        TS_SHIM_FLOAT32,.n_dims = 1,.shape = {(gint64) n}
  };

  return shim_test_run (module, &input);
}

static gfloat *
make_numbers (gsize n, gfloat value)
{
  gfloat *numbers = g_new (gfloat, n);

  for (gsize i = 0; i < n; i++)
    numbers[i] = value + (gfloat) (i % 1000);
  return numbers;
}

static void
assert_is (const TsShimValue * answer, gsize n, gfloat value)
{
  const TsShimTensor *tensor = shim_test_api ()->value_tensor (answer);

  g_assert_cmpint (tensor->shape[0], ==, (gint64) n);
  for (gsize i = 0; i < n; i++)
    if (((const gfloat *) tensor->data)[i] != value + 1 + (gfloat) (i % 1000))
      g_error ("%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " is wrong", i, n);
}

/* Many answers at a time, of all sizes, which go in another order than they came. */
static gpointer
keep_answers (gpointer seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (GPOINTER_TO_UINT (seed));
  TsShimValue *kept[N_KEPT] = { NULL, };
  gsize sizes[N_KEPT];
  gfloat values[N_KEPT];

  for (guint i = 0; i < N_KEPT * N_ROUNDS; i++) {
    const guint at = (guint) g_rand_int_range (rand, 0, N_KEPT);
    g_autofree gfloat *numbers = NULL;

    if (kept[at])
      assert_is (kept[at], sizes[at], values[at]);
    shim_test_api ()->value_free (kept[at]);
    sizes[at] = (gsize) g_rand_int_range (rand, 1, MAX_FLOATS)
        >> g_rand_int_range (rand, 0, 10);
    values[at] = (gfloat) (i * 1000);
    numbers = make_numbers (sizes[at], values[at]);
    kept[at] = run (numbers, sizes[at]);
  }
  for (guint i = 0; i < N_KEPT; i++) {
    if (kept[i])
      assert_is (kept[i], sizes[i], values[i]);
    shim_test_api ()->value_free (kept[i]);
  }
  return NULL;
}

static void
test_answers (void)
{
  GThread *other = g_thread_new ("other", keep_answers, GUINT_TO_POINTER (2));

  keep_answers (GUINT_TO_POINTER (1));
  g_thread_join (other);
}

/* The last module's going gives memory back, but not that of an answer; and another
 * thread may free it. */
static gpointer
free_answer (gpointer answer)
{
  shim_test_api ()->value_free (answer);
  return NULL;
}

static void
test_outlives_module (void)
{
  g_autofree gfloat *numbers = make_numbers (MAX_FLOATS, 5);
  TsShimValue *answer = run (numbers, MAX_FLOATS);

  shim_test_api ()->module_free (module);
  assert_is (answer, MAX_FLOATS, 5);
  g_thread_join (g_thread_new ("free", free_answer, answer));
  module = shim_test_load ("two_methods.pt");
}

/* 8 MB are 2048 pages. */
static void
test_comes_again (void)
{
  g_autofree gfloat *numbers = make_numbers (MAX_FLOATS, 0);
  glong before = 0;

  for (guint i = 0; i < 12; i++) {
    if (i == 2)
      before = shim_test_page_faults ();
    shim_test_api ()->value_free (run (numbers, MAX_FLOATS));
  }
  g_assert_cmpint (shim_test_page_faults () - before, <, FEW_FAULTS);
}

/* More than is kept from other sizes, but each run needs all of it. */
static void
test_large_pass (void)
{
  TsShimModule *phases = shim_test_load ("two_phases.pt");
  gfloat numbers[] = { 1 };
  const gfloat expected[] = { 3 };
  TsShimTensor input = shim_test_tensor (numbers, 1, 1);
  glong before = 0;

  for (guint i = 0; i < 5; i++) {
    TsShimValue *answer = shim_test_run (phases, &input);

    shim_test_assert_floats (answer, expected, 1);
    shim_test_api ()->value_free (answer);
    if (i == 2)
      before = shim_test_page_faults ();
  }
  g_test_message ("%ld page faults", shim_test_page_faults () - before);
  g_assert_cmpint (shim_test_page_faults () - before, <, FEW_FAULTS);
  shim_test_api ()->module_free (phases);
}

static gsize
resident_mb (void)
{
  g_autofree gchar *text = NULL;
  gulong pages = 0;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%*u %lu", &pages), ==, 1);
  return pages * (gulong) sysconf (_SC_PAGESIZE) / MB;
}

/* Each is too large for the blocks before it: together they would be 1.1 GB. */
static void
test_other_sizes (void)
{
  const gsize most = 48 * MB;
  g_autofree gfloat *numbers = make_numbers (most, 0);
  const gsize before = resident_mb ();

  for (gsize n = 4 * MB; n <= most; n = n * 6 / 5)
    shim_test_api ()->value_free (run (numbers, n));
  g_test_message ("%" G_GSIZE_FORMAT " MB more", resident_mb () - before);
  g_assert_cmpuint (resident_mb (), <, before + 750);
  shim_test_api ()->module_free (module);
  g_assert_cmpuint (resident_mb (), <, before + 100);
  module = shim_test_load ("two_methods.pt");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  module = shim_test_load ("two_methods.pt");
  g_test_add_func ("/run-memory/answers", test_answers);
  g_test_add_func ("/run-memory/outlives-module", test_outlives_module);
  g_test_add_func ("/run-memory/comes-again", test_comes_again);
  g_test_add_func ("/run-memory/large-pass", test_large_pass);
  g_test_add_func ("/run-memory/other-sizes", test_other_sizes);
  status = g_test_run ();
  shim_test_api ()->module_free (module);
  return status;
}
