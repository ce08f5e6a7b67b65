/* gsttorchscriptroi.c - detections as GStreamer's own region-of-interest metas
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscriptroi.h"

#include <gst/video/video.h>

#include "detectionmirror.h"

static GstStructure *
detection_param (const GstTorchscriptDetection * d, guint width, guint height)
{
  return gst_structure_new ("detection",
      "label_id", G_TYPE_INT, d->class_id,
      "confidence", G_TYPE_DOUBLE, (gdouble) d->score,
      "x_min", G_TYPE_DOUBLE, (gdouble) d->x1 / width,
      "x_max", G_TYPE_DOUBLE, (gdouble) d->x2 / width,
      "y_min", G_TYPE_DOUBLE, (gdouble) d->y1 / height,
      "y_max", G_TYPE_DOUBLE, (gdouble) d->y2 / height, NULL);
}

static void
add_roi (GstBuffer * buffer, const GstTorchscriptDetection * d, guint width,
    guint height, gint id)
{
  TsPixelBox box = ts_detection_get_pixel_box (d, width, height);
  GstVideoRegionOfInterestMeta *roi =
      gst_buffer_add_video_region_of_interest_meta_id (buffer,
      ts_class_get_quark (d->class_id, d->label), box.x, box.y, box.width,
      box.height);

  roi->id = id;
  roi->parent_id = 0;           /* the frame */
  gst_video_region_of_interest_meta_add_param (roi,
      detection_param (d, width, height));
}

void
gst_torchscript_roi_add_from_meta (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const gint * ids)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  /* Without ids of GstAnalytics as DL Streamer does then: unique in the process,
   * so that they stay unique when several elements attach regions. */
  for (i = 0; i < n; i++)
    add_roi (buffer, gst_torchscript_detection_meta_get_detection (meta, i),
        meta->frame_width, meta->frame_height,
        ids != NULL ? ids[i] : (gint) gst_util_seqnum_next ());
}
