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
  .model = fixture->path,.device = "cpu",.decoder = "yolo-end2end"};
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
  g_auto (TsResult) result = { NULL };

  memset (pixels, 255, 128 * 64 * 3);
  ts_result_init (&result);
  if (ts_detector_run (detector, &image, thresholds, &result, error))
    return g_steal_pointer (&result.boxes);
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
  g_assert_cmpuint (count_boxes (detector, (TsThresholds) {
          .5f, -1, 0}), ==, 1);
  g_assert_cmpuint (count_boxes (detector, (TsThresholds) {
          0.f, -1, 0}), ==, 2);
  g_assert_cmpuint (count_boxes (detector, (TsThresholds) {
          -1, -1, 1}), ==, 1);
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
  g_assert_cmpuint (count_boxes (detector, (TsThresholds) {
          .1f, -1, 0}), ==, 2);
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
  g_auto (TsResult) result = { NULL };
  g_autoptr (TsDetector) detector = NULL;
  g_autoptr (GError) error = NULL;
  guint8 pixel[3] = { 0 };
  TsImage image = { TS_PIXEL_RGB, 1, 1, {pixel}, {3} };

  fake_model_write (fixture->path, "{\"output\": {\"tensor\": {\"shape\": "
      "[1, 2, 6], \"values\": [1, 1, 2, 2, 0.9, 0, 1, 1, \"inf\", 2, 0.8, 0]}"
      "}}");
  detector = open_detector (fixture);
  ts_result_init (&result);
  g_assert_false (ts_detector_run (detector, &image, &unset, &result, &error));
  model_test_assert_error (&error, TS_ERROR_OUTPUT, WORDS ("inf", "[0, 1, 2]"));
  g_assert_cmpuint (result.boxes->len, ==, 0);
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

/* Opens a package with these two files in place of its own. */
static TsDetector *
open_package (Fixture * fixture, const gchar * preprocessing,
    const gchar * postprocessing, const gchar * script)
{
  g_autofree gchar *package = g_build_filename (fixture->directory, "p", NULL);
  g_autofree gchar *model =
      g_build_filename (package, "backends/tch/model.pt", NULL);

  model_test_write_package (package);
  g_free (model_test_write (package, "preprocessor_config.json", preprocessing,
          -1));
  g_free (model_test_write (package, "postprocessor_config.json",
          postprocessing, -1));
  fake_model_write (model, script);
  fixture->options.model = package;
  fixture->options.decoder = NULL;
  return open_detector (fixture);
}

#define ROLES "{\"output\": {\"list\": [" \
  "{\"tensor\": {\"shape\": [1], \"values\": [7]}}, " \
  "{\"dict\": {\"boxes\": {\"tensor\": {\"shape\": [1, 4], " \
  "\"values\": [0, 16, 64, 48]}}, \"conf\": {\"tensor\": " \
  "{\"shape\": [1], \"values\": [0.5]}}}}]}}"

static void
test_roles (Fixture * fixture, gconstpointer data)
{
  const gfloat whole[4] = { 0, 0, 128, 64 };
  g_autoptr (TsDetector) detector = open_package (fixture,
      "{\"size\": {\"longest_edge\": 64}}", "{\"decoder\": "
      "\"torchvision\", \"output\": {\"boxes\": \"1.boxes\", "
      "\"scores\": \"1.conf\", \"labels\": 0}}", ROLES);
  g_autoptr (GArray) boxes = run (detector, &unset, NULL);

  check_box (&g_array_index (boxes, TsBox, 0), whole, 0.5f, 7);
}

static void
test_tensor_ids (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsDetector) detector = open_detector (fixture);

  g_assert_cmpstr (ts_detector_get_tensor_id (detector, ""), ==,
      "yolo-26-end2end-out");
  g_assert_cmpstr (ts_detector_get_tensor_id (detector, "1"), ==, "1");
  g_clear_pointer (&detector, ts_detector_free);
  detector = open_package (fixture, "{}", "{\"decoder\": \"segmentation\", "
      "\"tensor_ids\": {\"output\": \"mask\", \"aux\": \"second\"}}", NULL);
  g_assert_cmpstr (ts_detector_get_tensor_id (detector, "out"), ==, "mask");
  g_assert_cmpstr (ts_detector_get_tensor_id (detector, ""), ==, "mask");
  g_assert_cmpstr (ts_detector_get_tensor_id (detector, "aux"), ==, "second");
  g_assert_cmpstr (ts_detector_get_tensor_id (detector, "3"), ==, "3");
}

static void
test_output_option (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsDetector) detector = NULL;
  g_autoptr (GArray) boxes = NULL;
  g_autoptr (GError) error = NULL;

  fake_model_write (fixture->path, ROLES);
  fixture->options.decoder = "torchvision";
  fixture->options.output = "boxes=1.boxes, scores = 1.conf,labels=0";
  detector = open_detector (fixture);
  boxes = run (detector, &unset, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (boxes->len, ==, 1);
  g_clear_pointer (&detector, ts_detector_free);
  g_clear_pointer (&boxes, g_array_unref);
  fixture->options.output = "1";
  detector = open_detector (fixture);
  boxes = run (detector, &unset, &error);
  model_test_assert_error (&error, TS_ERROR_OUTPUT, WORDS ("'1.scores'",
          "'1.conf' (a tensor of float32 and the shape [1])"));
  fixture->options.output = "masks=0";
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS ("'masks'",
          "'boxes', 'scores', 'labels'"));
  fixture->options.output = "boxes=1,2";
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS ("'2'", "role=key"));
}

/* A bare file that tells no size, and takes one only. */
static void
test_probe (Fixture * fixture, gconstpointer data)
{
  const gfloat whole[4] = { 0, 0, 128, 64 };
  g_autoptr (TsDetector) detector = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) boxes = NULL;

  fake_model_write (fixture->path, "{\"input_shape\": [1, 1, 64, 64], "
      "\"output\": " BOXES "}");
  detector = open_detector (fixture);
  g_assert_null (ts_detector_get_size_note (detector));
  boxes = run (detector, &unset, &error);
  g_assert_no_error (error);
  check_box (&g_array_index (boxes, TsBox, 0), whole, 0.9f, 1);
  g_assert_nonnull (strstr (ts_detector_get_size_note (detector),
          "64 x 64 with 1 channel "));
}

/* What is said about a size is never replaced, but the error knows better. */
static void
test_wrong_size (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsDetector) detector = NULL;
  g_autoptr (GError) error = NULL;

  expect_run_error (fixture, "{\"config\": \"{\\\"imgsz\\\": 96}\", "
      "\"input_shape\": [1, 3, 320, 320], \"output\": " BOXES "}",
      TS_ERROR_FORWARD, WORDS ("[1, 3, 96, 96]", "takes 320 x 320 with 3"));
  expect_run_error (fixture, "{\"config\": \"{\\\"imgsz\\\": 96}\", "
      "\"input_shape\": [1, 1, 28, 28], \"output\": " BOXES "}",
      TS_ERROR_FORWARD, WORDS ("takes 28 x 28 with 1 channel:"));
  detector = open_package (fixture, "{\"size\": {\"longest_edge\": 160}, "
      "\"size_divisor\": 32}", "{\"decoder\": \"yolo-end2end\"}",
      "{\"input_shape\": [1, 3, 160, 160], \"output\": " BOXES "}");
  g_assert_null (run (detector, &unset, &error));
  model_test_assert_error (&error, TS_ERROR_FORWARD, WORDS ("[1, 3, 96, 160]",
          "takes 160 x 160 with 3 channels:", "without \"size_divisor\""));
}

/* A module that fails for another reason: it is not run for ever. */
static void
test_probe_in_vain (Fixture * fixture, gconstpointer data)
{
  expect_run_error (fixture, "{\"run_error\": {\"status\": \"forward\"}}",
      TS_ERROR_FORWARD, WORDS ("none of 48 sizes tried works"));
}

static void
run_into (TsDetector * detector, gint width, gint height, TsResult * result)
{
  g_autofree guint8 *pixels = g_malloc0 (width * height * 3);
  TsImage image = { TS_PIXEL_RGB, width, height, {pixels}, {width * 3} };
  g_autoptr (GError) error = NULL;

  memset (pixels, 200, width * height * 3);
  ts_result_init (result);
  ts_detector_run (detector, &image, &unset, result, &error);
  g_assert_no_error (error);
}

/* A frame of 128 x 64 takes the middle half of a square tensor. */
static void
test_mask (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsDetector) detector = open_package (fixture,
      "{\"size\": {\"longest_edge\": 64}}", "{\"decoder\": "
      "\"segmentation\"}", "{\"output\": {\"dict\": {\"out\": {"
      "\"tensor\": {\"shape\": [1, 2, 2], \"values\": [0, 1, 2, 3]}}}}}");
  const gfloat area[4] = { 0, -32, 128, 128 };
  g_auto (TsResult) result = { NULL };

  g_assert_cmpint (ts_detector_get_kind (detector), ==, TS_RESULT_MASK);
  run_into (detector, 128, 64, &result);
  g_assert_cmpint (result.mask.width, ==, 2);
  g_assert_cmpint (result.mask.classes[3], ==, 3);
  for (gint i = 0; i < 4; i++)
    g_assert_cmpfloat (result.mask.area[i], ==, area[i]);
}

/* Five, of which none is under the threshold of boxes. */
static void
test_classes (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsDetector) detector = open_package (fixture, "{\"size\": 8}",
      "{\"decoder\": \"classification\"}", "{\"output\": {\"tensor\": "
      "{\"shape\": [1, 7], \"values\": [1, 2, 3, 4, 5, 6, 7]}}}");
  g_auto (TsResult) result = { NULL };

  run_into (detector, 8, 8, &result);
  g_assert_cmpuint (result.classes->len, ==, 5);
  g_assert_cmpint (g_array_index (result.classes, TsClass, 0).class_id, ==, 6);
}

/* What the module got as its input @number. */
static TsAnswer *
get_input (Fixture * fixture, const gchar * preprocessing, gint number,
    gint n_listed)
{
  g_autofree gchar *script = g_strdup_printf ("{\"n_listed\": %d, "
      "\"output\": {\"input\": %d}}", n_listed, number);
  g_autoptr (TsDetector) detector = open_package (fixture, preprocessing,
      "{\"decoder\": \"tensors\"}", script);
  g_auto (TsResult) result = { NULL };

  run_into (detector, 128, 64, &result);
  return ts_answer_ref (ts_detector_get_answer (detector));
}

static void
check_input (Fixture * fixture, const gchar * preprocessing, gint number,
    gint n_listed, TsDtype dtype, const gint64 * shape, gint n_dims)
{
  g_autoptr (TsAnswer) answer =
      get_input (fixture, preprocessing, number, n_listed);
  g_autoptr (GArray) inputs = ts_answer_list (answer);
  TsTensor *tensor = &g_array_index (inputs, TsNamedTensor, 0).tensor;

  g_assert_cmpint (tensor->dtype, ==, dtype);
  g_assert_cmpint (tensor->n_dims, ==, n_dims);
  g_assert_cmpmem (tensor->shape, n_dims * 8, shape, n_dims * 8);
}

static void
test_input_forms (Fixture * fixture, gconstpointer data)
{
  const gint64 luma[4] = { 1, 1, 8, 8 }, as_it_is[3] = { 3, 64, 128 };
  const gint64 nhwc[4] = { 1, 8, 8, 3 };

  check_input (fixture, "{\"size\": 8, \"num_channels\": 1, \"dtype\": "
      "\"uint8\"}", 0, 0, TS_DTYPE_UINT8, luma, 4);
  check_input (fixture, "{\"do_resize\": false, \"input_form\": \"list\"}",
      0, 1, TS_DTYPE_FLOAT32, as_it_is, 3);
  check_input (fixture, "{\"size\": 8, \"layout\": \"NHWC\", \"dtype\": "
      "\"bfloat16\", \"input_form\": \"tensor_list\"}", 0, 1,
      TS_DTYPE_BFLOAT16, nhwc, 4);
}

#define INPUTS "{\"size\": 32, \"inputs\": [" \
  "{\"name\": \"size\", \"source\": \"original_size\", " \
  "\"dtype\": \"int64\", \"shape\": [1, 2]}, " \
  "{\"name\": \"image\", \"source\": \"frame\"}, " \
  "{\"name\": \"iou\", \"source\": [0.5, 0.25, 3], " \
  "\"dtype\": \"float16\"}, " \
  "{\"name\": \"scale\", \"source\": \"scale_factor\"}, " \
  "{\"name\": \"wh\", \"source\": \"original_size_wh\", " \
  "\"dtype\": \"int32\"}, " \
  "{\"name\": \"in\", \"source\": \"input_size\"}]}"

static void
check_values (Fixture * fixture, gint number, gconstpointer values, gsize size)
{
  g_autoptr (TsAnswer) answer = get_input (fixture, INPUTS, number, 0);
  g_autoptr (GArray) inputs = ts_answer_list (answer);
  TsTensor *tensor = &g_array_index (inputs, TsNamedTensor, 0).tensor;

  g_assert_cmpmem (tensor->data, ts_tensor_n_elements (tensor)
      * ts_dtype_size (tensor->dtype), values, size);
}

static void
test_inputs (Fixture * fixture, gconstpointer data)
{
  const gint64 shape[2] = { 1, 2 }, frame[4] = { 1, 3, 32, 32 };
  const gint64 size[2] = { 64, 128 };
  const guint16 constant[3] = { 0x3800, 0x3400, 0x4200 };
  const gfloat scale[2] = { .5f, .25f }, input_size[2] = { 32, 32 };
  const gint32 wh[2] = { 128, 64 };

  check_input (fixture, INPUTS, 0, 0, TS_DTYPE_INT64, shape, 2);
  check_input (fixture, INPUTS, 1, 0, TS_DTYPE_FLOAT32, frame, 4);
  check_values (fixture, 0, size, sizeof size);
  check_values (fixture, 2, constant, sizeof constant);
  check_values (fixture, 3, scale, sizeof scale);
  check_values (fixture, 4, wh, sizeof wh);
  check_values (fixture, 5, input_size, sizeof input_size);
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
  add ("roles", test_roles);
  add ("tensor-ids", test_tensor_ids);
  add ("output-option", test_output_option);
  add ("probe", test_probe);
  add ("wrong-size", test_wrong_size);
  add ("probe-in-vain", test_probe_in_vain);
  add ("mask", test_mask);
  add ("classes", test_classes);
  add ("input-forms", test_input_forms);
  add ("inputs", test_inputs);
  return g_test_run ();
}
