/* test_batch.c - several pictures in one forward pass, over the fake shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The module answers with its input, and the decoder takes the strongest channel of
 * each pixel: so the mask tells which picture it belongs to.
 */
#include <string.h>

#include "fakemodel.h"
#include "modeltest.h"
#include "tsdetector.h"

#define EDGE 8
#define N 3
#define CONFIG "\"config\": \"{\\\"imgsz\\\": [8, 8]}\""
#define ECHO "{" CONFIG ", \"output\": {\"input\": 0}}"
#define ECHO_ONE "{" CONFIG ", \"input_shape\": [1, 3, 8, 8], " \
  "\"output\": {\"input\": 0}}"
#define ONE_MAP "{" CONFIG ", \"output\": {\"tensor\": {\"shape\": [1, 2, 2], " \
  "\"values\": [0, 1, 2, 3]}}}"
#define SCALAR "{" CONFIG ", \"output\": {\"list\": [{\"input\": 0}, " \
  "{\"tensor\": {\"shape\": [], \"values\": [7]}}]}}"
#define FAILS "{" CONFIG ", \"run_error\": {\"status\": \"forward\"}}"

typedef struct
{
  gchar *directory;
  gchar *path;
  guint8 pixels[N][EDGE * EDGE * 3];
  TsImage images[N];
  TsResult results[N];
  TsBatchItem items[N];
} Fixture;

static const TsThresholds unset = { -1.f, -1.f, 0 };

/* Picture i is red, green or blue throughout. */
static void
set_up (Fixture * f, gconstpointer script)
{
  f->directory = model_test_directory ();
  f->path = g_build_filename (f->directory, "m.pt", NULL);
  fake_model_write (f->path, script);
  for (guint i = 0; i < N; i++) {
    for (guint k = 0; k < EDGE * EDGE; k++)
      f->pixels[i][3 * k + i] = 255;
    f->images[i] = (TsImage) {
      TS_PIXEL_RGB, EDGE, EDGE, {
      f->pixels[i]}
      , {
      EDGE *3}
    };
    ts_result_init (&f->results[i]);
    f->items[i] = (TsBatchItem) {
      .image = &f->images[i],.thresholds = &unset,.result = &f->results[i]
    };
  }
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
}

static void
tear_down (Fixture * f, gconstpointer script)
{
  for (guint i = 0; i < N; i++) {
    ts_result_clear (&f->results[i]);
    g_clear_pointer (&f->items[i].answer, ts_answer_unref);
    g_clear_error (&f->items[i].error);
  }
  model_test_remove (f->directory);
  g_free (f->path);
}

static TsDetector *
open_warm (Fixture * f)
{
  TsDetectorOptions options = {.model = f->path,.device = "cpu",.decoder =
        "segmentation"
  };
  g_autoptr (GError) error = NULL;
  TsDetector *detector = ts_detector_open (&options, &error);

  g_assert_no_error (error);
  /* Until a run has settled the size, pictures go one by one. */
  ts_detector_warm_up (detector, EDGE, EDGE, 1, NULL);
  return detector;
}

static void
check_masks (Fixture * f, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_assert_no_error (f->items[i].error);
    for (guint k = 0; k < EDGE * EDGE; k++)
      g_assert_cmpuint (f->results[i].mask.classes[k], ==, i);
  }
}

static void
test_each_gets_its_own (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_warm (f);

  f->items[1].wants_answer = TRUE;
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
  g_assert_null (ts_detector_get_batch_note (detector));
  check_masks (f, N);
  g_assert_cmpfloat (f->results[2].mask.area[2], ==, EDGE);
}

static void
test_answers_are_slices (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_warm (f);

  for (guint i = 0; i < N; i++)
    f->items[i].wants_answer = TRUE;
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
  g_clear_pointer (&detector, ts_detector_free);
  for (guint i = 0; i < N; i++) {
    g_autoptr (GArray) list = ts_answer_list (f->items[i].answer);
    const TsTensor *tensor = &g_array_index (list, TsNamedTensor, 0).tensor;
    const gfloat *values = tensor->data;

    g_assert_cmpuint (list->len, ==, 1);
    g_assert_cmpint (tensor->shape[0], ==, 1);
    for (guint c = 0; c < 3; c++)
      g_assert_cmpfloat (values[c * EDGE * EDGE], ==, c == i ? 1.f : 0.f);
  }
}

/* The whole batch is one call: the second call of the module fails, and the
 * pictures then go through one by one. */
static void
test_fixed_size_goes_one_by_one (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_warm (f);

  g_assert_true (ts_detector_fits_batch (detector, &f->images[0],
          &f->images[1]));
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
  check_masks (f, N);
  g_assert_nonnull (strstr (ts_detector_get_batch_note (detector),
          "[3, 3, 8, 8]"));
  g_assert_false (ts_detector_fits_batch (detector, &f->images[0],
          &f->images[1]));
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
  check_masks (f, N);
}

/* No error tells, only the shape of the answer. */
static void
test_one_answer_for_all (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_warm (f);

  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
  g_assert_nonnull (strstr (ts_detector_get_batch_note (detector),
          "[1, 2, 2]"));
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (f->results[i].mask.classes[3], ==, 3);
}

static void
test_answer_without_parts (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_warm (f);

  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
  g_assert_null (ts_detector_get_batch_note (detector));
  f->items[0].wants_answer = TRUE;
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
  check_masks (f, N);
  g_assert_nonnull (f->items[0].answer);
  g_assert_null (f->items[1].answer);
  g_assert_nonnull (strstr (ts_detector_get_batch_note (detector), "no part"));
}

static void
test_errors_are_of_each (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_warm (f);

  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, 0);
  g_assert_null (ts_detector_get_batch_note (detector));
  for (guint i = 0; i < N; i++)
    model_test_assert_error (&f->items[i].error, TS_ERROR_FORWARD,
        WORDS ("m.pt", "as told"));
}

static void
test_sizes_that_fit (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_warm (f);
  TsImage small = f->images[1];

  /* Any size lands in the tensor of 8 x 8, and goes back to its own. */
  small.width = EDGE / 2;
  g_assert_true (ts_detector_fits_batch (detector, &f->images[0], &small));
  f->items[1].image = &small;
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
  g_assert_cmpfloat (f->results[1].mask.area[2], ==, EDGE);
  g_assert_cmpfloat (f->results[1].mask.area[0], ==, -EDGE / 4);
  g_assert_cmpfloat (f->results[2].mask.area[0], ==, 0);
}

typedef struct
{
  TsDetector *detector;
  TsBatchItem *item;
} Lane;

static gpointer
run_lane (gpointer data)
{
  Lane *lane = data;

  for (guint i = 0; i < 200; i++)
    g_assert_cmpuint (ts_detector_run_batch (lane->detector, lane->item, 1),
        ==, 1);
  ts_detector_free (lane->detector);
  return NULL;
}

static void
test_forks_run_beside (Fixture * f, gconstpointer script)
{
  TsDetector *detector = open_warm (f);
  Lane lane = { ts_detector_fork (detector), &f->items[2] };
  GThread *thread = g_thread_new ("lane", run_lane, &lane);

  for (guint i = 0; i < 200; i++)
    g_assert_cmpuint (ts_detector_run_batch (detector, f->items, 2), ==, 2);
  ts_detector_free (detector);
  g_thread_join (thread);
  check_masks (f, N);
}

#define ADD(path, script, test) \
  g_test_add ("/batch/" path, Fixture, script, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("each gets its own", ECHO, test_each_gets_its_own);
  ADD ("answers are slices", ECHO, test_answers_are_slices);
  ADD ("fixed size goes one by one", ECHO_ONE, test_fixed_size_goes_one_by_one);
  ADD ("one answer for all", ONE_MAP, test_one_answer_for_all);
  ADD ("answer without parts", SCALAR, test_answer_without_parts);
  ADD ("errors are of each", FAILS, test_errors_are_of_each);
  ADD ("sizes that fit", ECHO, test_sizes_that_fit);
  ADD ("forks run beside", ECHO, test_forks_run_beside);
  return g_test_run ();
}
