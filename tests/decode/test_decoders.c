/* test_decoders.c - each decoder against PyTorch's answers, and on bad outputs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <json-glib/json-glib.h>
#include <math.h>

#include "tsdecoder.h"
#include "tserror.h"

static const TsDecodeParams defaults = { 0.25f, 0.45f, 300 };

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
check_box (const TsBox * box, JsonArray * expected)
{
  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat_with_epsilon (box->box[i],
        json_array_get_double_element (expected, i), 1e-4);
  g_assert_cmpfloat (box->score, ==,
      (gfloat) json_array_get_double_element (expected, 4));
  g_assert_cmpint (box->class_id, ==,
      json_array_get_int_element (expected, 5));
}

static void
test_golden (gconstpointer data)
{
  JsonObject *test = (JsonObject *) data;
  JsonArray *shape = json_object_get_array_member (test, "shape");
  JsonArray *expected = json_object_get_array_member (test, "boxes");
  g_autofree gfloat *values =
      read_values (json_object_get_array_member (test, "values"));
  TsOutput output = { values, 3, {json_array_get_int_element (shape, 0),
          json_array_get_int_element (shape, 1),
          json_array_get_int_element (shape, 2)}
  };
  TsDecodeParams params = {
    (gfloat) json_object_get_double_member (test, "score_threshold"), 0.45f,
    (gint) json_object_get_int_member (test, "max_detections")
  };
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  g_autoptr (GError) error = NULL;
  const TsDecoder *decoder =
      find (json_object_get_string_member (test, "decoder"));

  decoder->decode (&output, (gint) json_object_get_int_member (test, "item"),
      &params, boxes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (boxes->len, ==, json_array_get_length (expected));
  for (guint i = 0; i < boxes->len; i++)
    check_box (&g_array_index (boxes, TsBox, i),
        json_array_get_array_element (expected, i));
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
  gboolean is_raw = g_str_equal (id, "yolov10");

  return (TsOutput) {
    data, 3, {1, is_raw ? 6 : 2, is_raw ? 2 : 6}
  };
}

/* Decodes @source with the value at @index changed; expects an error that says
 * all of the NULL-terminated @words. */
static void
expect_error (const gchar * id, const gfloat * source, guint index,
    gfloat value, const gchar * const *words)
{
  g_autofree gfloat *data = g_memdup2 (source, 12 * sizeof (gfloat));
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  g_autoptr (GError) error = NULL;
  TsOutput output = make_output (id, data);

  data[index] = value;
  g_assert_false (find (id)->decode (&output, 0, &defaults, boxes, &error));
  g_assert_error (error, TS_ERROR, TS_ERROR_OUTPUT);
  for (; *words; words++)
    g_assert_nonnull (strstr (error->message, *words));
}

#define WORDS(...) ((const gchar *const[]) { __VA_ARGS__, NULL })

static guint
count_boxes (const gchar * id, const gfloat * source, guint index, gfloat value)
{
  g_autofree gfloat *data = g_memdup2 (source, 12 * sizeof (gfloat));
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  g_autoptr (GError) error = NULL;
  TsOutput output = make_output (id, data);

  data[index] = value;
  find (id)->decode (&output, 0, &defaults, boxes, &error);
  g_assert_no_error (error);
  return boxes->len;
}

static void
test_not_finite (void)
{
  const gfloat bad[] = { NAN, INFINITY, -INFINITY };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    expect_error ("yolov10", raw, 9, bad[i], WORDS ("[0, 4, 1]", "finite"));
    expect_error ("yolov10", raw, 2, bad[i], WORDS ("[0, 1, 0]", "finite"));
    expect_error ("yolo-end2end", rows, 10, bad[i], WORDS ("[0, 1, 4]"));
    expect_error ("yolo-end2end", rows, 3, bad[i], WORDS ("[0, 0, 3]",
            "finite"));
    expect_error ("yolo-end2end", rows, 5, bad[i], WORDS ("[0, 0, 5]"));
  }
}

static void
test_score_range (void)
{
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
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  g_autoptr (GError) error = NULL;

  g_assert_false (find (id)->decode (&output, item, &defaults, boxes, &error));
  g_assert_error (error, TS_ERROR, TS_ERROR_OUTPUT);
  g_assert_nonnull (strstr (error->message, found));
  g_assert_nonnull (strstr (error->message, "[B, "));
  g_assert_nonnull (strstr (error->message, id));
}

static void
test_shape (void)
{
  const gchar *ids[] = { "yolov10", "yolo-end2end" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    expect_shape_error (ids[i], (TsOutput) { raw, 2, {2, 6}}, 0, "[2, 6]");
    expect_shape_error (ids[i], (TsOutput) { raw, 0}, 0, "[]");
    expect_shape_error (ids[i], (TsOutput) { raw, 4, {1, 1, 2, 6}}, 0,
        "[1, 1, 2, 6]");
    expect_shape_error (ids[i], (TsOutput) { raw, 3, {1, 4, 3}}, 0,
        "[1, 4, 3]");
    expect_shape_error (ids[i], make_output (ids[i], raw), 1, "[1, ");
  }
}

static void
test_find (void)
{
  const gchar *const ids[] = { "nothing", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (ts_decoder_find (ids[i], &error));
    g_assert_error (error, TS_ERROR, TS_ERROR_CONFIG);
    g_assert_nonnull (strstr (error->message, ids[i] ? "'nothing'" : "decoder"));
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
  return g_test_run ();
}
