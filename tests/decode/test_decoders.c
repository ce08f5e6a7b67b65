/* test_decoders.c - each decoder against PyTorch's answers, and on bad outputs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <json-glib/json-glib.h>
#include <math.h>

#include "tsdecoder.h"
#include "tserror.h"

static const TsDecodeParams defaults = { 0.25f, 0.45f, 300, 100, 100 };

static const TsDecoder *
find (const gchar * id)
{
  g_autoptr (GError) error = NULL;
  const TsDecoder *decoder = ts_decoder_find (id, &error);

  g_assert_no_error (error);
  return decoder;
}

static gfloat *
read_values (JsonArray * array)
{
  guint n = json_array_get_length (array);
  gfloat *values = g_new (gfloat, n + 1);

  for (guint i = 0; i < n; i++)
    values[i] = (gfloat) json_array_get_double_element (array, i);
  return values;
}

static void
check_score (gfloat score, JsonArray * expected, guint index, gdouble epsilon)
{
  gfloat wanted = (gfloat) json_array_get_double_element (expected, index);

  g_assert_cmpfloat (fabsf (score - wanted), <=, epsilon);
}

static void
check_boxes (GArray * boxes, JsonArray * expected, gdouble epsilon)
{
  g_assert_cmpuint (boxes->len, ==, json_array_get_length (expected));
  for (guint i = 0; i < boxes->len; i++) {
    TsBox *box = &g_array_index (boxes, TsBox, i);
    JsonArray *row = json_array_get_array_element (expected, i);

    for (guint c = 0; c < 4; c++)
      g_assert_cmpfloat_with_epsilon (box->box[c],
          json_array_get_double_element (row, c), 1e-4);
    check_score (box->score, row, 4, epsilon);
    g_assert_cmpint (box->class_id, ==, json_array_get_int_element (row, 5));
  }
}

static void
check_classes (GArray * classes, JsonArray * expected, gdouble epsilon)
{
  g_assert_cmpuint (classes->len, ==, json_array_get_length (expected));
  for (guint i = 0; i < classes->len; i++) {
    TsClass *found = &g_array_index (classes, TsClass, i);
    JsonArray *row = json_array_get_array_element (expected, i);

    check_score (found->score, row, 0, epsilon);
    g_assert_cmpint (found->class_id, ==, json_array_get_int_element (row, 1));
  }
}

/* Rows of class numbers. */
static void
check_mask (const TsMask * mask, JsonArray * expected)
{
  g_assert_cmpint (mask->height, ==, json_array_get_length (expected));
  for (gint y = 0; y < mask->height; y++) {
    JsonArray *row = json_array_get_array_element (expected, y);

    g_assert_cmpint (mask->width, ==, json_array_get_length (row));
    for (gint x = 0; x < mask->width; x++)
      g_assert_cmpint (mask->classes[y * mask->width + x], ==,
          json_array_get_int_element (row, x));
  }
}

static TsOutput
read_output (JsonObject * object)
{
  JsonArray *shape = json_object_get_array_member (object, "shape");
  TsOutput output = {
    read_values (json_object_get_array_member (object, "values")),
    (gint) json_array_get_length (shape)
  };

  for (gint i = 0; i < output.n_dims; i++)
    output.shape[i] = json_array_get_int_element (shape, i);
  return output;
}

static TsDecodeParams
read_params (JsonObject * test)
{
  return (TsDecodeParams) {
    .score_threshold = (gfloat) json_object_get_double_member (test,
        "score_threshold"),.iou_threshold =
        (gfloat) json_object_get_double_member (test,
        "iou_threshold"),.max_detections =
        (gint) json_object_get_int_member (test,
        "max_detections"),.input_width = 640,.input_height = 480,.first_class =
        (gint) json_object_get_int_member (test, "first_class"),.activation =
        (TsActivation) json_object_get_int_member (test, "activation")
  };
}

static void
test_golden (gconstpointer data)
{
  JsonObject *test = (JsonObject *) data;
  JsonArray *list = json_object_get_array_member (test, "outputs");
  gdouble epsilon = json_object_get_double_member (test, "score_epsilon");
  TsDecodeParams params = read_params (test);
  TsOutput outputs[TS_DECODE_MAX_ROLES] = { {NULL} };
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;

  ts_result_init (&result);
  for (guint i = 0; i < json_array_get_length (list); i++)
    outputs[i] = read_output (json_array_get_object_element (list, i));
  find (json_object_get_string_member (test, "decoder"))->decode (outputs,
      (gint) json_object_get_int_member (test, "item"), &params, &result,
      &error);
  g_assert_no_error (error);
  check_boxes (result.boxes, json_object_get_array_member (test, "boxes"),
      epsilon);
  check_classes (result.classes, json_object_get_array_member (test,
          "classes"), epsilon);
  check_mask (&result.mask, json_object_get_array_member (test, "mask"));
  for (guint i = 0; i < TS_DECODE_MAX_ROLES; i++)
    g_free ((gpointer) outputs[i].data);
}

static void
add_golden_tests (JsonArray * cases)
{
  for (guint i = 0; i < json_array_get_length (cases); i++) {
    JsonObject *test = json_array_get_object_element (cases, i);
    g_autofree gchar *path = g_strdup_printf ("/decode/golden/%s/%s",
        json_object_get_string_member (test, "decoder"),
        json_object_get_string_member (test, "name"));

    g_test_add_data_func (path, test, test_golden);
  }
}

/* Two anchors, two classes: cx, cy, w, h, score 0, score 1. */
static gfloat raw[12] = {
  10, 30, 10, 30, 4, 8, 4, 8, .9f, .1f, .2f, .8f
};

static gfloat rows[12] = {
  1, 2, 3, 4, .5f, 7,
  5, 6, 7, 8, .9f, 2
};

static TsOutput
make_output (const gchar * id, const gfloat * data)
{
  gboolean is_raw = g_str_equal (id, "yolov10") || g_str_equal (id, "yolov8");

  return (TsOutput) {
    data, 3, {
    1, is_raw ? 6 : 2, is_raw ? 2 : 6}
  };
}

/* Decodes @source with the value at @index changed. */
static gboolean
decode_changed (const gchar * id, const gfloat * source, guint index,
    gfloat value, TsResult * result, GError ** error)
{
  g_autofree gfloat *data = g_memdup2 (source, 12 * sizeof (gfloat));
  TsOutput output = make_output (id, data);

  ts_result_init (result);
  data[index] = value;
  return find (id)->decode (&output, 0, &defaults, result, error);
}

/* Expects an error that says all of the NULL-terminated @words. */
static void
expect_error (const gchar * id, const gfloat * source, guint index,
    gfloat value, const gchar * const *words)
{
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;

  g_assert_false (decode_changed (id, source, index, value, &result, &error));
  g_assert_error (error, TS_ERROR, TS_ERROR_OUTPUT);
  for (; *words; words++)
    if (!strstr (error->message, *words))
      g_error ("no '%s' in: %s", *words, error->message);
}

#define WORDS(...) ((const gchar *const[]) { __VA_ARGS__, NULL })

static guint
count_boxes (const gchar * id, const gfloat * source, guint index, gfloat value)
{
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;

  decode_changed (id, source, index, value, &result, &error);
  g_assert_no_error (error);
  return result.boxes->len;
}

static void
test_not_finite (void)
{
  const gfloat bad[] = { NAN, INFINITY, -INFINITY };

  /* Finite, but the corners would not be. */
  expect_error ("yolov10", raw, 2, 3e38f, WORDS ("[0, 1, 0]", "1e+09"));
  expect_error ("yolov8", raw, 2, -3e38f, WORDS ("[0, 1, 0]", "1e+09"));
  expect_error ("yolo-end2end", rows, 3, 3e38f, WORDS ("[0, 0, 3]", "1e+09"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    expect_error ("yolov10", raw, 9, bad[i], WORDS ("[0, 4, 1]", "finite"));
    expect_error ("yolov10", raw, 2, bad[i], WORDS ("[0, 1, 0]", "finite"));
    expect_error ("yolov8", raw, 9, bad[i], WORDS ("[0, 4, 1]", "finite"));
    expect_error ("yolov8", raw, 2, bad[i], WORDS ("[0, 1, 0]", "finite"));
    expect_error ("yolo-end2end", rows, 10, bad[i], WORDS ("[0, 1, 4]"));
    expect_error ("yolo-end2end", rows, 3, bad[i], WORDS ("[0, 0, 3]",
            "finite"));
    expect_error ("yolo-end2end", rows, 5, bad[i], WORDS ("[0, 0, 5]"));
  }
}

static void
test_score_range (void)
{
  expect_error ("yolov8", raw, 8, 1.5f, WORDS ("1.5", "[0, 4, 0]"));
  expect_error ("yolov10", raw, 8, 1.5f, WORDS ("1.5", "[0, 4, 0]", "sigmoid"));
  expect_error ("yolo-end2end", rows, 4, -2.f, WORDS ("-2", "[0, 0, 4]"));
}

static void
test_class_number (void)
{
  expect_error ("yolo-end2end", rows, 5, 1.5f, WORDS ("1.5", "whole number"));
  expect_error ("yolo-end2end", rows, 5, -1.f, WORDS ("-1", "65535"));
  expect_error ("yolo-end2end", rows, 5, 65536.f, WORDS ("65536", "65535"));
  g_assert_cmpuint (count_boxes ("yolo-end2end", rows, 5, 65535.f), ==, 2);
}

static void
test_inverted_box (void)
{
  g_assert_cmpuint (count_boxes ("yolov10", raw, 4, -4.f), ==, 1);
  g_assert_cmpuint (count_boxes ("yolov8", raw, 4, -4.f), ==, 1);
  g_assert_cmpuint (count_boxes ("yolov10", raw, 4, 0.f), ==, 2);
  g_assert_cmpuint (count_boxes ("yolo-end2end", rows, 2, 0.f), ==, 1);
  g_assert_cmpuint (count_boxes ("yolo-end2end", rows, 3, 0.f), ==, 1);
  g_assert_cmpuint (count_boxes ("yolo-end2end", rows, 3, 2.f), ==, 2);
}

/* What is dropped anyway may hold anything. */
static void
test_below_threshold (void)
{
  g_autofree gfloat *data = g_memdup2 (raw, sizeof raw);

  data[8] = .1f;
  g_assert_cmpuint (count_boxes ("yolov10", data, 0, NAN), ==, 1);
  g_free (data);
  data = g_memdup2 (rows, sizeof rows);
  data[4] = .25f;
  g_assert_cmpuint (count_boxes ("yolo-end2end", data, 5, NAN), ==, 1);
}

static void
expect_shape_error (const gchar * id, TsOutput output, gint item,
    const gchar * found)
{
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;

  ts_result_init (&result);
  g_assert_false (find (id)->decode (&output, item, &defaults, &result,
          &error));
  g_assert_error (error, TS_ERROR, TS_ERROR_OUTPUT);
  g_assert_nonnull (strstr (error->message, found));
  g_assert_nonnull (strstr (error->message, "[B, "));
  g_assert_nonnull (strstr (error->message, id));
}

static void
test_shape (void)
{
  const gchar *ids[] = { "yolov10", "yolo-end2end", "yolov8", "yolov5" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    expect_shape_error (ids[i], (TsOutput) {
          raw, 2, {
          2, 6}
        }
        , 0, "[2, 6]");
    expect_shape_error (ids[i], (TsOutput) {
        raw, 0}
        , 0, "[]");
    expect_shape_error (ids[i], (TsOutput) {
          raw, 4, {
          1, 1, 2, 6}
        }
        , 0, "[1, 1, 2, 6]");
    expect_shape_error (ids[i], (TsOutput) {
          raw, 3, {
          1, 4, 3}
        }
        , 0, "[1, 4, 3]");
    expect_shape_error (ids[i], make_output (ids[i], raw), 1, "[1, ");
  }
  expect_shape_error ("classification", (TsOutput) {
        raw, 1, {
        6}
      }
      , 0, "[6]");
  expect_shape_error ("classification", (TsOutput) {
        raw, 2, {
        1, 0}
      }
      , 0, "[1, 0]");
  expect_shape_error ("segmentation", (TsOutput) {
        raw, 4, {
        1, 1, 2, 3}
      }
      , 0, "[1, 1, 2, 3]");
  expect_shape_error ("segmentation", (TsOutput) {
        raw, 2, {
        2, 3}
      }
      , 0, "[2, 3]");
}

/* Answers of several outputs, each changed in one place. */
typedef struct
{
  const gchar *id;
  gfloat values[4][8];
  TsOutput outputs[4];
} Roles;

static const Roles ssd = {
  "ssd", {{.1f, .2f, .5f, .6f, .2f, .2f, .4f, .4f}, {.9f, .8f}, {3, 1}, {2}},
  {{NULL, 3, {1, 2, 4}, "boxes"}, {NULL, 2, {1, 2}, "scores"},
      {NULL, 2, {1, 2}, "classes"}, {NULL, 1, {1}, "count"}}
};

static const Roles torchvision = {
  "torchvision", {{1, 2, 5, 6, 2, 2, 4, 4}, {.9f, .8f}, {3, 1}},
  {{NULL, 2, {2, 4}, "boxes"}, {NULL, 1, {2}, "scores"},
      {NULL, 1, {2}, "labels"}}
};

static const Roles detr = {
  "detr", {{0, 5, 0, 5, 0, 0}, {.5f, .5f, .2f, .2f, .3f, .3f, .1f, .1f}},
  {{NULL, 3, {1, 2, 3}, "logits"}, {NULL, 3, {1, 2, 4}, "pred_boxes"}}
};

static gboolean
decode_roles (Roles test, TsResult * result, GError ** error)
{
  ts_result_init (result);
  for (guint i = 0; i < 4; i++)
    test.outputs[i].data = test.values[i];
  return find (test.id)->decode (test.outputs, 0, &defaults, result, error);
}

static guint
count_role_boxes (Roles test, guint role, guint index, gfloat value)
{
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;

  test.values[role][index] = value;
  decode_roles (test, &result, &error);
  g_assert_no_error (error);
  return result.boxes->len;
}

static void
expect_role_error (Roles test, guint role, guint index, gfloat value,
    const gchar * const *words)
{
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;

  test.values[role][index] = value;
  g_assert_false (decode_roles (test, &result, &error));
  g_assert_error (error, TS_ERROR, TS_ERROR_OUTPUT);
  for (; *words; words++)
    if (!strstr (error->message, *words))
      g_error ("no '%s' in: %s", *words, error->message);
}

static void
expect_role_shape_error (Roles test, guint role, gint n_dims, gint64 last)
{
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;

  test.outputs[role].n_dims = n_dims;
  test.outputs[role].shape[n_dims - 1] = last;
  g_assert_false (decode_roles (test, &result, &error));
  g_assert_error (error, TS_ERROR, TS_ERROR_OUTPUT);
  g_assert_nonnull (strstr (error->message, test.outputs[role].role));
  g_assert_nonnull (strstr (error->message, "shape"));
}

static void
test_ssd (void)
{
  g_assert_cmpuint (count_role_boxes (ssd, 0, 0, .1f), ==, 2);
  g_assert_cmpuint (count_role_boxes (ssd, 3, 0, 0.f), ==, 0);
  g_assert_cmpuint (count_role_boxes (ssd, 0, 0, .7f), ==, 1);
  expect_role_error (ssd, 0, 5, NAN, WORDS ("'boxes'", "[0, 1, 1]", "finite"));
  expect_role_error (ssd, 0, 5, 1e36f, WORDS ("'boxes'", "[0, 1, 1]", "1e+09"));
  expect_role_error (ssd, 1, 1, INFINITY, WORDS ("'scores'", "[0, 1]"));
  expect_role_error (ssd, 2, 0, -1.f, WORDS ("'classes'", "[0, 0]", "65535"));
  expect_role_error (ssd, 2, 0, 70000.f, WORDS ("'classes'", "70000"));
  expect_role_error (ssd, 3, 0, 3.f, WORDS ("'count'", "[0]", "0 to 2"));
  expect_role_error (ssd, 3, 0, NAN, WORDS ("'count'", "nan"));
  expect_role_shape_error (ssd, 0, 3, 5);
  expect_role_shape_error (ssd, 1, 2, 3);
  expect_role_shape_error (ssd, 2, 1, 2);
  expect_role_shape_error (ssd, 3, 2, 1);
}

static void
test_torchvision (void)
{
  g_assert_cmpuint (count_role_boxes (torchvision, 0, 0, 1.f), ==, 2);
  g_assert_cmpuint (count_role_boxes (torchvision, 0, 2, 0.f), ==, 1);
  expect_role_error (torchvision, 0, 7, NAN, WORDS ("'boxes'", "[1, 3]"));
  expect_role_error (torchvision, 0, 7, 3e38f, WORDS ("'boxes'", "1e+09"));
  expect_role_error (torchvision, 1, 0, NAN, WORDS ("'scores'", "[0]"));
  expect_role_error (torchvision, 2, 1, .5f, WORDS ("'labels'", "whole"));
  expect_role_shape_error (torchvision, 0, 2, 3);
  expect_role_shape_error (torchvision, 1, 1, 3);
  expect_role_shape_error (torchvision, 2, 2, 4);
}

static void
test_detr (void)
{
  g_assert_cmpuint (count_role_boxes (detr, 0, 0, 0.f), ==, 2);
  g_assert_cmpuint (count_role_boxes (detr, 0, 2, 9.f), ==, 1);
  g_assert_cmpuint (count_role_boxes (detr, 1, 2, -.2f), ==, 1);
  expect_role_error (detr, 0, 5, NAN, WORDS ("'logits'", "[0, 1, 2]"));
  expect_role_error (detr, 1, 0, INFINITY, WORDS ("'pred_boxes'", "[0, 0, 0]"));
  expect_role_error (detr, 1, 0, 1e36f, WORDS ("'pred_boxes'", "1e+09"));
  expect_role_shape_error (detr, 0, 3, 1);
  expect_role_shape_error (detr, 1, 3, 3);
}

static gfloat objects[12] = {
  10, 10, 4, 4, .9f, .8f, 30, 30, 8, 8, .8f, .9f
};

static void
test_objectness (void)
{
  g_assert_cmpuint (count_boxes ("yolov5", objects, 0, 10.f), ==, 2);
  g_assert_cmpuint (count_boxes ("yolov5", objects, 4, .3f), ==, 1);
  g_assert_cmpuint (count_boxes ("yolov5", objects, 2, -1.f), ==, 1);
  expect_error ("yolov5", objects, 4, NAN, WORDS ("[0, 0, 4]", "0 to 1"));
  expect_error ("yolov5", objects, 11, 7.f, WORDS ("[0, 1, 5]", "7"));
  expect_error ("yolov5", objects, 6, 3e38f, WORDS ("[0, 1, 0]", "1e+09"));
  expect_error ("yolov5", objects, 6, INFINITY, WORDS ("[0, 1, 0]", "inf"));
}

/* All values of an output of another shape, one of them bad. */
static void
expect_output_error (const gchar * id, TsOutput output, TsActivation activation,
    const gchar * const *words)
{
  TsDecodeParams params = defaults;
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;

  ts_result_init (&result);
  params.activation = activation;
  g_assert_false (find (id)->decode (&output, 0, &params, &result, &error));
  g_assert_error (error, TS_ERROR, TS_ERROR_OUTPUT);
  for (; *words; words++)
    if (!strstr (error->message, *words))
      g_error ("no '%s' in: %s", *words, error->message);
}

static void
test_bad_classes (void)
{
  const gfloat nan[4] = { 1, NAN, 2, 3 }, high[4] = { .5f, 1.5f, 0, 0 };
  const gfloat half[4] = { 0, 1, .5f, 2 }, low[4] = { 0, 1, -1, 2 };

  expect_output_error ("classification", (TsOutput) {
        nan, 2, {
      1, 4}}, TS_ACTIVATION_SOFTMAX, WORDS ("nan", "[0, 1]"));
  expect_output_error ("classification", (TsOutput) {
        nan, 2, {
      1, 4}}, TS_ACTIVATION_SIGMOID, WORDS ("nan", "[0, 1]"));
  expect_output_error ("classification", (TsOutput) {
        high, 2, {
      1, 4}}, TS_ACTIVATION_NONE, WORDS ("1.5", "0 to 1"));
  expect_output_error ("segmentation", (TsOutput) {
        nan, 4, {
      1, 2, 1, 2}}, 0, WORDS ("nan", "[0, 0, 0, 1]"));
  expect_output_error ("segmentation", (TsOutput) {
        nan, 4, {
      1, 1, 2, 2}}, TS_ACTIVATION_SIGMOID, WORDS ("nan", "[0, 0, 0, 1]"));
  expect_output_error ("segmentation", (TsOutput) {
        high, 4, {
      1, 1, 2, 2}}, TS_ACTIVATION_NONE, WORDS ("1.5", "0 to 1"));
  expect_output_error ("segmentation", (TsOutput) {
        half, 4, {
      1, 1, 2, 2}}, TS_ACTIVATION_SOFTMAX, WORDS ("\"activation\""));
  expect_output_error ("segmentation", (TsOutput) {
        half, 3, {
      1, 2, 2}}, 0, WORDS ("0.5", "[0, 1, 0]", "class number"));
  expect_output_error ("segmentation", (TsOutput) {
        low, 3, {
      1, 2, 2}}, 0, WORDS ("-1", "[0, 1, 0]"));
}

static void
test_find (void)
{
  const gchar *const ids[] = { "nothing", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (ts_decoder_find (ids[i], &error));
    g_assert_error (error, TS_ERROR, TS_ERROR_CONFIG);
    g_assert_nonnull (strstr (error->message,
            ids[i] ? "'nothing'" : "decoder"));
    for (guint d = 0; ts_decoder_list ()[d]; d++)
      g_assert_nonnull (strstr (error->message, ts_decoder_list ()[d]->id));
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *golden = NULL;

  g_test_init (&argc, &argv, NULL);
  golden = g_test_build_filename (G_TEST_DIST, "golden.json", NULL);
  json_parser_load_from_file (parser, golden, &error);
  g_assert_no_error (error);
  add_golden_tests (json_node_get_array (json_parser_get_root (parser)));
  g_test_add_func ("/decode/not-finite", test_not_finite);
  g_test_add_func ("/decode/score-range", test_score_range);
  g_test_add_func ("/decode/class-number", test_class_number);
  g_test_add_func ("/decode/inverted-box", test_inverted_box);
  g_test_add_func ("/decode/below-threshold", test_below_threshold);
  g_test_add_func ("/decode/shape", test_shape);
  g_test_add_func ("/decode/find", test_find);
  g_test_add_func ("/decode/ssd", test_ssd);
  g_test_add_func ("/decode/torchvision", test_torchvision);
  g_test_add_func ("/decode/detr", test_detr);
  g_test_add_func ("/decode/objectness", test_objectness);
  g_test_add_func ("/decode/bad-classes", test_bad_classes);
  return g_test_run ();
}
