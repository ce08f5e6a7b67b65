/* format_csv.c - one row for each detection, class or mask (RFC 4180)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "torchscript.h"
#include "tsformat.h"
#include "tstext.h"

#define HEAD "source,page,pts,model,result,kind,class_id,label,score," \
    "x1,y1,x2,y2,id,parent_id,track_id,order,relation\r\n"

static void
append_start (GString * row, const TsRecord * record, const gchar * model_name,
    guint64 result_number, const gchar * kind, gint class_id)
{
  GstClockTime pts = GST_BUFFER_PTS (record->buffer);

  ts_text_append_csv (row, record->source);
  g_string_append_printf (row, ",%u,", record->page);
  if (GST_CLOCK_TIME_IS_VALID (pts))
    g_string_append_printf (row, "%" G_GUINT64_FORMAT, pts);
  g_string_append_c (row, ',');
  ts_text_append_csv (row, model_name);
  g_string_append_printf (row, ",%" G_GUINT64_FORMAT ",%s,%d,", result_number,
      kind, class_id);
}

static void
append_label (GString * row, const gchar * label, gfloat score)
{
  ts_text_append_csv (row, label);
  g_string_append_c (row, ',');
  ts_text_append_float (row, score, "");
}

static void
append_box (GString * row, const gfloat box[4])
{
  for (guint i = 0; i < 4; i++) {
    g_string_append_c (row, ',');
    ts_text_append_float (row, box[i], "");
  }
}

static void
append_structure (GString * row, const GstTorchscriptDetection * d)
{
  const guint numbers[] = { d->id, d->parent_id, d->track_id, d->order };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_string_append_c (row, ',');
    if (numbers[i] > 0)
      g_string_append_printf (row, "%u", numbers[i]);
  }
  g_string_append_c (row, ',');
  ts_text_append_csv (row, gst_torchscript_relation_get_name (d->relation));
}

static void
append_detections (GString * row, const TsRecord * record,
    const GstTorchscriptDetectionMeta * meta)
{
  guint n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (guint i = 0; i < n; i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);
    const gfloat box[4] = { d->x1, d->y1, d->x2, d->y2 };

    append_start (row, record, meta->model_name, meta->result_number,
        "detection", d->class_id);
    append_label (row, d->label, d->score);
    append_box (row, box);
    append_structure (row, d);
    g_string_append (row, "\r\n");
  }
}

/* And the columns behind it, which only detections have. */
static void
append_parent (GString * row, guint parent_id)
{
  g_string_append_c (row, ',');
  if (parent_id > 0)
    g_string_append_printf (row, "%u", parent_id);
  g_string_append (row, ",,,\r\n");
}

static void
append_classes (GString * row, const TsRecord * record,
    const GstTorchscriptClassificationMeta * meta)
{
  guint n = gst_torchscript_classification_meta_get_n_classes (meta);

  for (guint i = 0; i < n; i++) {
    const GstTorchscriptClassification *c =
        gst_torchscript_classification_meta_get_class (meta, i);

    append_start (row, record, meta->model_name, meta->result_number,
        "class", c->class_id);
    append_label (row, c->label, c->score);
    g_string_append (row, ",,,,,");
    append_parent (row, meta->parent_id);
  }
}

/* The box round the cells of a class in the frame; FALSE if there are none. */
static gboolean
find_box (const GstTorchscriptMaskMeta * meta, guint class_id, gfloat box[4])
{
  const guint16 *classes = gst_torchscript_mask_meta_get_cells (meta);
  guint left = meta->columns, top = meta->rows, right = 0, bottom = 0;

  for (guint row = 0; row < meta->rows; row++) {
    for (guint column = 0; column < meta->columns; column++) {
      if (classes[(gsize) row * meta->columns + column] != class_id)
        continue;
      left = MIN (left, column);
      right = MAX (right, column + 1);
      top = MIN (top, row);
      bottom = row + 1;
    }
  }
  box[0] = MAX (meta->x + meta->width * left / meta->columns, 0);
  box[1] = MAX (meta->y + meta->height * top / meta->rows, 0);
  box[2] = MIN (meta->x + meta->width * right / meta->columns,
      meta->frame_width);
  box[3] = MIN (meta->y + meta->height * bottom / meta->rows,
      meta->frame_height);
  return box[0] < box[2] && box[1] < box[3];
}

/* A row for each class of the mask: the map itself has no place in a table. */
static void
append_mask (GString * row, const TsRecord * record,
    const GstTorchscriptMaskMeta * meta)
{
  const guint16 *classes = gst_torchscript_mask_meta_get_cells (meta);
  g_autofree gboolean *present = g_new0 (gboolean, G_MAXUINT16 + 1);
  gfloat box[4];

  for (gsize i = 0; i < (gsize) meta->columns * meta->rows; i++)
    present[classes[i]] = TRUE;
  for (guint id = 0; id <= G_MAXUINT16; id++) {
    if (!present[id] || !find_box (meta, id, box))
      continue;
    append_start (row, record, meta->model_name, meta->result_number, "mask",
        id);
    g_string_append_c (row, ',');
    append_box (row, box);
    g_string_append_c (row, ',');
    append_parent (row, meta->parent_id);
  }
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

const TsFormat ts_format_csv = {
  .name = "csv",
  .description = "CSV: one row for each detection, class or mask",
  .head = HEAD,
  .between = "",
  .tail = "",
  .append = append,
};
