/* format_dlstreamer.c - a frame as a line of JSON as DL Streamer writes it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The shape of the element gvametaconvert with format=json.  Masks have no place
 * in it.
 */
#include <math.h>

#include "torchscript.h"
#include "tsformat.h"
#include "tstext.h"

static void
append_comma (GString * line)
{
  gchar last = line->str[line->len - 1];

  if (last != '{' && last != '[')
    g_string_append_c (line, ',');
}

static void
append_key (GString * line, const gchar * key)
{
  append_comma (line);
  g_string_append_printf (line, "\"%s\":", key);
}

static void
append_number (GString * line, const gchar * key, gfloat value)
{
  append_key (line, key);
  ts_text_append_float (line, value, "null");
}

static void
append_pixels (GString * line, const gchar * key, gfloat value)
{
  append_number (line, key, rintf (value));
}

static void
append_string (GString * line, const gchar * key, const gchar * value)
{
  append_key (line, key);
  ts_text_append_json (line, value);
}

/* Of the first classifier that looked at it: a key stands for one. */
static void
append_classification (GString * line, GstBuffer * buffer,
    const GstTorchscriptDetection * d)
{
  GstTorchscriptClassificationMeta *meta =
      gst_buffer_get_torchscript_classification_meta_id (buffer, d->id);
  const GstTorchscriptClassification *best = meta == NULL ? NULL :
      gst_torchscript_classification_meta_get_class (meta, 0);

  if (best == NULL)
    return;
  append_key (line, "classification");
  g_string_append_c (line, '{');
  append_number (line, "confidence", best->score);
  append_string (line, "label", best->label != NULL ? best->label : "");
  g_string_append_printf (line, ",\"label_id\":%d,\"model\":{", best->class_id);
  append_string (line, "name", meta->model_name);
  g_string_append (line, "}}");
}

/* The region_id of the detection with this @id; 0: there is none. */
static guint
find_region (GstBuffer * buffer, guint id)
{
  gpointer state = NULL;
  const GstTorchscriptDetectionMeta *meta;
  const GstTorchscriptDetection *d;
  guint region_id = 0;

  while ((meta = (const GstTorchscriptDetectionMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL) {
    for (guint i = 0; (d =
            gst_torchscript_detection_meta_get_detection (meta, i)); i++) {
      region_id++;
      if (d->id == id)
        return region_id;
    }
  }
  return 0;
}

/* Of what a second model found in a detection; relations have no place here. */
static void
append_parent (GString * line, GstBuffer * buffer,
    const GstTorchscriptDetection * d)
{
  guint region_id = 0;

  if (gst_torchscript_detection_is_part (d))
    region_id = find_region (buffer, d->parent_id);
  if (region_id > 0)
    g_string_append_printf (line, ",\"parent_id\":%u", region_id);
}

static void
append_object (GString * line, GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const GstTorchscriptDetection * d,
    guint region_id)
{
  const gchar *label = d->label != NULL ? d->label : "";

  append_comma (line);
  g_string_append_c (line, '{');
  append_classification (line, buffer, d);
  append_key (line, "detection");
  g_string_append (line, "{\"bounding_box\":{");
  append_number (line, "x_max", d->x2 / meta->frame_width);
  append_number (line, "x_min", d->x1 / meta->frame_width);
  append_number (line, "y_max", d->y2 / meta->frame_height);
  append_number (line, "y_min", d->y1 / meta->frame_height);
  g_string_append_c (line, '}');
  append_number (line, "confidence", d->score);
  append_string (line, "label", label);
  g_string_append_printf (line, ",\"label_id\":%d}", d->class_id);
  append_pixels (line, "h", d->y2 - d->y1);
  if (d->track_id > 0)
    g_string_append_printf (line, ",\"id\":%u", d->track_id);
  append_parent (line, buffer, d);
  g_string_append_printf (line, ",\"region_id\":%u", region_id);
  append_string (line, "roi_type", label);
  append_pixels (line, "w", d->x2 - d->x1);
  append_pixels (line, "x", d->x1);
  append_pixels (line, "y", d->y1);
  g_string_append_c (line, '}');
}

/* Gives the size of the frame; FALSE, with nothing appended, if no detector has
 * answered. */
static gboolean
append_objects (GString * line, GstBuffer * buffer, guint size[2])
{
  gpointer state = NULL;
  GstTorchscriptDetectionMeta *meta;
  guint region_id = 0;
  gsize start = line->len;
  gboolean any = FALSE;

  append_key (line, "objects");
  g_string_append_c (line, '[');
  while ((meta = (GstTorchscriptDetectionMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL) {
    guint n = gst_torchscript_detection_meta_get_n_detections (meta);

    any = TRUE;
    size[0] = meta->frame_width;
    size[1] = meta->frame_height;
    for (guint i = 0; i < n; i++)
      append_object (line, buffer, meta,
          gst_torchscript_detection_meta_get_detection (meta, i), ++region_id);
  }
  g_string_append_c (line, ']');
  if (!any)
    g_string_truncate (line, start);
  return any;
}

static void
append_class (GString * line, const gchar * model_name,
    const GstTorchscriptClassification * c)
{
  append_comma (line);
  g_string_append_c (line, '{');
  append_number (line, "confidence", c->score);
  append_string (line, "label", c->label != NULL ? c->label : "");
  g_string_append_printf (line, ",\"label_id\":%d", c->class_id);
  append_string (line, "model_name", model_name);
  append_string (line, "name", "classification");
  g_string_append_c (line, '}');
}

static gboolean
append_classes (GString * line, GstBuffer * buffer)
{
  gpointer state = NULL;
  GstTorchscriptClassificationMeta *meta;
  gsize start = line->len;
  gboolean any = FALSE;

  append_key (line, "tensors");
  g_string_append_c (line, '[');
  while ((meta = (GstTorchscriptClassificationMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE)) != NULL) {
    guint n = gst_torchscript_classification_meta_get_n_classes (meta);

    if (meta->parent_id != 0)
      continue;
    any = TRUE;
    for (guint i = 0; i < n; i++)
      append_class (line, meta->model_name,
          gst_torchscript_classification_meta_get_class (meta, i));
  }
  g_string_append_c (line, ']');
  if (!any)
    g_string_truncate (line, start);
  return any;
}

static void
append (GString * line, const TsRecord * record)
{
  GstClockTime pts = GST_BUFFER_PTS (record->buffer);
  guint size[2] = { 0, 0 };
  gsize start = line->len;
  gboolean any;

  g_string_append_c (line, '{');
  any = append_objects (line, record->buffer, size);
  if (any) {
    append_key (line, "resolution");
    g_string_append_printf (line, "{\"height\":%u,\"width\":%u}", size[1],
        size[0]);
  }
  if (record->source != NULL)
    append_string (line, "source", record->source);
  any |= append_classes (line, record->buffer);
  if (GST_CLOCK_TIME_IS_VALID (pts)) {
    append_key (line, "timestamp");
    g_string_append_printf (line, "%" G_GUINT64_FORMAT, pts);
  }
  g_string_append (line, "}\n");
  if (!any)
    g_string_truncate (line, start);
}

const TsFormat ts_format_dlstreamer = {
  .name = "dlstreamer",
  .description = "JSON Lines as DL Streamer's gvametaconvert writes them",
  .lines = TRUE,
  .head = "",
  .between = "",
  .tail = "",
  .append = append,
};
