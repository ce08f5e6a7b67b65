/* format_jsonl.c - each model's answer to a frame as one line of JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * docs/detections.schema.json describes a line.
 */
#include "torchscript.h"
#include "tsformat.h"
#include "tstext.h"

static void
append_label (GString * line, gint class_id, const gchar * label, gfloat score)
{
  g_string_append_printf (line, "{\"class_id\":%d,\"label\":", class_id);
  ts_text_append_json (line, label);
  g_string_append (line, ",\"score\":");
  ts_text_append_float (line, score, "null");
}

static void
append_box (GString * line, const gfloat box[4])
{
  g_string_append (line, "\"box\":[");
  for (guint i = 0; i < 4; i++) {
    if (i > 0)
      g_string_append_c (line, ',');
    ts_text_append_float (line, box[i], "null");
  }
  g_string_append_c (line, ']');
}

/* Zero says that nothing is known. */
static void
append_number (GString * line, const gchar * key, guint number)
{
  if (number > 0)
    g_string_append_printf (line, ",\"%s\":%u", key, number);
}

static void
append_detection (GString * line, const GstTorchscriptDetection * d)
{
  const gfloat box[4] = { d->x1, d->y1, d->x2, d->y2 };

  append_label (line, d->class_id, d->label, d->score);
  g_string_append_c (line, ',');
  append_box (line, box);
  append_number (line, "id", d->id);
  append_number (line, "parent_id", d->parent_id);
  append_number (line, "track_id", d->track_id);
  append_number (line, "order", d->order);
  if (d->relation != GST_TORCHSCRIPT_RELATION_NONE)
    g_string_append_printf (line, ",\"relation\":\"%s\"",
        gst_torchscript_relation_get_name (d->relation));
  g_string_append_c (line, '}');
}

static void
append_head (GString * line, const TsRecord * record, guint64 result_number,
    const gchar * model_name)
{
  GstClockTime pts = GST_BUFFER_PTS (record->buffer);

  g_string_append_printf (line, "{\"result\":%" G_GUINT64_FORMAT ",\"model\":",
      result_number);
  ts_text_append_json (line, model_name);
  if (GST_CLOCK_TIME_IS_VALID (pts))
    g_string_append_printf (line, ",\"pts\":%" G_GUINT64_FORMAT, pts);
  else
    g_string_append (line, ",\"pts\":null");
  g_string_append_printf (line, ",\"page\":%u,\"source\":", record->page);
  ts_text_append_json (line, record->source);
}

static void
append_detections (GString * line, const TsRecord * record,
    const GstTorchscriptDetectionMeta * meta)
{
  guint n = gst_torchscript_detection_meta_get_n_detections (meta);

  append_head (line, record, meta->result_number, meta->model_name);
  append_number (line, "age", meta->age);
  g_string_append_printf (line, ",\"width\":%u,\"height\":%u,\"detections\":[",
      meta->frame_width, meta->frame_height);
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (line, ',');
    append_detection (line,
        gst_torchscript_detection_meta_get_detection (meta, i));
  }
  g_string_append (line, "]}\n");
}

static void
append_classes (GString * line, const TsRecord * record,
    const GstTorchscriptClassificationMeta * meta)
{
  guint n = gst_torchscript_classification_meta_get_n_classes (meta);

  append_head (line, record, meta->result_number, meta->model_name);
  append_number (line, "parent_id", meta->parent_id);
  g_string_append (line, ",\"classes\":[");
  for (guint i = 0; i < n; i++) {
    const GstTorchscriptClassification *c =
        gst_torchscript_classification_meta_get_class (meta, i);

    if (i > 0)
      g_string_append_c (line, ',');
    append_label (line, c->class_id, c->label, c->score);
    g_string_append_c (line, '}');
  }
  g_string_append (line, "]}\n");
}

/* The class map, row by row, as pairs of a class and how often it follows. */
static void
append_runs (GString * line, const GstTorchscriptMaskMeta * meta)
{
  const guint16 *classes = gst_torchscript_mask_meta_get_cells (meta);
  gsize n = (gsize) meta->columns * meta->rows, end;

  g_string_append (line, "\"runs\":[");
  for (gsize start = 0; start < n; start = end) {
    for (end = start; end < n && classes[end] == classes[start];)
      end++;
    g_string_append_printf (line, "%s[%u,%" G_GSIZE_FORMAT "]",
        start > 0 ? "," : "", classes[start], end - start);
  }
  g_string_append_c (line, ']');
}

static void
append_mask (GString * line, const TsRecord * record,
    const GstTorchscriptMaskMeta * meta)
{
  const gfloat box[4] = { meta->x, meta->y, meta->x + meta->width,
    meta->y + meta->height
  };

  append_head (line, record, meta->result_number, meta->model_name);
  append_number (line, "parent_id", meta->parent_id);
  g_string_append_printf (line, ",\"width\":%u,\"height\":%u,\"mask\":{"
      "\"columns\":%u,\"rows\":%u,", meta->frame_width, meta->frame_height,
      meta->columns, meta->rows);
  append_box (line, box);
  g_string_append_c (line, ',');
  append_runs (line, meta);
  g_string_append (line, "}}\n");
}

static void
append (GString * text, const TsRecord * record)
{
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta (record->buffer, &state)) != NULL) {
    if (meta->info->api == GST_TORCHSCRIPT_DETECTION_META_API_TYPE)
      append_detections (text, record, (GstTorchscriptDetectionMeta *) meta);
    else if (meta->info->api == GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE)
      append_classes (text, record, (GstTorchscriptClassificationMeta *) meta);
    else if (meta->info->api == GST_TORCHSCRIPT_MASK_META_API_TYPE)
      append_mask (text, record, (GstTorchscriptMaskMeta *) meta);
  }
}

const TsFormat ts_format_jsonl = {
  .name = "jsonl",
  .description = "JSON Lines: one line for each model's answer",
  .lines = TRUE,
  .head = "",
  .between = "",
  .tail = "",
  .append = append,
};
