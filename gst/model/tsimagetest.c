/* tsimagetest.c - a self-test with a picture and its detections
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsimagetest.h"

#include <math.h>

#include "tserror.h"
#include "tsjson.h"
#include "tsppm.h"

#define INPUT "selftest/input.ppm"
#define EXPECTED "selftest/expected.json"

gboolean
ts_image_test_is_there (const TsModelSpec * spec)
{
  g_autofree gchar *input = spec->package ?
      g_build_filename (spec->package, INPUT, NULL) : NULL;

  return input && g_file_test (input, G_FILE_TEST_EXISTS);
}

gboolean
ts_image_test_open_picture (const TsModelSpec * spec, TsPpm * picture)
{
  g_autofree gchar *input = spec->package ?
      g_build_filename (spec->package, INPUT, NULL) : NULL;

  return input && ts_ppm_open (picture, input, NULL);
}

static gboolean
read_corners (const TsJson * json, gfloat box[4], GError ** error)
{
  g_autofree gchar *found = NULL;
  gboolean good = TRUE;
  JsonArray *array;
  JsonNode *node;

  if (!ts_json_get (json, "box", TS_JSON_ARRAY | TS_JSON_REQUIRED, &node,
          error))
    return FALSE;
  array = json_node_get_array (node);
  good = json_array_get_length (array) == 4;
  for (guint i = 0; good && i < 4; i++) {
    JsonNode *number = json_array_get_element (array, i);

    good = JSON_NODE_HOLDS_VALUE (number)
        && json_node_get_value_type (number) != G_TYPE_STRING;
    box[i] = good ? (gfloat) json_node_get_double (number) : 0.f;
  }
  if (good)
    return TRUE;
  found = ts_json_node_to_text (node);
  ts_json_error_value (json, "box", found, "[x1, y1, x2, y2]", error);
  return FALSE;
}

static gboolean
read_detection (const gchar * path, JsonNode * node, TsBox * box,
    GError ** error)
{
  TsJson json = { path, "detections.", NULL };
  JsonNode *unused;

  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: \"detections\" holds what is no object; expected {\"box\", "
        "\"score\", \"class_id\"} only", path);
    return FALSE;
  }
  json.object = json_node_get_object (node);
  return read_corners (&json, box->box, error)
      && ts_json_get (&json, "score", TS_JSON_NUMBER | TS_JSON_REQUIRED,
      &unused, error)
      && ts_json_get_float (&json, "score", 0.f, 1.f, &box->score, error)
      && ts_json_get (&json, "class_id", TS_JSON_INTEGER | TS_JSON_REQUIRED,
      &unused, error)
      && ts_json_get_int (&json, "class_id", 0, G_MAXINT, &box->class_id,
      error);
}

static GArray *
read_expected (const gchar * path, GError ** error)
{
  g_autoptr (JsonObject) object = ts_json_read (path, error);
  g_autoptr (GArray) boxes = g_array_new (FALSE, TRUE, sizeof (TsBox));
  TsJson json = { path, "", object };
  JsonArray *array;
  JsonNode *node;

  if (!object || !ts_json_get (&json, "detections",
          TS_JSON_ARRAY | TS_JSON_REQUIRED, &node, error))
    return NULL;
  array = json_node_get_array (node);
  g_array_set_size (boxes, json_array_get_length (array));
  for (guint i = 0; i < boxes->len; i++)
    if (!read_detection (path, json_array_get_element (array, i),
            &g_array_index (boxes, TsBox, i), error))
      return NULL;
  return g_steal_pointer (&boxes);
}

static GArray *
detect (TsDetector * detector, const gchar * path, GError ** error)
{
  const TsThresholds thresholds = { -1.f, -1.f, 0 };
  g_auto (TsPpm) picture = { NULL };
  g_auto (TsResult) result = { NULL };

  ts_result_init (&result);
  if (!ts_ppm_open (&picture, path, error)
      || !ts_detector_run (detector, &picture.image, &thresholds, &result,
          error))
    return NULL;
  return g_array_ref (result.boxes);
}

static gboolean
agree (const TsBox * a, const TsBox * b)
{
  gboolean same = a->class_id == b->class_id
      && fabs ((gdouble) a->score - b->score) <= TS_SELF_TEST_SCORE;

  for (gint i = 0; i < 4; i++)
    same = same
        && fabs ((gdouble) a->box[i] - b->box[i]) <= TS_SELF_TEST_BOX_PX;
  return same;
}

/* The first of @boxes that has no partner of its own among @others, or NULL. */
static const TsBox *
find_single (GArray * boxes, GArray * others, gdouble threshold)
{
  g_autofree gboolean *taken = g_new0 (gboolean, others->len + 1);

  for (guint i = 0; i < boxes->len; i++) {
    const TsBox *box = &g_array_index (boxes, TsBox, i);
    guint k = 0;

    while (k < others->len && (taken[k]
            || !agree (box, &g_array_index (others, TsBox, k))))
      k++;
    taken[k] = TRUE;
    if (k == others->len && box->score > threshold + TS_SELF_TEST_SCORE)
      return box;
  }
  return NULL;
}

static gboolean
compare (const gchar * path, GArray * expected, GArray * found,
    gdouble threshold, GError ** error)
{
  const TsBox *missing = find_single (expected, found, threshold);
  const TsBox *extra = find_single (found, expected, threshold);
  const TsBox *box = missing ? missing : extra;

  if (!box)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "%s: the model answers differently: %u detections, expected %u; %s is the "
      "one of class %d with the score %.3f at %.1f, %.1f, %.1f, %.1f (within %g "
      "px and a score of %g)" TS_SELF_TEST_ADVICE, path, found->len,
      expected->len, missing ? "missing" : "not expected", box->class_id,
      (gdouble) box->score, (gdouble) box->box[0], (gdouble) box->box[1],
      (gdouble) box->box[2], (gdouble) box->box[3], TS_SELF_TEST_BOX_PX,
      TS_SELF_TEST_SCORE);
  return FALSE;
}

static gboolean
check_kind (const TsDetector * detector, const gchar * path, GError ** error)
{
  if (ts_detector_get_kind (detector) == TS_RESULT_BOXES)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: is a self-test of detections, but the model's decoder gives no boxes; "
      "use selftest/input.npy and selftest/expected.npy", path);
  return FALSE;
}

gboolean
ts_image_test_run (const TsModelSpec * spec, TsDetector * detector,
    GError ** error)
{
  g_autofree gchar *input = g_build_filename (spec->package, INPUT, NULL);
  g_autofree gchar *path = g_build_filename (spec->package, EXPECTED, NULL);
  g_autoptr (GArray) expected = NULL;
  g_autoptr (GArray) found = NULL;

  if (!check_kind (detector, input, error))
    return FALSE;
  expected = read_expected (path, error);
  found = expected ? detect (detector, input, error) : NULL;
  return found && compare (path, expected, found,
      ts_detector_get_score_threshold (detector), error);
}
