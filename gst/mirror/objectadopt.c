/* objectadopt.c - what others attached, for readers of our own metas
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "objectadopt.h"

/* @first is the place of its first one among the objects. */
static void
add_tracked (const TsObjects * self, GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, guint first)
{
  guint n = gst_torchscript_detection_meta_get_n_detections (meta);
  g_autofree GstTorchscriptDetection *tracked =
      g_new (GstTorchscriptDetection, n);
  GstTorchscriptDetectionMeta *added;

  for (guint i = 0; i < n; i++)
    tracked[i] = ts_objects_get_own (self, meta, first, i);
  added = gst_buffer_add_torchscript_detection_meta (buffer, meta->model_name,
      meta->frame_width, meta->frame_height, meta->result_number, tracked, n);
  added->model_number = meta->model_number;
  added->age = meta->age;
}

static void
copy_meta (GstBuffer * buffer, GstMeta * meta, GstBuffer * from)
{
  GstMetaTransformCopy whole = { FALSE, 0, (gsize) - 1 };

  if (meta->info->transform_func != NULL)
    meta->info->transform_func (buffer, meta, from, _gst_meta_transform_copy,
        &whole);
}

/* In the same order. */
static void
copy_metas (const TsObjects * self, GstBuffer * buffer, GstBuffer * from)
{
  gpointer state = NULL;
  GstMeta *meta;
  guint at = 0;

  while ((meta = gst_buffer_iterate_meta (from, &state)) != NULL) {
    const GstTorchscriptDetectionMeta *own =
        (const GstTorchscriptDetectionMeta *) meta;

    if (meta->info->api != GST_TORCHSCRIPT_DETECTION_META_API_TYPE) {
      copy_meta (buffer, meta, from);
      continue;
    }
    add_tracked (self, buffer, own, at);
    at += gst_torchscript_detection_meta_get_n_detections (own);
  }
}

GstBuffer *
ts_objects_adopt (const TsObjects * self, GstBuffer * buffer,
    guint frame_width, guint frame_height, guint64 result_number)
{
  guint n_others = frame_width > 0 && frame_height > 0 ?
      self->all->len - self->n_own : 0;
  GstBuffer *adopted;

  if (n_others == 0 && !self->are_tracked)
    return NULL;
  adopted = gst_buffer_new ();
  gst_buffer_copy_into (adopted, buffer,
      GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  copy_metas (self, adopted, buffer);
  if (n_others > 0)
    gst_buffer_add_torchscript_detection_meta (adopted, TS_OBJECTS_OTHERS,
        frame_width, frame_height, result_number,
        &g_array_index (self->all, GstTorchscriptDetection, self->n_own),
        n_others);
  return adopted;
}
