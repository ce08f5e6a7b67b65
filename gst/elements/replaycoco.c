/* replaycoco.c - COCO's results and data sets as answers to frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * https://cocodataset.org/#format-data.  The images of a data set are the frames,
 * in its order; in results, which have none, an image's id is the number of the
 * page, from 1, as detectionjson writes it.
 */
#include "replaycoco.h"

#include <string.h>

#define MAX_FRAME_SIZE 65536

typedef struct
{
  GPtrArray *answers;
  GHashTable *images;           /* id to answer */
  GHashTable *names;            /* category to label */
  gboolean is_dataset;
} Coco;

typedef gboolean (*AddItem) (Coco * self, const TsJson * item, GError ** error);

static gboolean
get_id (const TsJson * json, const gchar * field, gint * id, GError ** error)
{
  JsonNode *node;

  return ts_json_get (json, field, TS_JSON_INTEGER | TS_JSON_REQUIRED, &node,
      error) && ts_json_get_int (json, field, 0, G_MAXINT, id, error);
}

static TsReplayAnswer *
add_answer (Coco * self, const gchar * place, gint id, guint64 frame)
{
  TsReplayAnswer *answer = ts_replay_answer_new (place);

  answer->model = g_strdup ("coco");
  answer->frame = answer->result = frame;
  g_ptr_array_add (self->answers, answer);
  g_hash_table_insert (self->images, GINT_TO_POINTER (id), answer);
  return answer;
}

static gboolean
add_image (Coco * self, const TsJson * image, GError ** error)
{
  TsReplayAnswer *answer;
  gint id, width = 0, height = 0;

  if (!get_id (image, "id", &id, error)
      || !ts_json_get_int (image, "width", 1, MAX_FRAME_SIZE, &width, error)
      || !ts_json_get_int (image, "height", 1, MAX_FRAME_SIZE, &height, error))
    return FALSE;
  answer = add_answer (self, image->file, id, self->answers->len);
  answer->width = (guint) width;
  answer->height = (guint) height;
  return TRUE;
}

static gboolean
add_category (Coco * self, const TsJson * category, GError ** error)
{
  const gchar *name;
  gint id;

  if (!get_id (category, "id", &id, error)
      || !ts_json_get_string (category, "name", TS_JSON_REQUIRED, &name, error))
    return FALSE;
  g_hash_table_insert (self->names, GINT_TO_POINTER (id),
      (gpointer) g_intern_string (name));
  return TRUE;
}

static TsReplayAnswer *
find_image (Coco * self, const TsJson * annotation, gint id, GError ** error)
{
  TsReplayAnswer *answer = g_hash_table_lookup (self->images,
      GINT_TO_POINTER (id));
  g_autofree gchar *found = g_strdup_printf ("%d", id);

  if (answer != NULL)
    return answer;
  if (!self->is_dataset && id > 0)
    return add_answer (self, annotation->file, id, id - 1);
  ts_json_error_value (annotation, "image_id", found, self->is_dataset ?
      "the id of one of the images" : "the number of a page, from 1", error);
  return NULL;
}

/* An annotation by hand has no score. */
static gboolean
add_annotation (Coco * self, const TsJson * annotation, GError ** error)
{
  GstTorchscriptDetection d = {.score = 1 };
  TsReplayAnswer *answer;
  gfloat box[4];
  gint image;

  if (!get_id (annotation, "image_id", &image, error)
      || !get_id (annotation, "category_id", &d.class_id, error)
      || !ts_json_get_float (annotation, "score", 0, 1, &d.score, error)
      || !ts_replay_get_box (annotation, "bbox", box, error))
    return FALSE;
  answer = find_image (self, annotation, image, error);
  if (answer == NULL)
    return FALSE;
  d.x1 = box[0];
  d.y1 = box[1];
  d.x2 = box[0] + box[2];
  d.y2 = box[1] + box[3];
  d.label = g_hash_table_lookup (self->names, GINT_TO_POINTER (d.class_id));
  g_array_append_val (answer->detections, d);
  return TRUE;
}

static gboolean
add_all (Coco * self, const TsJson * root, const gchar * field, AddItem add,
    GError ** error)
{
  JsonNode *node = NULL;
  JsonArray *array;

  if (!ts_json_get (root, field, TS_JSON_ARRAY, &node, error))
    return FALSE;
  array = node != NULL ? json_node_get_array (node) : NULL;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    g_autofree gchar *prefix = g_strdup_printf ("%s[%u].", field, i);
    TsJson item = { root->file, prefix, NULL };

    if (!ts_replay_get_object (root, array, i, &item, error)
        || !add (self, &item, error))
      return FALSE;
  }
  return TRUE;
}

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  gfloat first = ((const GstTorchscriptDetection *) a)->score;
  gfloat second = ((const GstTorchscriptDetection *) b)->score;

  return first > second ? -1 : first < second;
}

gboolean
ts_replay_coco_read (GPtrArray * answers, const gchar * path,
    const gchar * text, gsize size, GError ** error)
{
  g_autoptr (GHashTable) images = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) names = g_hash_table_new (NULL, NULL);
  gboolean is_array = text[strspn (text, " \t\r\n")] == '[';
  /* The parser takes objects; the lines it counts stay the file's. */
  g_autofree gchar *object = is_array ?
      g_strdup_printf ("{\"annotations\":%s}", text) : g_strndup (text, size);
  g_autoptr (JsonObject) parsed = ts_json_parse (path, object, strlen (object),
      error);
  const TsJson root = { path, "", parsed };
  Coco self = { answers, images, names, !is_array };

  if (parsed == NULL || !add_all (&self, &root, "images", add_image, error)
      || !add_all (&self, &root, "categories", add_category, error)
      || !add_all (&self, &root, "annotations", add_annotation, error))
    return FALSE;
  for (guint i = 0; i < answers->len; i++)
    g_array_sort (((TsReplayAnswer *) answers->pdata[i])->detections,
        compare_scores);
  return TRUE;
}
