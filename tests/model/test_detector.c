/* test_detector.c - an image in, boxes out, over the fake shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include "fakemodel.h"
#include "modeltest.h"
#include "tsdetector.h"

typedef struct
{
  gchar *directory;
  gchar *path;
  TsDetectorOptions options;
} Fixture;

/* Two boxes at 0.9 and 0.3, of the classes 1 and 0, in a 64 x 64 input. */
#define BOXES "{\"tensor\": {\"shape\": [1, 2, 6], \"values\": " \
  "[8, 24, 16, 32, 0.3, 0, 0, 16, 64, 48, 0.9, 1]}}"
#define SCRIPT "{\"config\": \"{\\\"imgsz\\\": [64, 64], \\\"names\\\": " \
  "{\\\"0\\\": \\\"title\\\"}}\", \"input_shape\": [1, 3, 64, 64], " \
  "\"output\": " BOXES "}"

static void
set_up (Fixture * fixture, gconstpointer data)
{
  fixture->directory = model_test_directory ();
  fixture->path = g_build_filename (fixture->directory, "m.pt", NULL);
  fixture->options = (TsDetectorOptions) {
    .model = fixture->path,.device = "cpu",.decoder = "yolo-end2end"
  };
  fake_model_write (fixture->path, SCRIPT);
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
}

static void
tear_down (Fixture * fixture, gconstpointer data)
{
  model_test_remove (fixture->directory);
  g_free (fixture->path);
}

static TsDetector *
open_detector (Fixture * fixture)
{
  g_autoptr (GError) error = NULL;
  TsDetector *detector = ts_detector_open (&fixture->options, &error);

  g_assert_no_error (error);
  return detector;
}

static const TsThresholds unset = { -1.f, -1.f, 0 };

/* Runs on a white frame of 128 x 64; it lands between the rows 16 and 48. */
static GArray *
run (TsDetector * detector, const TsThresholds * thresholds, GError ** error)
{
  g_autofree guint8 *pixels = g_malloc (128 * 64 * 3);
  TsImage image = { TS_PIXEL_RGB, 128, 64, {pixels}, {128 * 3} };
  GArray *boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));

  memset (pixels, 255, 128 * 64 * 3);
  if (ts_detector_run (detector, &image, thresholds, boxes, error))
    return boxes;
  g_array_unref (boxes);
  return NULL;
}

static void
check_box (const TsBox * box, const gfloat expected[4], gfloat score,
    gint class_id)
{
  for (gint i = 0; i < 4; i++)
    g_assert_cmpfloat_with_epsilon (box->box[i], expected[i], 1e-4);
  g_assert_cmpfloat (box->score, ==, score);
  g_assert_cmpint (box->class_id, ==, class_id);
}

/* The frame is halved and moved down by 16. */
static void
test_run (Fixture * fixture, gconstpointer data)
{
  const gfloat first[4] = { 0, 0, 128, 64 }, second[4] = { 16, 16, 32, 32 };
  g_autoptr (TsDetector) detector = open_detector (fixture);
  g_autoptr (GArray) boxes = NULL;
  g_autoptr (GError) error = NULL;

  boxes = run (detector, &unset, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (boxes->len, ==, 2);
  check_box (&g_array_index (boxes, TsBox, 0), first, 0.9f, 1);
  check_box (&g_array_index (boxes, TsBox, 1), second, 0.3f, 0);
}

static void
test_names (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsDetector) detector = open_detector (fixture);

  g_assert_cmpstr (ts_detector_get_name (detector), ==, "m");
  g_assert_cmpstr (ts_detector_get_device (detector), ==, "cpu");
  g_assert_nonnull (ts_detector_get_device_reason (detector));
  g_assert_cmpstr (ts_detector_get_runtime (detector), ==, "fakeshim 1.0");
  g_assert_null (ts_detector_get_runtime_warning (detector));
  g_assert_cmpstr (ts_detector_get_label (detector, 0), ==, "title");
  g_assert_null (ts_detector_get_label (detector, 1));
  g_assert_null (ts_detector_get_label (detector, -1));
}

static void
test_labels (Fixture * fixture, gconstpointer data)
{
  g_autofree gchar *path =
      model_test_write (fixture->directory, "l.txt", "\nmine\n", -1);
  g_autoptr (TsDetector) detector = NULL;

  fixture->options.labels = path;
  detector = open_detector (fixture);
  g_assert_null (ts_detector_get_label (detector, 0));
  g_assert_cmpstr (ts_detector_get_label (detector, 1), ==, "mine");
}

static guint
count_boxes (TsDetector * detector, TsThresholds thresholds)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) boxes = run (detector, &thresholds, &error);

  g_assert_no_error (error);
  return boxes->len;
}

static void
test_thresholds (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsDetector) detector = open_detector (fixture);

  g_assert_cmpuint (count_boxes (detector, unset), ==, 2);
  g_assert_cmpuint (count_boxes (detector, (TsThresholds) { .5f, -1, 0}), ==,
      1);
  g_assert_cmpuint (count_boxes (detector, (TsThresholds) { 0.f, -1, 0}), ==,
      2);
  g_assert_cmpuint (count_boxes (detector, (TsThresholds) { -1, -1, 1}), ==, 1);
}

/* What the package says counts until the user says otherwise. */
static void
test_package (Fixture * fixture, gconstpointer data)
{
  g_autofree gchar *model =
      g_build_filename (fixture->directory, "p", "backends/tch/model.pt", NULL);
  g_autofree gchar *package = g_build_filename (fixture->directory, "p", NULL);
  g_autoptr (TsDetector) detector = NULL;

  model_test_write_package (package);
  model_test_edit_json (package, "preprocessor_config.json", "size", "64");
  model_test_edit_json (package, "preprocessor_config.json", "size_divisor",
      NULL);
  fake_model_write (model, "{\"input_shape\": [1, 3, 64, 64], \"output\": "
      "{\"list\": [{\"none\": true}, " BOXES "]}}");
  fixture->options.model = package;
  detector = open_detector (fixture);
  g_assert_cmpstr (ts_detector_get_name (detector), ==, "pages");
  g_assert_cmpstr (ts_detector_get_label (detector, 2), ==, "text");
  g_assert_cmpuint (count_boxes (detector, unset), ==, 1);
  g_assert_cmpuint (count_boxes (detector, (TsThresholds) { .1f, -1, 0}), ==,
      2);
}

static void
expect_open_error (Fixture * fixture, gint code, const gchar * const *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ts_detector_open (&fixture->options, &error));
  model_test_assert_error (&error, code, words);
}

static void
test_option_errors (Fixture * fixture, gconstpointer data)
{
  fixture->options.decoder = NULL;
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS (fixture->path,
          "no decoder", "yolov10 (", "yolo-end2end (", "[B, N, 6]"));
  fixture->options.decoder = "odd";
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS ("'odd'", "yolov10 ("));
  fixture->options.decoder = "yolov10";
  fixture->options.labels = "/nowhere/l.txt";
  expect_open_error (fixture, TS_ERROR_NOT_FOUND, WORDS ("/nowhere/l.txt"));
  fixture->options.labels = NULL;
  fixture->options.method = "detect";
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS ("'detect'"));
  fixture->options.method = NULL;
  fixture->options.device = "gpu";
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS ("'gpu'"));
  fixture->options.model = "/nowhere/m.pt";
  expect_open_error (fixture, TS_ERROR_NOT_FOUND, WORDS ("/nowhere/m.pt"));
  fixture->options.model = NULL;
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS ("no model", "mlpkg"));
}

static void
test_bad_config (Fixture * fixture, gconstpointer data)
{
  fake_model_write (fixture->path, "{\"config\": \"nonsense\"}");
  expect_open_error (fixture, TS_ERROR_FORMAT, WORDS (fixture->path,
          "config.txt"));
}

static void
expect_run_error (Fixture * fixture, const gchar * script, gint code,
    const gchar * const *words)
{
  g_autoptr (TsDetector) detector = NULL;
  g_autoptr (GError) error = NULL;

  fake_model_write (fixture->path, script);
  detector = open_detector (fixture);
  g_assert_null (run (detector, &unset, &error));
  g_assert_nonnull (strstr (error->message, fixture->path));
  model_test_assert_error (&error, code, words);
}

static void
test_run_errors (Fixture * fixture, gconstpointer data)
{
  expect_run_error (fixture, "{\"input_shape\": [1, 3, 8, 8]}",
      TS_ERROR_FORWARD, WORDS ("[1, 3, 640, 640]"));
  expect_run_error (fixture, "{\"output\": {\"tensor\": {\"shape\": [1, 5], "
      "\"fill\": 0}}}", TS_ERROR_OUTPUT, WORDS ("[1, 5]", "[B, N, 6]"));
  expect_run_error (fixture, "{\"output\": {\"tensor\": {\"shape\": "
      "[1, 2, 6], \"fill\": \"nan\"}}}", TS_ERROR_OUTPUT, WORDS ("nan",
          "[0, 0, 4]"));
  expect_run_error (fixture, "{}", TS_ERROR_OUTPUT, WORDS ("None"));
}

/* A box that is refused takes those before it along. */
static void
test_no_partial_answer (Fixture * fixture, gconstpointer data)
{
  g_autoptr (GArray) boxes = g_array_new (FALSE, TRUE, sizeof (TsBox));
  g_autoptr (TsDetector) detector = NULL;
  g_autoptr (GError) error = NULL;
  guint8 pixel[3] = { 0 };
  TsImage image = { TS_PIXEL_RGB, 1, 1, {pixel}, {3} };

  fake_model_write (fixture->path, "{\"output\": {\"tensor\": {\"shape\": "
      "[1, 2, 6], \"values\": [1, 1, 2, 2, 0.9, 0, 1, 1, \"inf\", 2, 0.8, 0]}"
      "}}");
  detector = open_detector (fixture);
  g_array_set_size (boxes, 1);
  g_assert_false (ts_detector_run (detector, &image, &unset, boxes, &error));
  model_test_assert_error (&error, TS_ERROR_OUTPUT, WORDS ("inf", "[0, 1, 2]"));
  g_assert_cmpuint (boxes->len, ==, 1);
}

static void
test_warm_up (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsDetector) detector = open_detector (fixture);
  g_autoptr (GError) error = NULL;

  g_assert_true (ts_detector_warm_up (detector, 1280, 720, 2, &error));
  g_assert_no_error (error);
  g_clear_pointer (&detector, ts_detector_free);
  fake_model_write (fixture->path, "{\"run_error\": {\"status\": \"forward\"}, "
      "\"fail_on_run\": 1, \"output\": " BOXES "}");
  detector = open_detector (fixture);
  g_assert_true (ts_detector_warm_up (detector, 7, 5, 1, &error));
  g_assert_false (ts_detector_warm_up (detector, 7, 5, 1, &error));
  model_test_assert_error (&error, TS_ERROR_FORWARD, WORDS (fixture->path));
}

/* The module answers its own input, so the error shows the layout it got. */
static void
test_layout (Fixture * fixture, gconstpointer data)
{
  g_autofree gchar *model =
      g_build_filename (fixture->directory, "p", "backends/tch/model.pt", NULL);
  g_autofree gchar *package = g_build_filename (fixture->directory, "p", NULL);
  g_autoptr (TsDetector) detector = NULL;
  g_autoptr (GError) error = NULL;

  model_test_write_package (package);
  model_test_edit_json (package, "preprocessor_config.json", "layout",
      "\"NHWC\"");
  model_test_edit_json (package, "preprocessor_config.json", "size", "64");
  model_test_edit_json (package, "postprocessor_config.json", "output", NULL);
  fake_model_write (model, "{\"output\": {\"input\": true}}");
  fixture->options.model = package;
  detector = open_detector (fixture);
  g_assert_null (run (detector, &unset, &error));
  model_test_assert_error (&error, TS_ERROR_OUTPUT, WORDS ("[1, 32, 64, 3]"));
}

static void
add (const gchar * name, void (*func) (Fixture *, gconstpointer))
{
  g_autofree gchar *path = g_strconcat ("/detector/", name, NULL);

  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("run", test_run);
  add ("names", test_names);
  add ("labels", test_labels);
  add ("thresholds", test_thresholds);
  add ("package", test_package);
  add ("option-errors", test_option_errors);
  add ("bad-config", test_bad_config);
  add ("run-errors", test_run_errors);
  add ("no-partial-answer", test_no_partial_answer);
  add ("warm-up", test_warm_up);
  add ("layout", test_layout);
  return g_test_run ();
}
