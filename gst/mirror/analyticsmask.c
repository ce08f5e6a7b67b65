/* analyticsmask.c - a class map as GstAnalytics' segmentation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "analyticsmirror.h"

#include <gst/analytics/analytics.h>
#include <gst/video/video.h>
#include <math.h>

#include "detectionmirror.h"

#define UNKNOWN_SCORE -1.0f     /* what GstAnalytics writes for it */

/* The class numbers that occur, ascending. */
static GArray *
find_classes (const GstTorchscriptMaskMeta * meta)
{
  const guint16 *cells = gst_torchscript_mask_meta_get_cells (meta);
  gsize n_cells = (gsize) meta->columns * meta->rows;
  g_autofree gboolean *occurs = g_new0 (gboolean, G_MAXUINT16 + 1);
  GArray *classes = g_array_new (FALSE, FALSE, sizeof (guint));
  guint id;

  for (gsize i = 0; i < n_cells; i++)
    occurs[cells[i]] = TRUE;
  for (id = 0; id <= G_MAXUINT16; id++) {
    if (occurs[id])
      g_array_append_val (classes, id);
  }
  return classes;
}

static GstBuffer *
share_mask (const GstTorchscriptMaskMeta * meta)
{
  g_autoptr (GBytes) classes = gst_torchscript_mask_meta_get_classes (meta);
  GstBuffer *mask = gst_buffer_new_wrapped_bytes (classes);
  const gsize offset[GST_VIDEO_MAX_PLANES] = { 0 };
  const gint stride[GST_VIDEO_MAX_PLANES] = { meta->columns * 2 };
  GstVideoFormat format = G_BYTE_ORDER == G_LITTLE_ENDIAN ?
      GST_VIDEO_FORMAT_GRAY16_LE : GST_VIDEO_FORMAT_GRAY16_BE;

  gst_buffer_add_video_meta_full (mask, GST_VIDEO_FRAME_FLAG_NONE, format,
      meta->columns, meta->rows, 1, offset, stride);
  return mask;
}

static void
add_labels (GstAnalyticsRelationMeta * relations, guint mask_id,
    const GArray * classes, TsGetLabel get_label, gconstpointer labels)
{
  g_autofree gfloat *scores = g_new (gfloat, classes->len);
  g_autofree GQuark *quarks = g_new (GQuark, classes->len);
  GstAnalyticsClsMtd names;

  for (guint i = 0; i < classes->len; i++) {
    guint id = g_array_index (classes, guint, i);

    scores[i] = UNKNOWN_SCORE;
    quarks[i] = ts_class_get_quark (id, get_label (labels, id));
  }
  if (gst_analytics_relation_meta_add_cls_mtd (relations, classes->len, scores,
          quarks, &names))
    gst_analytics_relation_meta_set_relation (relations,
        GST_ANALYTICS_REL_TYPE_RELATE_TO | GST_ANALYTICS_REL_TYPE_N_TO_N,
        mask_id, names.id);
}

void
ts_analytics_mirror_mask (GstBuffer * buffer,
    const GstTorchscriptMaskMeta * meta, TsGetLabel get_label,
    gconstpointer labels)
{
  GstAnalyticsRelationMeta *relations =
      gst_buffer_add_analytics_relation_meta (buffer);
  g_autoptr (GArray) classes = find_classes (meta);
  gint x = (gint) lrintf (meta->x), y = (gint) lrintf (meta->y);
  GstAnalyticsSegmentationMtd mask;

  if (gst_analytics_relation_meta_add_segmentation_mtd (relations,
          share_mask (meta), GST_SEGMENTATION_TYPE_SEMANTIC, classes->len,
          (guint *) classes->data, x, y,
          (guint) (lrintf (meta->x + meta->width) - x),
          (guint) (lrintf (meta->y + meta->height) - y), &mask))
    add_labels (relations, mask.id, classes, get_label, labels);
}
