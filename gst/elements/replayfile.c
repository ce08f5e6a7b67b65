/* replayfile.c - a file of detections, to be attached to frames again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "replayfile.h"

#include <math.h>
#include <string.h>

#include "replaycoco.h"
#include "tsfile.h"
#include "tsjson.h"

#define MAX_FRAME_SIZE 65536

static void
answer_free (gpointer data)
{
  TsReplayAnswer *answer = data;

  g_free (answer->model);
  g_free (answer->place);
  g_array_unref (answer->detections);
  g_free (answer);
}

TsReplayAnswer *
ts_replay_answer_new (const gchar * place)
{
  TsReplayAnswer *answer = g_new0 (TsReplayAnswer, 1);

  answer->place = g_strdup (place);
  answer->pts = GST_CLOCK_TIME_NONE;
  answer->detections =
      g_array_new (FALSE, TRUE, sizeof (GstTorchscriptDetection));
  return answer;
}

gboolean
ts_replay_get_box (const TsJson * json, const gchar * field, gfloat box[4],
    GError ** error)
{
  JsonNode *node;
  JsonArray *array;
  g_autofree gchar *text = NULL;

  if (!ts_json_get (json, field, TS_JSON_ARRAY | TS_JSON_REQUIRED, &node,
          error))
    return FALSE;
  array = json_node_get_array (node);
  for (guint i = 0; i < 4 && json_array_get_length (array) == 4; i++) {
    JsonNode *number = json_array_get_element (array, i);
    GType type = json_node_get_value_type (number);

    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
      break;
    box[i] = (gfloat) json_node_get_double (number);
    if (!isfinite (box[i]))
      break;
    if (i == 3)
      return TRUE;
  }
  text = ts_json_node_to_text (node);
  ts_json_error_value (json, field, text, "four numbers", error);
  return FALSE;
}

/* A number that is 0 where it is not there. */
static gboolean
get_number (const TsJson * json, const gchar * field, guint * value,
    GError ** error)
{
  gint number = 0;

  if (!ts_json_get_int (json, field, 0, G_MAXINT, &number, error))
    return FALSE;
  *value = (guint) number;
  return TRUE;
}

static gboolean
get_uint64 (const TsJson * json, const gchar * field, guint64 * value,
    GError ** error)
{
  JsonNode *node = NULL;
  gint64 number;
  g_autofree gchar *text = NULL;

  if (!ts_json_get (json, field, TS_JSON_INTEGER, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  number = json_node_get_int (node);
  if (number >= 0) {
    *value = (guint64) number;
    return TRUE;
  }
  text = ts_json_node_to_text (node);
  ts_json_error_value (json, field, text, "an integer from 0", error);
  return FALSE;
}

static gboolean
get_relation (const TsJson * json, GstTorchscriptRelation * relation,
    GError ** error)
{
  static const GstTorchscriptRelation known[] = {
    GST_TORCHSCRIPT_RELATION_CAPTION_OF, GST_TORCHSCRIPT_RELATION_FOOTNOTE_OF,
    GST_TORCHSCRIPT_RELATION_NUMBER_OF
  };
  const gchar *choices[G_N_ELEMENTS (known) + 1] = { NULL };
  gint index = -1;

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    choices[i] = gst_torchscript_relation_get_name (known[i]);
  if (!ts_json_get_choice (json, "relation", choices, &index, error))
    return FALSE;
  if (index >= 0)
    *relation = known[index];
  return TRUE;
}

static gboolean
read_detection (const TsJson * json, GstTorchscriptDetection * d,
    GError ** error)
{
  const gchar *label = NULL;
  gfloat box[4];

  d->score = NAN;
  if (!ts_json_get_int (json, "class_id", -1, G_MAXINT, &d->class_id, error)
      || !ts_json_get_string (json, "label", 0, &label, error)
      || !ts_json_get_float (json, "score", 0, 1, &d->score, error)
      || !ts_replay_get_box (json, "box", box, error)
      || !get_number (json, "id", &d->id, error)
      || !get_number (json, "parent_id", &d->parent_id, error)
      || !get_number (json, "track_id", &d->track_id, error)
      || !get_number (json, "order", &d->order, error)
      || !get_relation (json, &d->relation, error))
    return FALSE;
  d->label = g_intern_string (label);
  d->x1 = box[0];
  d->y1 = box[1];
  d->x2 = box[2];
  d->y2 = box[3];
  return TRUE;
}

gboolean
ts_replay_get_object (const TsJson * json, JsonArray * array, guint index,
    TsJson * item, GError ** error)
{
  JsonNode *node = json_array_get_element (array, index);
  g_autofree gchar *text = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node)) {
    item->object = json_node_get_object (node);
    return TRUE;
  }
  text = ts_json_node_to_text (node);
  ts_json_error_value (item, "", text, "an object", error);
  return FALSE;
}

static gboolean
read_detections (const TsJson * line, TsReplayAnswer * answer, GError ** error)
{
  JsonNode *node;
  JsonArray *array;

  if (!ts_json_get (line, "detections", TS_JSON_ARRAY | TS_JSON_REQUIRED,
          &node, error))
    return FALSE;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    g_autofree gchar *prefix = g_strdup_printf ("detections[%u].", i);
    TsJson item = { line->file, prefix, NULL };
    GstTorchscriptDetection d = { 0, };

    if (!ts_replay_get_object (line, array, i, &item, error)
        || !read_detection (&item, &d, error))
      return FALSE;
    g_array_append_val (answer->detections, d);
  }
  return TRUE;
}

/* A page is counted from 1; older files have the answer's number only. */
static gboolean
read_line (const TsJson * line, TsReplayAnswer * answer, GError ** error)
{
  const gchar *model = "replay";
  gint width = 0, height = 0;
  guint64 page = 0;

  if (!get_uint64 (line, "result", &answer->result, error)
      || !get_uint64 (line, "page", &page, error)
      || !get_uint64 (line, "pts", &answer->pts, error)
      || !ts_json_get_string (line, "model", 0, &model, error)
      || !ts_json_get_int (line, "width", 1, MAX_FRAME_SIZE, &width, error)
      || !ts_json_get_int (line, "height", 1, MAX_FRAME_SIZE, &height, error)
      || !read_detections (line, answer, error))
    return FALSE;
  answer->model = g_strdup (model);
  answer->frame = page > 0 ? page - 1 : answer->result;
  answer->width = (guint) width;
  answer->height = (guint) height;
  return TRUE;
}

static gboolean
is_other_answer (JsonObject * object)
{
  return json_object_has_member (object, "classes")
      || json_object_has_member (object, "mask");
}

static gboolean
add_line (GPtrArray * answers, const gchar * place, const gchar * text,
    gsize size, guint * n_skipped, GError ** error)
{
  g_autoptr (JsonObject) object = ts_json_parse (place, text, size, error);
  const TsJson line = { place, "", object };
  TsReplayAnswer *answer;

  if (object == NULL)
    return FALSE;
  if (is_other_answer (object)) {
    (*n_skipped)++;
    return TRUE;
  }
  answer = ts_replay_answer_new (place);
  g_ptr_array_add (answers, answer);
  return read_line (&line, answer, error);
}

static gboolean
is_blank (const gchar * text, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isspace (text[i]))
      return FALSE;
  return TRUE;
}

static gboolean
read_lines (GPtrArray * answers, const gchar * path, const gchar * text,
    gsize size, guint * n_skipped, GError ** error)
{
  const gchar *end = text + size, *next;
  guint number = 1;

  for (const gchar * start = text; start < end; start = next + 1, number++) {
    g_autofree gchar *place = g_strdup_printf ("%s:%u", path, number);

    next = memchr (start, '\n', end - start);
    if (next == NULL)
      next = end;
    if (!is_blank (start, next - start)
        && !add_line (answers, place, start, next - start, n_skipped, error))
      return FALSE;
  }
  return TRUE;
}

/* JSON Lines begin with a whole object, which is no COCO data set. */
static gboolean
is_coco (const gchar * text)
{
  const gchar *end = strchr (text, '\n');
  gsize size = end != NULL ? (gsize) (end - text) : strlen (text);
  g_autoptr (JsonObject) first = NULL;

  if (text[strspn (text, " \t\r\n")] == '[')
    return TRUE;
  first = ts_json_parse ("", text, size, NULL);
  return first != NULL ? json_object_has_member (first, "annotations") :
      strstr (text, "\"annotations\"") != NULL;
}

GPtrArray *
ts_replay_file_read (const gchar * path, guint * n_skipped, GError ** error)
{
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func (answer_free);
  g_autofree gchar *text = NULL;
  gboolean ok;
  gsize size;

  *n_skipped = 0;
  text = ts_file_read_text (path, "file of detections", &size, error);
  if (text == NULL)
    return NULL;
  ok = is_coco (text) ? ts_replay_coco_read (answers, path, text, size, error) :
      read_lines (answers, path, text, size, n_skipped, error);
  return ok ? g_steal_pointer (&answers) : NULL;
}
