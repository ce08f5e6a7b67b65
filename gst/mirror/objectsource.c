/* objectsource.c - what is on a frame, from us and from elements of others
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "objectsource.h"

#include "analyticsmirror.h"
#include "detectionmirror.h"
#include "gsttorchscriptroi.h"

void
ts_objects_init (TsObjects * self)
{
  *self = (TsObjects) {
  NULL};
  self->all = g_array_new (FALSE, FALSE, sizeof (GstTorchscriptDetection));
  self->found = g_array_new (FALSE, FALSE, sizeof (GstTorchscriptDetection));
}

void
ts_objects_clear (TsObjects * self)
{
  g_clear_pointer (&self->all, g_array_unref);
  g_clear_pointer (&self->found, g_array_unref);
}

static void
add_own (TsObjects * self, const GstTorchscriptDetectionMeta * meta)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (i = 0; i < n; i++) {
    GstTorchscriptDetection d = ts_detection_to_mirror
        (gst_torchscript_detection_meta_get_detection (meta, i), meta);

    g_array_append_val (self->all, d);
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

/* A tracker of others numbers a mirror: that is the number of what it mirrors. */
static void
take_track (TsObjects * self, guint at, guint track_id)
{
  GstTorchscriptDetection *d =
      &g_array_index (self->all, GstTorchscriptDetection, at);

  if (d->track_id != 0 || track_id == 0)
    return;
  d->track_id = track_id;
  self->are_tracked |= at < self->n_own;
}

static void
add_unknown (TsObjects * self)
{
  guint next = 0;

  for (guint i = 0; i < self->found->len; i++) {
    GstTorchscriptDetection *d =
        &g_array_index (self->found, GstTorchscriptDetection, i);

    /* What others count is not what we count. */
    d->id = 0;
    if (is_known (self->all, d, &next))
      take_track (self, next - 1, d->track_id);
    else
      g_array_append_val (self->all, *d);
  }
}

void
ts_objects_collect (TsObjects * self, GstBuffer * buffer)
{
  gpointer state = NULL;
  GstMeta *meta;

  g_array_set_size (self->all, 0);
  g_array_set_size (self->found, 0);
  self->are_tracked = FALSE;
  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL)
    add_own (self, (GstTorchscriptDetectionMeta *) meta);
  self->n_own = self->all->len;

  gst_torchscript_roi_read (buffer, self->found);
  add_unknown (self);
  g_array_set_size (self->found, 0);
  ts_analytics_read_objects (buffer, self->found);
  add_unknown (self);
}

GstTorchscriptDetection
ts_objects_get_own (const TsObjects * self,
    const GstTorchscriptDetectionMeta * meta, guint first, guint i)
{
  GstTorchscriptDetection d =
      *gst_torchscript_detection_meta_get_detection (meta, i);

  d.track_id = g_array_index (self->all, GstTorchscriptDetection,
      first + i).track_id;
  return d;
}
