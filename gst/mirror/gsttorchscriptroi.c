/* gsttorchscriptroi.c - detections as GStreamer's own region-of-interest metas
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscriptroi.h"

#include <gst/video/video.h>
#include <math.h>

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

  gst_video_region_of_interest_meta_add_param (roi,
      detection_param (d, width, height));
  if (d->track_id > 0)
    gst_video_region_of_interest_meta_add_param (roi, tracking_param (d));
  return roi;
}

void
gst_torchscript_roi_add_from_meta (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const gint * ids)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);
  g_autoptr (GArray) parents = ts_detection_read_parents (buffer, meta,
      gst_torchscript_roi_read);

  for (i = 0; i < n; i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);
    GstVideoRegionOfInterestMeta *roi = add_roi (buffer, d, meta->frame_width,
        meta->frame_height);
    gint parent = ts_detection_find_parent (buffer, meta, d->parent_id, ids,
        parents);

    /* Unique in the process, so that it stays unique when several elements attach
     * regions; parent 0 is the frame. */
    roi->id = ids != NULL ? ids[i] : (gint) d->id;
    if (parent < 0)
      parent = ids != NULL ? 0 : (gint) d->parent_id;
    roi->parent_id = parent;
  }
}

/* As DL Streamer's trackers leave it, from 1. */
static guint
get_track_id (GstVideoRegionOfInterestMeta * roi)
{
  const GstStructure *param =
      gst_video_region_of_interest_meta_get_param (roi, "object_id");
  gint id = 0;

  if (param != NULL)
    gst_structure_get_int (param, "id", &id);
  return (guint) MAX (id, 0);
}

static GstTorchscriptDetection
read_region (GstVideoRegionOfInterestMeta * roi)
{
  const GstStructure *param =
      gst_video_region_of_interest_meta_get_param (roi, "detection");
  GstTorchscriptDetection d = { roi->x, roi->y, (gfloat) roi->x + roi->w,
    (gfloat) roi->y + roi->h, NAN, -1,
    g_intern_string (g_quark_to_string (roi->roi_type)), (guint) MAX (roi->id,
        0)
  };
  gdouble score;

  d.track_id = get_track_id (roi);
  if (param == NULL)
    return d;
  if (gst_structure_get_double (param, "confidence", &score))
    d.score = (gfloat) score;
  gst_structure_get_int (param, "label_id", &d.class_id);
  return d;
}

void
gst_torchscript_roi_read (GstBuffer * buffer, GArray * found)
{
  gpointer state = NULL;
  GstMeta *roi;

  while ((roi = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL) {
    GstTorchscriptDetection d =
        read_region ((GstVideoRegionOfInterestMeta *) roi);

    g_array_append_val (found, d);
  }
}

static GstVideoRegionOfInterestMeta *
get_region (GstBuffer * buffer, guint index)
{
  gpointer state = NULL;
  GstMeta *roi;

  do
    roi = gst_buffer_iterate_meta_filtered (buffer, &state,
        GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
  while (index-- > 0);
  return (GstVideoRegionOfInterestMeta *) roi;
}

void
gst_torchscript_roi_add_class (GstBuffer * buffer,
    const GstTorchscriptClassificationMeta * meta)
{
  const GstTorchscriptClassification *best =
      gst_torchscript_classification_meta_get_class (meta, 0);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE,
      sizeof (GstTorchscriptDetection));
  gint at;

  gst_torchscript_roi_read (buffer, found);
  at = ts_detection_find_mirror (buffer, meta->parent_id, found);
  if (best == NULL || at < 0)
    return;
  gst_video_region_of_interest_meta_add_param (get_region (buffer, at),
      gst_structure_new ("classification",
          "label", G_TYPE_STRING,
          g_quark_to_string (ts_class_get_quark (best->class_id, best->label)),
          "label_id", G_TYPE_INT, best->class_id,
          "confidence", G_TYPE_DOUBLE, (gdouble) best->score,
          "model_name", G_TYPE_STRING, meta->model_name, NULL));
}
