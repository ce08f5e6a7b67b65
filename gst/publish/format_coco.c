/* format_coco.c - detections and masks as COCO results
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An array of results as https://cocodataset.org/#format-results has it.  The
 * frame's number is the image's id.  COCO has no results for whole images.
 */
#include <math.h>

#include "torchscript.h"
#include "tsformat.h"
#include "tstext.h"

/* Results are one a line, so that an array cut short loses whole results. */
static void
append_start (GString * text, gsize start, guint page, gint class_id)
{
  if (text->len > start)
    g_string_append (text, ",\n");
  g_string_append_printf (text, "{\"image_id\":%u,\"category_id\":%d,", page,
      class_id);
}

static void
append_detections (GString * text, gsize start, guint page,
    const GstTorchscriptDetectionMeta * meta)
{
  guint n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (guint i = 0; i < n; i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);
    const gfloat numbers[] = { d->x1, d->y1, d->x2 - d->x1, d->y2 - d->y1 };

    /* An object of others that has a name at most; COCO has numbers alone. */
    if (d->class_id < 0)
      continue;
    append_start (text, start, page, d->class_id);
    g_string_append (text, "\"bbox\":[");
    for (guint k = 0; k < 4; k++) {
      if (k > 0)
        g_string_append_c (text, ',');
      ts_text_append_float (text, numbers[k], "null");
    }
    g_string_append (text, "],\"score\":");
    ts_text_append_float (text, d->score, "null");
    g_string_append_c (text, '}');
  }
}

/* Lengths of runs down the columns of the frame, first of what is not of the
 * class. */
static void
append_runs (GString * text, const GstTorchscriptMaskMeta * meta, gint class_id)
{
  guint length = 0;
  gboolean inside = FALSE;

  for (guint x = 0; x < meta->frame_width; x++) {
    for (guint y = 0; y < meta->frame_height; y++) {
      gboolean is = class_id ==
          gst_torchscript_mask_meta_get_class_at (meta, x + 0.5f, y + 0.5f);

      if (is != inside) {
        g_string_append_printf (text, "%u,", length);
        length = 0;
        inside = is;
      }
      length++;
    }
  }
  g_string_append_printf (text, "%u", length);
}

static void
append_mask (GString * text, gsize start, guint page,
    const GstTorchscriptMaskMeta * meta)
{
  const guint16 *classes = gst_torchscript_mask_meta_get_cells (meta);
  g_autofree gboolean *present = g_new0 (gboolean, G_MAXUINT16 + 1);

  for (gsize i = 0; i < (gsize) meta->columns * meta->rows; i++)
    present[classes[i]] = TRUE;
  for (gint id = 0; id <= G_MAXUINT16; id++) {
    if (!present[id])
      continue;
    append_start (text, start, page, id);
    g_string_append_printf (text, "\"segmentation\":{\"size\":[%u,%u],"
        "\"counts\":[", meta->frame_height, meta->frame_width);
    append_runs (text, meta, id);
    g_string_append (text, "]},\"score\":1}");
  }
}

static void
append (GString * text, const TsRecord * record)
{
  gsize start = text->len;
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta (record->buffer, &state)) != NULL) {
    if (meta->info->api == GST_TORCHSCRIPT_DETECTION_META_API_TYPE)
      append_detections (text, start, record->page,
          (GstTorchscriptDetectionMeta *) meta);
    else if (meta->info->api == GST_TORCHSCRIPT_MASK_META_API_TYPE)
      append_mask (text, start, record->page, (GstTorchscriptMaskMeta *) meta);
  }
}

const TsFormat ts_format_coco = {
  .name = "coco",
  .description = "COCO results: an array of boxes and masks",
  .head = "[\n",
  .between = ",\n",
  .tail = "\n]\n",
  .append = append,
};
