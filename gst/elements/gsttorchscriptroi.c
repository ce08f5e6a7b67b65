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

static GstStructure *
tracking_param (const GstTorchscriptDetection * d)
{
  return gst_structure_new ("object_id", "id", G_TYPE_INT, (gint) d->track_id,
      NULL);
}

static GstVideoRegionOfInterestMeta *
add_roi (GstBuffer * buffer, const GstTorchscriptDetection * d, guint width,
    guint height)
{
  TsPixelBox box = ts_detection_get_pixel_box (d, width, height);
  GstVideoRegionOfInterestMeta *roi =
      gst_buffer_add_video_region_of_interest_meta_id (buffer,
      ts_class_get_quark (d->class_id, d->label), box.x, box.y, box.width,
      box.height);

  /* Unique in the process, so that it stays unique when several elements attach
   * regions; parent 0 is the frame. */
  roi->id = (gint) d->id;
  roi->parent_id = (gint) d->parent_id;
  gst_video_region_of_interest_meta_add_param (roi,
      detection_param (d, width, height));
  if (d->track_id > 0)
    gst_video_region_of_interest_meta_add_param (roi, tracking_param (d));
  return roi;
}

/* The id of the ODMtd that @parent_id is mirrored to; 0: the frame. */
static gint
find_parent (const GstTorchscriptDetectionMeta * meta, const gint * ids,
    guint parent_id)
{
  gint i = ts_detection_find (meta, parent_id);

  return i < 0 ? 0 : ids[i];
}

void
gst_torchscript_roi_add_from_meta (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const gint * ids)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (i = 0; i < n; i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);
    GstVideoRegionOfInterestMeta *roi = add_roi (buffer, d, meta->frame_width,
        meta->frame_height);

    if (ids != NULL) {
      roi->id = ids[i];
      roi->parent_id = find_parent (meta, ids, d->parent_id);
    }
  }
}
