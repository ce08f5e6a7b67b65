/* infertrack.c - which boxes of torchscriptinfer are the same object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inferelement.h"

/* For a camera above a desk: the page has come to rest. */
static void
post_steady (GstTorchscriptInfer * self, guint n_frames, GstBuffer * buffer)
{
  GstStructure *structure = gst_structure_new ("torchscript-steady",
      "frames", G_TYPE_UINT, n_frames,
      "result-number", G_TYPE_UINT64, self->n_results,
      "timestamp", G_TYPE_UINT64, GST_BUFFER_PTS (buffer), NULL);

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

/* Once each time that it comes to rest. */
static void
tell_steady (GstTorchscriptInfer * self, guint n_wanted, GstBuffer * buffer)
{
  guint n_steady = ts_tracker_get_n_steady (self->tracker);
  gboolean steady = n_wanted > 0 && n_steady >= n_wanted;

  if (steady && !self->told_steady)
    post_steady (self, n_steady, buffer);
  self->told_steady = steady;
}

void
ts_infer_track (GstTorchscriptInfer * self, TsInferItem * item)
{
  TsTrackerParams params;
  TsTrackerKind kind;
  guint n_wanted;

  GST_OBJECT_LOCK (self);
  kind = self->settings.tracker;
  n_wanted = self->settings.steady_frames;
  params = (TsTrackerParams) {
  self->settings.tracker_iou, self->settings.tracker_max_age};
  GST_OBJECT_UNLOCK (self);

  if (kind == TS_TRACKER_NONE
      || ts_detector_get_kind (ts_infer_model_get_detector (item->model))
      != TS_RESULT_BOXES) {
    ts_tracker_reset (self->tracker);
    return;
  }
  /* The classes of another model are other classes. */
  if (self->last_model != NULL && self->last_model != item->model)
    ts_tracker_reset (self->tracker);
  ts_tracker_update (self->tracker, &params, GST_BUFFER_PTS (item->object),
      item->boxes);
  tell_steady (self, n_wanted, item->object);
}
