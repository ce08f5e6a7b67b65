/* test_variants.c - the forms of a module against PyTorch's numbers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The input and the answer are those of the bundled package's self-test, which
 * PyTorch computed when it was exported.
 */
#include <math.h>
#include <string.h>

#include "shimtest.h"

#define HEADER_SIZE_AT 8
#define N_COORDINATES 4
#define WARM_RUNS 3
#define COUNTED_RUNS 4

static gfloat *input, *expected;
static TsShimTensor tensor;
static gsize n_numbers, n_anchors;

static const guint8 *
skip_header (const gchar * npy)
{
  guint16 size;

  g_assert_cmpmem (npy, 6, "\x93NUMPY", 6);
  memcpy (&size, npy + HEADER_SIZE_AT, sizeof size);
  return (const guint8 *) npy + HEADER_SIZE_AT + 2 + GUINT16_FROM_LE (size);
}

static gchar *
read_file (const gchar * name, gsize * size)
{
  g_autofree gchar *path =
      g_build_filename (g_getenv ("TS_TEST_PACKAGE"), "selftest", name, NULL);
  g_autoptr (GError) error = NULL;
  gchar *content;

  g_file_get_contents (path, &content, size, &error);
  g_assert_no_error (error);
  return content;
}

/* "'shape': (1, 3, 192, 128)" */
static void
read_shape (const gchar * npy, TsShimTensor * shape)
{
  const gchar *at = strstr (npy + HEADER_SIZE_AT + 2, "'shape': (") + 10;

  for (gint i = 0; i < shape->n_dims; i++) {
    shape->shape[i] = g_ascii_strtoll (at, (gchar **) & at, 10);
    at += strspn (at, ", ");
  }
}

static void
read_question (void)
{
  TsShimTensor answer = {.n_dims = 3 };
  gsize size;
  g_autofree gchar *question = read_file ("input.npy", &size);
  g_autofree gchar *solution = NULL;
  const guint8 *pixels = skip_header (question);

  tensor = (TsShimTensor) {
  .dtype = TS_SHIM_FLOAT32,.n_dims = 4};
  read_shape (question, &tensor);
  size -= (gsize) (pixels - (const guint8 *) question);
  input = g_new (gfloat, size);
  for (gsize i = 0; i < size; i++)
    input[i] = pixels[i] / 255.f;
  tensor.data = input;
  solution = read_file ("expected.npy", &size);
  read_shape (solution, &answer);
  n_anchors = (gsize) answer.shape[2];
  n_numbers = (gsize) answer.shape[1] * n_anchors;
  expected = g_memdup2 (skip_header (solution), n_numbers * sizeof (gfloat));
}

static TsShimModule *
load (gboolean tunable)
{
  g_autofree gchar *path = g_build_filename (g_getenv ("TS_TEST_PACKAGE"),
      "backends", "tch", "model.pt", NULL);
  const TsShimLoadOptions options = {
    .path = path,.device = "cpu",.threads = 1,.tunable = tunable
  };

  return shim_test_load_with (&options);
}

static void
prepare (TsShimModule * module, TsShimVariant variant)
{
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  if (shim_test_api ()->prepare (module, &variant, error, sizeof error)
      != TS_SHIM_OK)
    g_error ("%s", error);
}

static void
assert_refused (TsShimModule * module, TsShimVariant variant,
    const gchar * part)
{
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  g_assert_cmpint (shim_test_api ()->prepare (module, &variant, error,
          sizeof error), ==, TS_SHIM_ERROR_ARGUMENT);
  shim_test_assert_contains (error, part);
}

/* The largest differences of coordinates in pixels and of scores. */
static void
compare (TsShimModule * module, gdouble * box, gdouble * score)
{
  TsShimValue *value = shim_test_run (module, &tensor);
  const TsShimTensor *found = shim_test_api ()->value_tensor (value);
  const gfloat *numbers = found->data;

  g_assert_cmpint (found->dtype, ==, TS_SHIM_FLOAT32);
  g_assert_cmpint (found->shape[1] * found->shape[2], ==, n_numbers);
  *box = *score = 0;
  for (gsize i = 0; i < n_numbers; i++) {
    gdouble *worst = i < N_COORDINATES * n_anchors ? box : score;

    *worst = fmax (*worst, fabs ((gdouble) numbers[i] - expected[i]));
  }
  shim_test_api ()->value_free (value);
  g_test_message ("coordinates %g px, scores %g", *box, *score);
}

static void
assert_close (TsShimModule * module)
{
  gdouble box, score;

  compare (module, &box, &score);
  g_assert_cmpfloat (box, <, 0.01);
  g_assert_cmpfloat (score, <, 1e-4);
}

static void
test_float32 (void)
{
  static const TsShimVariant variants[] = {
    {0}, {.frozen = 1}, {.frozen = 1,.channels_last = 1},
    {.frozen = 1,.channels_last = 1,.packed = 1}, {.frozen = 1,.optimized = 1},
    {.frozen = 1,.channels_last = 1,.packed = 1,.threads = 2},
  };
  TsShimModule *module = load (TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (variants); i++) {
    prepare (module, variants[i]);
    assert_close (module);
  }
  shim_test_api ()->module_free (module);
}

static void
test_blocked (void)
{
  TsShimModule *module = load (TRUE);
  const TsShimVariant blocked = {.frozen = 1,.blocked = 1 };
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  if (!shim_test_has_blocks ()) {
    g_assert_cmpint (shim_test_api ()->prepare (module, &blocked, error,
            sizeof error), ==, TS_SHIM_ERROR_ARGUMENT);
    shim_test_assert_contains (error, "a shim with oneDNN");
    g_test_skip (error);
  } else {
    prepare (module, blocked);
    assert_close (module);
    prepare (module, (TsShimVariant) {
        .frozen = 1,.blocked = 1,.threads = 2}
    );
    assert_close (module);
  }
  shim_test_api ()->module_free (module);
}

/* FALSE: this CPU has no such form, and the error says so. */
static gboolean
prepare_if_possible (TsShimModule * module, TsShimVariant variant)
{
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  if (shim_test_api ()->prepare (module, &variant, error, sizeof error)
      == TS_SHIM_OK)
    return TRUE;
  g_assert_true (variant.packed);
  shim_test_assert_contains (error, "need a CPU with AVX-512");
  g_test_message ("%s", error);
  return FALSE;
}

/* The part of the coordinates that are more than @px from what they should be. */
static gdouble
count_beyond (TsShimModule * module, gdouble px)
{
  TsShimValue *value = shim_test_run (module, &tensor);
  const gfloat *numbers = shim_test_api ()->value_tensor (value)->data;
  gsize n = N_COORDINATES * n_anchors, n_beyond = 0;

  for (gsize i = 0; i < n; i++)
    n_beyond += fabs ((gdouble) numbers[i] - expected[i]) > px;
  shim_test_api ()->value_free (value);
  g_test_message ("%g of the coordinates beyond %g px", (gdouble) n_beyond / n,
      px);
  return (gdouble) n_beyond / n;
}

/* bfloat16 has 8 bits: scores move by hundredths.  A flat distribution of a box's
 * side, as noise has it, may move by much of a cell of 32 pixels; how far the farthest
 * of thousands does depends on the CPU, but most stay near. */
static void
test_bfloat16 (void)
{
  static const TsShimVariant variants[] = {
    {.frozen = 1,.precision = TS_SHIM_BFLOAT16},
    {.frozen = 1,.channels_last = 1,.precision = TS_SHIM_BFLOAT16},
    {.frozen = 1,.channels_last = 1,.packed = 1,.precision = TS_SHIM_BFLOAT16},
  };
  TsShimModule *module = load (TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (variants); i++) {
    gdouble box, score;

    if (!prepare_if_possible (module, variants[i]))
      continue;
    compare (module, &box, &score);
    g_assert_cmpfloat (box, <, 32);
    g_assert_cmpfloat (count_beyond (module, 4), <, 0.1);
    g_assert_cmpfloat (score, <, 0.02);
    /* Else it would be float32 after all. */
    g_assert_cmpfloat (box, >, 0.02);
  }
  shim_test_api ()->module_free (module);
}

/* With half as many bits for the weights of convolutions, which are most of it. */
static void
test_use (void)
{
  const TsShimApi *api = shim_test_api ();
  TsShimModule *module = load (TRUE);
  TsShimUse plain, packed, low;

  api->use (module, &plain);
  g_assert_cmpint (plain.precision, ==, TS_SHIM_FLOAT32);
  g_assert_cmpint (plain.threads, ==, 1);
  g_assert_cmpint (plain.device_bytes, ==, -1);
  /* As many parameters as model_info.json says. */
  g_assert_cmpint (plain.weight_bytes, ==, 4 * 2219310);
  prepare (module, (TsShimVariant) {
      .frozen = 1,.channels_last = 1,.packed = 1,.threads = 2});
  api->use (module, &packed);
  g_assert_cmpint (packed.threads, ==, 2);
  /* Some are padded, but none is there twice. */
  g_assert_cmpint (packed.weight_bytes, >=, plain.weight_bytes);
  g_assert_cmpint (packed.weight_bytes, <, plain.weight_bytes * 1.5);
  prepare (module, (TsShimVariant) {
      .frozen = 1,.precision = TS_SHIM_BFLOAT16});
  api->use (module, &low);
  g_assert_cmpint (low.precision, ==, TS_SHIM_BFLOAT16);
  g_assert_cmpint (low.threads, ==, 1);
  g_assert_cmpint (low.weight_bytes, <, plain.weight_bytes * 0.6);
  g_assert_cmpint (low.weight_bytes, >=, plain.weight_bytes / 2);
  api->module_free (module);
}

static void
test_refusals (void)
{
  const TsShimApi *api = shim_test_api ();
  TsShimModule *module = load (FALSE);
  const TsShimVariant frozen = {.frozen = 1 };
  g_autofree gchar *identity = shim_test_path ("identity.pt");
  TsShimLoadOptions options = {.path = identity,.device = "cpu",.tunable = 1 };
  gdouble box, score;

  assert_refused (module, frozen, "not loaded to be tuned");
  api->module_free (module);
  module = load (TRUE);
  assert_refused (module, (TsShimVariant) {
      .frozen = 1,.precision = TS_SHIM_FLOAT16}, "choose bf16");
  assert_refused (module, (TsShimVariant) {
      .frozen = 1,.precision = TS_SHIM_INT8}, "float32, float16 or bfloat16");
  assert_refused (module, (TsShimVariant) {
      .frozen = 1,.blocked = 1,.precision = TS_SHIM_BFLOAT16},
      "the CPU and float32");
  prepare (module, (TsShimVariant) {
      .frozen = 1,.packed = 1});
  api->settle (module);
  assert_refused (module, frozen, "is settled");
  compare (module, &box, &score);
  g_assert_cmpfloat (score, <, 1e-4);
  api->module_free (module);
  module = shim_test_load_with (&options);
  assert_refused (module, (TsShimVariant) {
      .frozen = 1,.packed = 1}, "no convolution");
  api->module_free (module);
}

/* libtorch looks up where an error stands; by then only the form is left of the module. */
static void
assert_error_is_told (TsShimModule * module)
{
  TsShimTensor grey = tensor;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimValue *value = NULL;

  grey.shape[1] = 1;
  g_assert_cmpint (shim_test_api ()->run (module, &grey, 1, &value, error,
          sizeof error), ==, TS_SHIM_ERROR_FORWARD);
  g_test_message ("%s", error);
  shim_test_assert_contains (error, "channels");
  assert_close (module);
}

static void
test_error (void)
{
  static const TsShimVariant variants[] = {
    {.frozen = 1}, {.frozen = 1,.channels_last = 1,.packed = 1},
    {.frozen = 1,.optimized = 1},
  };
  const TsShimApi *api = shim_test_api ();
  TsShimModule *module = load (FALSE);

  assert_error_is_told (module);
  api->module_free (module);
  for (guint i = 0; i < G_N_ELEMENTS (variants); i++) {
    module = load (TRUE);
    prepare (module, variants[i]);
    api->settle (module);
    assert_error_is_told (module);
    api->module_free (module);
  }
}

/* A lane is a thread, whose heap is not that of the process. */
static gpointer
run_large_images (gpointer data)
{
  const gsize n = 3 * 576 * 1024;
  g_autofree gfloat *pixels = g_new0 (gfloat, n);
  const TsShimTensor image = {.data = pixels,.dtype = TS_SHIM_FLOAT32,.n_dims =
        4,.shape = {1, 3, 576, 1024}
  };
  glong before = 0;

  for (guint i = 0; i < WARM_RUNS + COUNTED_RUNS; i++) {
    if (i == WARM_RUNS)
      before = shim_test_page_faults ();
    shim_test_api ()->value_free (shim_test_run (data, &image));
  }
  return GSIZE_TO_POINTER ((shim_test_page_faults () - before) / COUNTED_RUNS);
}

/* Left to malloc(), it took some 10,000 pages anew for each run here. */
static void
test_memory_is_kept (void)
{
  TsShimModule *module = load (FALSE);
  GThread *thread = g_thread_new ("lane", run_large_images, module);
  gsize faults = GPOINTER_TO_SIZE (g_thread_join (thread));

  g_test_message ("%" G_GSIZE_FORMAT " page faults a run", faults);
  g_assert_cmpuint (faults, <, 500);
  shim_test_api ()->module_free (module);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  read_question ();
  g_test_add_func ("/variants/float32", test_float32);
  g_test_add_func ("/variants/blocked", test_blocked);
  g_test_add_func ("/variants/bfloat16", test_bfloat16);
  g_test_add_func ("/variants/use", test_use);
  g_test_add_func ("/variants/refusals", test_refusals);
  g_test_add_func ("/variants/error", test_error);
  g_test_add_func ("/variants/memory", test_memory_is_kept);
  return g_test_run ();
}
