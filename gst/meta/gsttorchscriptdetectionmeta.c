/* GStreamer TorchScript: detections on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscriptdetectionmeta.h"

#include "sharedlist.h"
#include "metascale.h"

GType
gst_torchscript_detection_meta_api_get_type (void)
{
  static GType type = 0;
  /* Whatever turns or resizes the frame must ask the transform below, or drop. */
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR,
    GST_META_TAG_VIDEO_SIZE_STR, GST_META_TAG_VIDEO_ORIENTATION_STR, NULL
  };

  if (g_once_init_enter (&type)) {
    GType api = gst_meta_api_type_register ("GstTorchscriptDetectionMetaAPI",
        tags);
    g_once_init_leave (&type, api);
  }
  return type;
}

static gboolean
detection_meta_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  GstTorchscriptDetectionMeta *self = (GstTorchscriptDetectionMeta *) meta;

  self->model_name = NULL;
  self->frame_width = self->frame_height = 0;
  self->result_number = 0;
  self->model_number = self->age = 0;
  self->detections = NULL;
  return TRUE;
}

static void
detection_meta_free (GstMeta * meta, GstBuffer * buffer)
{
  GstTorchscriptDetectionMeta *self = (GstTorchscriptDetectionMeta *) meta;

  g_clear_pointer ((TsSharedList **) & self->detections, ts_shared_list_unref);
}

/* Takes @detections. */
static GstTorchscriptDetectionMeta *
add_meta (GstBuffer * buffer, const gchar * model_name, guint frame_width,
    guint frame_height, guint64 result_number, TsSharedList * detections)
{
  GstTorchscriptDetectionMeta *self = (GstTorchscriptDetectionMeta *)
      gst_buffer_add_meta (buffer, GST_TORCHSCRIPT_DETECTION_META_INFO, NULL);

  self->model_name = model_name;
  self->frame_width = frame_width;
  self->frame_height = frame_height;
  self->result_number = result_number;
  self->detections = detections;
  return self;
}

/* Takes @detections; all else is as in @from. */
static GstTorchscriptDetectionMeta *
add_like (GstBuffer * buffer, const GstTorchscriptDetectionMeta * from,
    guint frame_width, guint frame_height, TsSharedList * detections)
{
  GstTorchscriptDetectionMeta *self = add_meta (buffer, from->model_name,
      frame_width, frame_height, from->result_number, detections);

  self->model_number = from->model_number;
  self->age = from->age;
  return self;
}

static gboolean
transform_scale (GstBuffer * dest, const GstTorchscriptDetectionMeta * self,
    const GstVideoMetaTransform * trans)
{
  const GstVideoInfo *in = trans->in_info, *out = trans->out_info;
  const TsSharedList *from = self->detections;
  TsSharedList *scaled;
  GstTorchscriptDetection *items;
  gfloat sx, sy;
  guint i;

  if (!gst_torchscript_meta_can_scale ("detections", self->frame_width,
          self->frame_height, trans))
    return FALSE;

  sx = (gfloat) out->width / in->width;
  sy = (gfloat) out->height / in->height;
  scaled = ts_shared_list_new (from->n, sizeof (GstTorchscriptDetection));
  items = scaled->items;
  for (i = 0; i < scaled->n; i++) {
    GstTorchscriptDetection *d = &items[i];

    *d = ((const GstTorchscriptDetection *) from->items)[i];
    d->x1 *= sx;
    d->x2 *= sx;
    d->y1 *= sy;
    d->y2 *= sy;
  }
  add_like (dest, self, out->width, out->height, scaled);
  return TRUE;
}

static gboolean
detection_meta_transform (GstBuffer * dest, GstMeta * meta, GstBuffer * buffer,
    GQuark type, gpointer data)
{
  GstTorchscriptDetectionMeta *self = (GstTorchscriptDetectionMeta *) meta;

  if (GST_META_TRANSFORM_IS_COPY (type)) {
    add_like (dest, self, self->frame_width, self->frame_height,
        ts_shared_list_ref (self->detections));
    return TRUE;
  }
  if (GST_VIDEO_META_TRANSFORM_IS_SCALE (type))
    return transform_scale (dest, self, data);

  return FALSE;
}

/**
 * gst_torchscript_detection_meta_get_info: (skip)
 *
 * Returns: (transfer none): how GStreamer handles the meta
 *
 * Since: 0.1
 */
const GstMetaInfo *
gst_torchscript_detection_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered;

    registered = gst_meta_register (GST_TORCHSCRIPT_DETECTION_META_API_TYPE,
        "GstTorchscriptDetectionMeta", sizeof (GstTorchscriptDetectionMeta),
        detection_meta_init, detection_meta_free, detection_meta_transform);
    g_once_init_leave (&info, registered);
  }
  return info;
}

/**
 * gst_buffer_add_torchscript_detection_meta:
 * @buffer: (transfer none): a writable buffer
 * @model_name: name of the model that answered; interned
 * @frame_width: width of the frame the boxes refer to, pixels, > 0
 * @frame_height: height of that frame, pixels, > 0
 * @result_number: running number of this answer, from 0
 * @detections: (array length=n_detections) (nullable) (transfer none): boxes in
 *   pixels of that frame, best score first; copied, their labels are interned,
 *   those without an id get one
 * @n_detections: number of @detections, 0 for a frame with nothing in it
 *
 * Attaches the answer of one model to one frame. A buffer can carry the answers
 * of several models.
 *
 * Returns: (transfer none): the meta, owned by @buffer
 *
 * Since: 0.1
 */
GstTorchscriptDetectionMeta *
gst_buffer_add_torchscript_detection_meta (GstBuffer * buffer,
    const gchar * model_name, guint frame_width, guint frame_height,
    guint64 result_number, const GstTorchscriptDetection * detections,
    guint n_detections)
{
  TsSharedList *list;
  GstTorchscriptDetection *items;
  guint i;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (gst_buffer_is_writable (buffer), NULL);
  g_return_val_if_fail (model_name != NULL, NULL);
  g_return_val_if_fail (frame_width > 0 && frame_height > 0, NULL);
  g_return_val_if_fail (detections != NULL || n_detections == 0, NULL);

  list = ts_shared_list_new (n_detections, sizeof (GstTorchscriptDetection));
  items = list->items;
  for (i = 0; i < n_detections; i++) {
    GstTorchscriptDetection *d = &items[i];

    *d = detections[i];
    d->label = g_intern_string (d->label);
    if (d->id == 0)
      d->id = gst_util_seqnum_next ();
  }

  return add_meta (buffer, g_intern_string (model_name), frame_width,
      frame_height, result_number, list);
}

/**
 * gst_buffer_get_torchscript_detection_meta:
 * @buffer: (transfer none): a buffer
 *
 * Gives the first meta; use gst_buffer_iterate_meta_filtered() with
 * #GST_TORCHSCRIPT_DETECTION_META_API_TYPE for the answers of further models.
 *
 * Returns: (transfer none) (nullable): the meta, owned by @buffer, or %NULL if
 *   no model has answered to this frame
 *
 * Since: 0.1
 */
GstTorchscriptDetectionMeta *
gst_buffer_get_torchscript_detection_meta (GstBuffer * buffer)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  return (GstTorchscriptDetectionMeta *) gst_buffer_get_meta (buffer,
      GST_TORCHSCRIPT_DETECTION_META_API_TYPE);
}

/**
 * gst_torchscript_detection_meta_get_n_detections:
 * @meta: (transfer none): a meta
 *
 * Returns: how many detections the meta holds, possibly 0
 *
 * Since: 0.1
 */
guint
gst_torchscript_detection_meta_get_n_detections (const
    GstTorchscriptDetectionMeta * meta)
{
  g_return_val_if_fail (meta != NULL, 0);

  return ((const TsSharedList *) meta->detections)->n;
}

/**
 * gst_torchscript_detection_meta_get_detection:
 * @meta: (transfer none): a meta
 * @index: which one, from 0 (the best score)
 *
 * Returns: (transfer none) (nullable): the detection, valid as long as the meta
 *   is, never to be written to; or %NULL if there is none with this index
 *
 * Since: 0.1
 */
const GstTorchscriptDetection *
gst_torchscript_detection_meta_get_detection (const
    GstTorchscriptDetectionMeta * meta, guint index)
{
  const TsSharedList *list;

  g_return_val_if_fail (meta != NULL, NULL);

  list = meta->detections;
  if (index >= list->n)
    return NULL;
  return (const GstTorchscriptDetection *) list->items + index;
}
