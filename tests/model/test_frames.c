/* test_frames.c - frames that become a tensor on the device, over the fake shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fake device's note tells what it was given.
 */
#include <string.h>

#include "fakemodel.h"
#include "modeltest.h"
#include "tsdetector.h"

#define N 8

/* Two columns: a box round 32, 32 of the class 1, one without a score. */
#define HEAD "{\"tensor\": {\"shape\": [1, 6, 2], \"values\": " \
  "[32, 0, 32, 0, 16, 0, 8, 0, 0.25, 0, 0.75, 0]}}"
#define WHOLE "{\"tensor\": {\"shape\": [1, 6, 3], \"values\": [" \
  "32, 0, 0, 32, 0, 0, 16, 0, 0, 8, 0, 0, 0.25, 0, 0, 0.75, 0, 0]}}"
#define SCRIPT(more) "{\"config\": \"{\\\"imgsz\\\": [64, 64]}\", " more \
  "\"output\": " HEAD ", \"whole\": " WHOLE "}"

typedef struct
{
  gchar *directory;
  gchar *path;
  guint8 pixels[128 * 64];
  TsImage image;
  TsThresholds thresholds;
  TsResult results[N];
  TsBatchItem items[N];
} Fixture;

static void
set_up (Fixture * f, gconstpointer script)
{
  f->directory = model_test_directory ();
  f->path = g_build_filename (f->directory, "m.pt", NULL);
  fake_model_write (f->path, script);
  f->image = (TsImage) {
    TS_PIXEL_GRAY8, 128, 64, {
    f->pixels}
    , {
    128}
  };
  f->thresholds = (TsThresholds) {
  0.5f, -1.f, 40};
  for (guint i = 0; i < N; i++) {
    ts_result_init (&f->results[i]);
    f->items[i] = (TsBatchItem) {
      .image = &f->image,.thresholds = &f->thresholds,.result = &f->results[i]
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
open_on (Fixture * f, const gchar * device)
{
  const TsDetectorOptions options = {
    .model = f->path,.device = device,.decoder = "yolov10"
  };
  g_autoptr (GError) error = NULL;
  TsDetector *detector = ts_detector_open (&options, &error);

  g_assert_no_error (error);
  return detector;
}

/* A frame of 128 x 64 lies between the rows 16 and 48 at half its size. */
static void
assert_box (const TsResult * result)
{
  const gfloat expected[] = { 48, 24, 80, 40 };
  const TsBox *box = &g_array_index (result->boxes, TsBox, 0);

  g_assert_cmpuint (result->boxes->len, ==, 1);
  for (gint i = 0; i < 4; i++)
    g_assert_cmpfloat (box->box[i], ==, expected[i]);
  g_assert_cmpfloat (box->score, ==, 0.75f);
  g_assert_cmpint (box->class_id, ==, 1);
}

static void
test_one (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_on (f, "cuda");
  g_autoptr (GError) error = NULL;

  g_assert_null (ts_detector_get_frames_note (detector));
  g_assert_true (ts_detector_run (detector, &f->image, &f->thresholds,
          &f->results[0], &error));
  g_assert_no_error (error);
  assert_box (&f->results[0]);
  g_assert_cmpstr (ts_detector_get_frames_note (detector), ==,
      "1 frames of 64x64 at 0,16 keep 40; ");
}

/* What the card says of it is no part of the forward pass. */
static void
test_upload (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_on (f, "cuda");
  const TsStageTimes *times = &f->items[1].times;

  ts_detector_warm_up (detector, 128, 64, 1, NULL);
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, 2), ==, 2);
  g_assert_cmpint (times->start_us[TS_STAGE_TENSOR], ==, 0);
  g_assert_cmpint (times->start_us[TS_STAGE_UPLOAD], >, 0);
  g_assert_cmpint (times->ns[TS_STAGE_UPLOAD], ==, 30000000);
  g_assert_cmpint (times->start_us[TS_STAGE_FORWARD], ==,
      times->start_us[TS_STAGE_UPLOAD] + 30000);
  g_assert_cmpint (times->ns[TS_STAGE_FORWARD], >=, 0);
  g_assert_cmpint (times->start_us[TS_STAGE_DECODE], >=,
      times->start_us[TS_STAGE_FORWARD] + times->ns[TS_STAGE_FORWARD] / 1000);
}

/* The CPU has no lane. */
static void
test_on_cpu (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_on (f, "cpu");
  g_autoptr (GError) error = NULL;

  g_assert_true (ts_detector_run (detector, &f->image, &f->thresholds,
          &f->results[0], &error));
  assert_box (&f->results[0]);
  g_assert_null (ts_detector_get_frames_note (detector));
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, 1), ==, 1);
  g_assert_cmpint (f->items[0].times.start_us[TS_STAGE_UPLOAD], ==, 0);
  g_assert_cmpint (f->items[0].times.start_us[TS_STAGE_TENSOR], >, 0);
}

static guint
count_columns (TsAnswer * answer)
{
  g_autoptr (GArray) tensors = ts_answer_list (answer);

  g_assert_cmpuint (tensors->len, ==, 1);
  return (guint) g_array_index (tensors, TsNamedTensor, 0).tensor.shape[2];
}

/* The decoder gets what is kept, who wants the tensors gets all. */
static void
test_answers (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_on (f, "cuda");

  f->items[1].wants_answer = TRUE;
  ts_detector_warm_up (detector, 128, 64, 1, NULL);
  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, 3), ==, 3);
  for (guint i = 0; i < 3; i++) {
    assert_box (&f->results[i]);
    g_assert_cmpuint (count_columns (f->items[i].answer), ==, 3);
  }
  g_assert_cmpuint (count_columns (ts_detector_get_answer (detector)), ==, 3);
}

/* Eight do not fit, nor do four; what does stays the limit for a while. */
static void
test_memory (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_on (f, "cuda");
  gint64 start = g_get_monotonic_time ();

  ts_detector_warm_up (detector, 128, 64, 1, NULL);
  for (guint run = 0; run < 2; run++) {
    g_assert_cmpuint (ts_detector_run_batch (detector, f->items, N), ==, N);
    for (guint i = 0; i < N; i++)
      assert_box (&f->results[i]);
  }
  if (g_get_monotonic_time () - start > 4 * G_USEC_PER_SEC)
    return;                     /* too slow a machine: it has tried more again */
  g_assert_cmpstr (ts_detector_get_frames_note (detector), ==,
      "1 frames of 64x64 at 0,16 keep 300; "
      "8 frames of 64x64 at 0,16 keep 40; 4 frames of 64x64 at 0,16 keep 40; "
      "2 frames of 64x64 at 0,16 keep 40; 2 frames of 64x64 at 0,16 keep 40; "
      "4 frames of 64x64 at 0,16 keep 40; "
      "2 frames of 64x64 at 0,16 keep 40; 2 frames of 64x64 at 0,16 keep 40; "
      "2 frames of 64x64 at 0,16 keep 40; 2 frames of 64x64 at 0,16 keep 40; "
      "2 frames of 64x64 at 0,16 keep 40; 2 frames of 64x64 at 0,16 keep 40; ");
}

static void
test_no_memory (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_on (f, "cuda");

  g_assert_cmpuint (ts_detector_run_batch (detector, f->items, 2), ==, 0);
  for (guint i = 0; i < 2; i++)
    model_test_assert_error (&f->items[i].error, TS_ERROR_MEMORY,
        WORDS (f->path, "fake memory is full"));
}

static void
test_fork (Fixture * f, gconstpointer script)
{
  g_autoptr (TsDetector) detector = open_on (f, "cuda");
  g_autoptr (TsDetector) fork = NULL;

  ts_detector_warm_up (detector, 128, 64, 1, NULL);
  fork = ts_detector_fork (detector);
  g_assert_cmpuint (ts_detector_run_batch (fork, f->items, 2), ==, 2);
  assert_box (&f->results[1]);
  g_assert_cmpstr (ts_detector_get_frames_note (fork), ==,
      "forked; 2 frames of 64x64 at 0,16 keep 40; ");
}

#define ADD(name, script, func) \
  g_test_add ("/frames/" name, Fixture, script, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("FAKESHIM_LANES", "1", TRUE);
  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0", TRUE);
  ADD ("one", SCRIPT (""), test_one);
  ADD ("upload", SCRIPT ("\"upload_ms\": 30, "), test_upload);
  ADD ("on-cpu", SCRIPT (""), test_on_cpu);
  ADD ("answers", SCRIPT (""), test_answers);
  ADD ("memory", SCRIPT ("\"lane_limit\": 2, "), test_memory);
  ADD ("no-memory", SCRIPT ("\"lane_limit\": 0, "), test_no_memory);
  ADD ("fork", SCRIPT (""), test_fork);
  return g_test_run ();
}
