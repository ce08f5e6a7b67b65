/* GStreamer TorchScript: a class for each part of a frame, on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscriptmaskmeta.h"

#include <math.h>
#include <string.h>

#include "metascale.h"
#include "sharedlist.h"

GType
gst_torchscript_mask_meta_api_get_type (void)
{
  static GType type = 0;
  /* Whatever turns or resizes the frame must ask the transform below, or drop. */
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR,
    GST_META_TAG_VIDEO_SIZE_STR, GST_META_TAG_VIDEO_ORIENTATION_STR, NULL
  };

  if (g_once_init_enter (&type)) {
    GType api = gst_meta_api_type_register ("GstTorchscriptMaskMetaAPI", tags);
    g_once_init_leave (&type, api);
  }
  return type;
}

static gboolean
mask_meta_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  GstTorchscriptMaskMeta *self = (GstTorchscriptMaskMeta *) meta;

  memset ((guint8 *) self + sizeof (GstMeta), 0,
      sizeof (*self) - sizeof (GstMeta));
  return TRUE;
}

static void
mask_meta_free (GstMeta * meta, GstBuffer * buffer)
{
  GstTorchscriptMaskMeta *self = (GstTorchscriptMaskMeta *) meta;

  g_clear_pointer ((TsSharedList **) & self->classes, ts_shared_list_unref);
}

static GstTorchscriptMaskMeta *
copy_meta (GstBuffer * dest, const GstTorchscriptMaskMeta * from)
{
  GstTorchscriptMaskMeta *self = (GstTorchscriptMaskMeta *)
      gst_buffer_add_meta (dest, GST_TORCHSCRIPT_MASK_META_INFO, NULL);

  memcpy ((guint8 *) self + sizeof (GstMeta),
      (const guint8 *) from + sizeof (GstMeta),
      sizeof (*self) - sizeof (GstMeta));
  ts_shared_list_ref (self->classes);
  return self;
}

static gboolean
transform_scale (GstBuffer * dest, const GstTorchscriptMaskMeta * self,
    const GstVideoMetaTransform * trans)
{
  const GstVideoInfo *in = trans->in_info, *out = trans->out_info;
  gfloat sx = (gfloat) out->width / in->width;
  gfloat sy = (gfloat) out->height / in->height;
  GstTorchscriptMaskMeta *scaled;

  if (!gst_torchscript_meta_can_scale ("mask", self->frame_width,
          self->frame_height, trans))
    return FALSE;
  scaled = copy_meta (dest, self);
  scaled->frame_width = out->width;
  scaled->frame_height = out->height;
  scaled->x *= sx;
  scaled->width *= sx;
  scaled->y *= sy;
  scaled->height *= sy;
  return TRUE;
}

static gboolean
mask_meta_transform (GstBuffer * dest, GstMeta * meta, GstBuffer * buffer,
    GQuark type, gpointer data)
{
  GstTorchscriptMaskMeta *self = (GstTorchscriptMaskMeta *) meta;

  if (GST_META_TRANSFORM_IS_COPY (type)) {
    copy_meta (dest, self);
    return TRUE;
  }
  if (GST_VIDEO_META_TRANSFORM_IS_SCALE (type))
    return transform_scale (dest, self, data);
  return FALSE;
}

/**
 * gst_torchscript_mask_meta_get_info: (skip)
 *
 * Returns: (transfer none): how GStreamer handles the meta
 *
 * Since: 0.1
 */
const GstMetaInfo *
gst_torchscript_mask_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered =
        gst_meta_register (GST_TORCHSCRIPT_MASK_META_API_TYPE,
        "GstTorchscriptMaskMeta", sizeof (GstTorchscriptMaskMeta),
        mask_meta_init, mask_meta_free, mask_meta_transform);
    g_once_init_leave (&info, registered);
  }
  return info;
}

/**
 * gst_buffer_add_torchscript_mask_meta:
 * @buffer: (transfer none): a writable buffer
 * @model_name: name of the model that answered; interned
 * @frame_width: width of the frame the mask refers to, pixels, > 0
 * @frame_height: height of that frame, pixels, > 0
 * @result_number: running number of this answer, from 0
 * @columns: cells a row, > 0
 * @rows: rows of cells, > 0
 * @classes: (transfer none) (array length=n_classes): class numbers, row by row
 *   from the top left; copied
 * @n_classes: how many there are: @columns x @rows
 *
 * Attaches the answer of a semantic segmentation. The mask lies over the whole
 * frame until the caller sets x, y, width and height of the meta.
 *
 * Returns: (transfer none) (nullable): the meta, owned by @buffer, or %NULL if
 *   there is no memory for the mask
 *
 * Since: 0.1
 */
GstTorchscriptMaskMeta *
gst_buffer_add_torchscript_mask_meta (GstBuffer * buffer,
    const gchar * model_name, guint frame_width, guint frame_height,
    guint64 result_number, guint columns, guint rows, const guint16 * classes,
    gsize n_classes)
{
  GstTorchscriptMaskMeta *self;
  TsSharedList *list;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (gst_buffer_is_writable (buffer), NULL);
  g_return_val_if_fail (model_name != NULL, NULL);
  g_return_val_if_fail (frame_width > 0 && frame_height > 0, NULL);
  g_return_val_if_fail (columns > 0 && rows > 0, NULL);
  g_return_val_if_fail (classes != NULL, NULL);
  g_return_val_if_fail (n_classes == (gsize) columns * rows, NULL);

  list = ts_shared_list_try_new (n_classes, sizeof (guint16));
  if (list == NULL)
    return NULL;
  memcpy (list->items, classes, n_classes * sizeof (guint16));
  self = (GstTorchscriptMaskMeta *) gst_buffer_add_meta (buffer,
      GST_TORCHSCRIPT_MASK_META_INFO, NULL);
  self->model_name = g_intern_string (model_name);
  self->frame_width = frame_width;
  self->frame_height = frame_height;
  self->result_number = result_number;
  self->width = frame_width;
  self->height = frame_height;
  self->columns = columns;
  self->rows = rows;
  self->classes = list;
  return self;
}

/**
 * gst_buffer_get_torchscript_mask_meta:
 * @buffer: (transfer none): a buffer
 *
 * Gives the first meta; use gst_buffer_iterate_meta_filtered() with
 * #GST_TORCHSCRIPT_MASK_META_API_TYPE for the masks of further models.
 *
 * Returns: (transfer none) (nullable): the meta, owned by @buffer, or %NULL
 *
 * Since: 0.1
 */
GstTorchscriptMaskMeta *
gst_buffer_get_torchscript_mask_meta (GstBuffer * buffer)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  return (GstTorchscriptMaskMeta *) gst_buffer_get_meta (buffer,
      GST_TORCHSCRIPT_MASK_META_API_TYPE);
}

/**
 * gst_torchscript_mask_meta_get_cells: (skip)
 * @meta: (transfer none): a meta
 *
 * Returns: (transfer none): columns x rows class numbers, row by row from the
 *   top left, which live as long as the meta
 *
 * Since: 0.1
 */
const guint16 *
gst_torchscript_mask_meta_get_cells (const GstTorchscriptMaskMeta * meta)
{
  g_return_val_if_fail (meta != NULL, NULL);

  return ((const TsSharedList *) meta->classes)->items;
}

/**
 * gst_torchscript_mask_meta_get_classes:
 * @meta: (transfer none): a meta
 *
 * Shares the memory of the mask, which outlives the meta so.
 *
 * Returns: (transfer full): columns x rows class numbers, row by row from the
 *   top left, each an unsigned 16-bit integer in the machine's byte order
 *
 * Since: 0.1
 */
GBytes *
gst_torchscript_mask_meta_get_classes (const GstTorchscriptMaskMeta * meta)
{
  TsSharedList *list;

  g_return_val_if_fail (meta != NULL, NULL);

  list = ts_shared_list_ref (meta->classes);
  return g_bytes_new_with_free_func (list->items, list->n * sizeof (guint16),
      (GDestroyNotify) ts_shared_list_unref, list);
}

/**
 * gst_torchscript_mask_meta_get_class_at:
 * @meta: (transfer none): a meta
 * @x: a point in the frame, pixels; the top left pixel spans 0.0 to 1.0
 * @y: likewise
 *
 * Returns: the number of the class at this point, from 0; or -1 where the mask
 *   does not reach
 *
 * Since: 0.1
 */
gint
gst_torchscript_mask_meta_get_class_at (const GstTorchscriptMaskMeta * meta,
    gfloat x, gfloat y)
{
  gdouble column, row;

  g_return_val_if_fail (meta != NULL, -1);

  column = floor (((gdouble) x - meta->x) * meta->columns / meta->width);
  row = floor (((gdouble) y - meta->y) * meta->rows / meta->height);
  if (!(column >= 0 && column < meta->columns && row >= 0 && row < meta->rows))
    return -1;
  return gst_torchscript_mask_meta_get_cells (meta)[(gsize) row * meta->columns
      + (gsize) column];
}
