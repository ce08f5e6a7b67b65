/* overlaysource.c - objects that elements of others attached to a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "overlaysource.h"

#include <gst/video/video.h>
#include <math.h>

#include "analyticsmirror.h"
#include "detectionmirror.h"

/* A mirror is in whole pixels, and scaling enlarges what it was rounded by. */
#define MAX_MIRROR_PX 2.0f
#define MAX_MIRROR_FRACTION 0.05f

/* As its mirrors have it: in the frame, and with a name. */
static void
add_own (GArray * objects, const GstTorchscriptDetectionMeta * meta)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (i = 0; i < n; i++) {
    GstTorchscriptDetection d =
        *gst_torchscript_detection_meta_get_detection (meta, i);
    TsPixelBox box = ts_detection_get_pixel_box (&d, meta->frame_width,
        meta->frame_height);

    d.x1 = box.x;
    d.y1 = box.y;
    d.x2 = box.x + box.width;
    d.y2 = box.y + box.height;
    d.label = g_intern_string (g_quark_to_string (ts_class_get_quark
            (d.class_id, d.label)));
    g_array_append_val (objects, d);
  }
}

static gboolean
is_near (gfloat a, gfloat b, gfloat size)
{
  return fabsf (a - b) <= MAX (MAX_MIRROR_PX, MAX_MIRROR_FRACTION * size);
}

static gboolean
is_mirror (const GstTorchscriptDetection * a, const GstTorchscriptDetection * b)
{
  gfloat width = a->x2 - a->x1, height = a->y2 - a->y1;

  return a->label == b->label
      && is_near (a->x1, b->x1, width) && is_near (a->x2, b->x2, width)
      && is_near (a->y1, b->y1, height) && is_near (a->y2, b->y2, height);
}

/* Mirrors come in the order of what they mirror, so the search begins behind the
 * last one found: @next. */
static gboolean
is_known (const GArray * objects, const GstTorchscriptDetection * d,
    guint * next)
{
  for (guint i = 0; i < objects->len; i++) {
    guint at = (*next + i) % objects->len;

    if (is_mirror (&g_array_index (objects, GstTorchscriptDetection, at), d)) {
      *next = at + 1;
      return TRUE;
    }
  }
  return FALSE;
}

static void
add_unknown (GArray * objects, const GArray * found)
{
  guint next = 0;

  for (guint i = 0; i < found->len; i++) {
    const GstTorchscriptDetection *d =
        &g_array_index (found, GstTorchscriptDetection, i);

    if (!is_known (objects, d, &next))
      g_array_append_val (objects, *d);
  }
}

static GstTorchscriptDetection
read_region (GstVideoRegionOfInterestMeta * roi)
{
  const GstStructure *param =
      gst_video_region_of_interest_meta_get_param (roi, "detection");
  GstTorchscriptDetection d = { roi->x, roi->y, (gfloat) roi->x + roi->w,
    (gfloat) roi->y + roi->h, NAN, -1,
    g_intern_string (g_quark_to_string (roi->roi_type))
  };
  gdouble score;

  if (param == NULL)
    return d;
  if (gst_structure_get_double (param, "confidence", &score))
    d.score = (gfloat) score;
  gst_structure_get_int (param, "label_id", &d.class_id);
  return d;
}

static void
read_regions (GstBuffer * buffer, GArray * found)
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

guint
ts_overlay_collect (GstBuffer * buffer, GArray * objects, GArray * found)
{
  gpointer state = NULL;
  GstMeta *meta;
  guint n_own;

  g_array_set_size (objects, 0);
  g_array_set_size (found, 0);
  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL)
    add_own (objects, (GstTorchscriptDetectionMeta *) meta);
  n_own = objects->len;

  read_regions (buffer, found);
  add_unknown (objects, found);
  g_array_set_size (found, 0);
  ts_analytics_read_objects (buffer, found);
  add_unknown (objects, found);
  return n_own;
}
