/* GStreamer TorchScript: the raw tensors of a model's answer, on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscripttensormeta.h"

GType
gst_torchscript_tensor_meta_api_get_type (void)
{
  static GType type = 0;
  static const gchar *tags[] = { NULL };

  if (g_once_init_enter (&type)) {
    GType api = gst_meta_api_type_register ("GstTorchscriptTensorMetaAPI",
        tags);
    g_once_init_leave (&type, api);
  }
  return type;
}

static gboolean
tensor_meta_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  GstTorchscriptTensorMeta *self = (GstTorchscriptTensorMeta *) meta;

  self->model_name = NULL;
  self->result_number = 0;
  self->parent_id = 0;
  self->tensors = NULL;
  return TRUE;
}

static void
tensor_meta_free (GstMeta * meta, GstBuffer * buffer)
{
  GstTorchscriptTensorMeta *self = (GstTorchscriptTensorMeta *) meta;

  g_clear_pointer (&self->tensors, g_ptr_array_unref);
}

/* Takes @tensors. */
static GstTorchscriptTensorMeta *
add_meta (GstBuffer * buffer, const gchar * model_name, guint64 result_number,
    GPtrArray * tensors)
{
  GstTorchscriptTensorMeta *self = (GstTorchscriptTensorMeta *)
      gst_buffer_add_meta (buffer, GST_TORCHSCRIPT_TENSOR_META_INFO, NULL);

  self->model_name = model_name;
  self->result_number = result_number;
  self->tensors = tensors;
  return self;
}

static gboolean
tensor_meta_transform (GstBuffer * dest, GstMeta * meta, GstBuffer * buffer,
    GQuark type, gpointer data)
{
  GstTorchscriptTensorMeta *self = (GstTorchscriptTensorMeta *) meta;

  add_meta (dest, self->model_name, self->result_number,
      g_ptr_array_ref (self->tensors))->parent_id = self->parent_id;
  return TRUE;
}

/**
 * gst_torchscript_tensor_meta_get_info: (skip)
 *
 * Returns: (transfer none): how GStreamer handles the meta
 *
 * Since: 0.1
 */
const GstMetaInfo *
gst_torchscript_tensor_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered =
        gst_meta_register (GST_TORCHSCRIPT_TENSOR_META_API_TYPE,
        "GstTorchscriptTensorMeta", sizeof (GstTorchscriptTensorMeta),
        tensor_meta_init, tensor_meta_free, tensor_meta_transform);
    g_once_init_leave (&info, registered);
  }
  return info;
}

/**
 * gst_buffer_add_torchscript_tensor_meta:
 * @buffer: (transfer none): a writable buffer
 * @model_name: name of the model that answered; interned
 * @result_number: running number of this answer, from 0
 * @tensors: (array length=n_tensors) (nullable) (transfer none): the tensors;
 *   the meta takes a reference to each
 * @n_tensors: number of @tensors
 *
 * Attaches the raw answer of one model to one frame.
 *
 * Returns: (transfer none): the meta, owned by @buffer
 *
 * Since: 0.1
 */
GstTorchscriptTensorMeta *
gst_buffer_add_torchscript_tensor_meta (GstBuffer * buffer,
    const gchar * model_name, guint64 result_number,
    GstTorchscriptTensor ** tensors, guint n_tensors)
{
  GPtrArray *array;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (gst_buffer_is_writable (buffer), NULL);
  g_return_val_if_fail (model_name != NULL, NULL);
  g_return_val_if_fail (tensors != NULL || n_tensors == 0, NULL);

  array = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_torchscript_tensor_unref);
  for (guint i = 0; i < n_tensors; i++)
    g_ptr_array_add (array, gst_torchscript_tensor_ref (tensors[i]));
  return add_meta (buffer, g_intern_string (model_name), result_number, array);
}

/**
 * gst_buffer_get_torchscript_tensor_meta:
 * @buffer: (transfer none): a buffer
 *
 * Gives the first meta; use gst_buffer_iterate_meta_filtered() with
 * #GST_TORCHSCRIPT_TENSOR_META_API_TYPE for the tensors of further models.
 *
 * Returns: (transfer none) (nullable): the meta, owned by @buffer, or %NULL
 *
 * Since: 0.1
 */
GstTorchscriptTensorMeta *
gst_buffer_get_torchscript_tensor_meta (GstBuffer * buffer)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  return (GstTorchscriptTensorMeta *) gst_buffer_get_meta (buffer,
      GST_TORCHSCRIPT_TENSOR_META_API_TYPE);
}

/**
 * gst_torchscript_tensor_meta_get_n_tensors:
 * @meta: (transfer none): a meta
 *
 * Returns: how many tensors the meta holds, possibly 0
 *
 * Since: 0.1
 */
guint
gst_torchscript_tensor_meta_get_n_tensors (const GstTorchscriptTensorMeta *
    meta)
{
  g_return_val_if_fail (meta != NULL, 0);

  return meta->tensors->len;
}

/**
 * gst_torchscript_tensor_meta_get_tensor:
 * @meta: (transfer none): a meta
 * @index: which one, from 0, in the order of the module's answer
 *
 * Returns: (transfer none) (nullable): the tensor, valid as long as the meta is
 *   unless a reference is taken; or %NULL if there is none with this index
 *
 * Since: 0.1
 */
GstTorchscriptTensor *
gst_torchscript_tensor_meta_get_tensor (const GstTorchscriptTensorMeta * meta,
    guint index)
{
  g_return_val_if_fail (meta != NULL, NULL);

  return index < meta->tensors->len ? meta->tensors->pdata[index] : NULL;
}
