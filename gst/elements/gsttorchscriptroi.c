/* gsttorchscriptroi.c - detections as GStreamer's own region-of-interest metas
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscriptroi.h"

#include <gst/video/video.h>
#include <math.h>

static GQuark
roi_type (const GstTorchscriptDetection * d)
{
  gchar name[32];

  if (d->label != NULL)
    return g_quark_from_string (d->label);
  g_snprintf (name, sizeof (name), "class %d", d->class_id);
  return g_quark_from_string (name);
}

static guint
to_pixel (gfloat v, guint size)
{
  return (guint) lrintf (CLAMP (v, 0.0f, (gfloat) size));
}

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
    guint height)
{
  guint x = to_pixel (d->x1, width), y = to_pixel (d->y1, height);
  GstVideoRegionOfInterestMeta *roi =
      gst_buffer_add_video_region_of_interest_meta_id (buffer, roi_type (d),
      x, y, to_pixel (d->x2, width) - x, to_pixel (d->y2, height) - y);

  /* Unique in the process, so that it stays unique when several elements attach
   * regions; parent 0 is the frame. */
  roi->id = (gint) d->id;
  roi->parent_id = (gint) d->parent_id;
  gst_video_region_of_interest_meta_add_param (roi,
      detection_param (d, width, height));
}

void
gst_torchscript_roi_add_from_meta (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (i = 0; i < n; i++)
    add_roi (buffer, gst_torchscript_detection_meta_get_detection (meta, i),
        meta->frame_width, meta->frame_height);
}
