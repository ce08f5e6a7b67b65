/* objectsource.c - what is on a frame, from us and from elements of others
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "objectsource.h"

#include "analyticsmirror.h"
#include "detectionmirror.h"
#include "gsttorchscriptroi.h"

static void
add_own (GArray * objects, const GstTorchscriptDetectionMeta * meta)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (i = 0; i < n; i++) {
    GstTorchscriptDetection d = ts_detection_to_mirror
        (gst_torchscript_detection_meta_get_detection (meta, i), meta);

    g_array_append_val (objects, d);
  }
}

/* Mirrors come in the order of what they mirror, so the search begins behind the
 * last one found: @next. */
static gboolean
is_known (const GArray * objects, const GstTorchscriptDetection * d,
    guint * next)
{
  for (guint i = 0; i < objects->len; i++) {
    guint at = (*next + i) % objects->len;

    if (ts_detection_is_mirror (&g_array_index (objects,
                GstTorchscriptDetection, at), d)) {
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
    GstTorchscriptDetection *d =
        &g_array_index (found, GstTorchscriptDetection, i);

    /* What others count is not what we count. */
    d->id = 0;
    if (!is_known (objects, d, &next))
      g_array_append_val (objects, *d);
  }
}

guint
ts_objects_collect (GstBuffer * buffer, GArray * objects, GArray * found)
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

  gst_torchscript_roi_read (buffer, found);
  add_unknown (objects, found);
  g_array_set_size (found, 0);
  ts_analytics_read_objects (buffer, found);
  add_unknown (objects, found);
  return n_own;
}
