/* detectionline.c - one model's answer to a frame as one line of JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "detectionline.h"

#include <json-glib/json-glib.h>
#include <math.h>

/* json-glib writes a double with 17 digits, so that 0.93 held as a float becomes
 * 0.93000000715255737.  Only the shortest number that reads back as the same
 * float is wanted here, and JSON has none for NaN and infinity. */
static void
append_float (GString * line, gfloat value)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE], format[] = "%.6g";

  if (!isfinite (value)) {
    g_string_append (line, "null");
    return;
  }
  g_ascii_formatd (text, sizeof (text), format, value);
  while ((gfloat) g_ascii_strtod (text, NULL) != value && format[2] < '9') {
    format[2]++;
    g_ascii_formatd (text, sizeof (text), format, value);
  }
  g_string_append (line, text);
}

static void
append_string (GString * line, const gchar * text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  g_autofree gchar *quoted = NULL;

  json_node_set_string (node, valid);
  quoted = json_to_string (node, FALSE);
  g_string_append (line, quoted);
}

static void
append_label (GString * line, gint class_id, const gchar * label, gfloat score)
{
  g_string_append_printf (line, "{\"class_id\":%d,\"label\":", class_id);
  if (label != NULL)
    append_string (line, label);
  else
    g_string_append (line, "null");
  g_string_append (line, ",\"score\":");
  append_float (line, score);
}

static void
append_box (GString * line, const gfloat box[4])
{
  guint i;

  g_string_append (line, "\"box\":[");
  for (i = 0; i < 4; i++) {
    if (i > 0)
      g_string_append_c (line, ',');
    append_float (line, box[i]);
  }
  g_string_append_c (line, ']');
}

static void
append_detection (GString * line, const GstTorchscriptDetection * d)
{
  const gfloat box[4] = { d->x1, d->y1, d->x2, d->y2 };

  append_label (line, d->class_id, d->label, d->score);
  g_string_append_c (line, ',');
  append_box (line, box);
  g_string_append_c (line, '}');
}

static void
append_head (GString * line, guint64 result_number, const gchar * model_name,
    GstClockTime pts)
{
  g_string_append_printf (line, "{\"result\":%" G_GUINT64_FORMAT ",\"model\":",
      result_number);
  append_string (line, model_name);
  if (GST_CLOCK_TIME_IS_VALID (pts))
    g_string_append_printf (line, ",\"pts\":%" G_GUINT64_FORMAT, pts);
  else
    g_string_append (line, ",\"pts\":null");
}

void
gst_torchscript_append_detection_line (GString * line,
    const GstTorchscriptDetectionMeta * meta, GstClockTime pts)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  append_head (line, meta->result_number, meta->model_name, pts);
  g_string_append_printf (line, ",\"width\":%u,\"height\":%u,\"detections\":[",
      meta->frame_width, meta->frame_height);
  for (i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (line, ',');
    append_detection (line,
        gst_torchscript_detection_meta_get_detection (meta, i));
  }
  g_string_append (line, "]}\n");
}

void
gst_torchscript_append_class_line (GString * line,
    const GstTorchscriptClassificationMeta * meta, GstClockTime pts)
{
  guint i, n = gst_torchscript_classification_meta_get_n_classes (meta);

  append_head (line, meta->result_number, meta->model_name, pts);
  g_string_append (line, ",\"classes\":[");
  for (i = 0; i < n; i++) {
    const GstTorchscriptClassification *c =
        gst_torchscript_classification_meta_get_class (meta, i);

    if (i > 0)
      g_string_append_c (line, ',');
    append_label (line, c->class_id, c->label, c->score);
    g_string_append_c (line, '}');
  }
  g_string_append (line, "]}\n");
}

void
gst_torchscript_append_mask_line (GString * line,
    const GstTorchscriptMaskMeta * meta, GstClockTime pts)
{
  const gfloat box[4] = { meta->x, meta->y, meta->x + meta->width,
    meta->y + meta->height
  };

  append_head (line, meta->result_number, meta->model_name, pts);
  g_string_append_printf (line, ",\"width\":%u,\"height\":%u,\"mask\":{"
      "\"columns\":%u,\"rows\":%u,", meta->frame_width, meta->frame_height,
      meta->columns, meta->rows);
  append_box (line, box);
  g_string_append (line, "}}\n");
}
