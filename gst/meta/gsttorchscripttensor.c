/* GStreamer TorchScript: a tensor that a model returned
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscripttensor.h"

#include <string.h>

struct _GstTorchscriptTensor
{
  gatomicrefcount references;
  gchar *name;
  GstTorchscriptDtype dtype;
  guint n_dims;
  gint64 shape[GST_TORCHSCRIPT_TENSOR_MAX_DIMS];
  gint64 strides[GST_TORCHSCRIPT_TENSOR_MAX_DIMS];
  GstBuffer *data;
};

G_DEFINE_BOXED_TYPE (GstTorchscriptTensor, gst_torchscript_tensor,
    gst_torchscript_tensor_ref, gst_torchscript_tensor_unref);

static const gsize element_sizes[] = { 4, 2, 2, 8, 1, 1, 2, 4, 8, 1 };

/* Fills in the strides; FALSE if @size bytes do not hold all elements. */
static gboolean
compute_strides (GstTorchscriptTensor * self, gsize size)
{
  gsize stride = element_sizes[self->dtype];

  for (guint i = self->n_dims; i-- > 0;) {
    self->strides[i] = (gint64) stride;
    if (self->shape[i] < 0
        || !g_size_checked_mul (&stride, stride, (gsize) self->shape[i])
        || stride > G_MAXINT64)
      return FALSE;
  }
  return stride <= size;
}

/**
 * gst_torchscript_tensor_new:
 * @name: where the module returned it: list indices and dict keys joined by
 *   dots; "" if it is all that was returned
 * @dtype: type of the elements
 * @shape: (array length=n_dims): sizes, outermost first, each 0 or more
 * @n_dims: number of dimensions, 0 (a number) to
 *   #GST_TORCHSCRIPT_TENSOR_MAX_DIMS
 * @data: (transfer none): the elements in row-major order, dense, at least as
 *   many bytes as they take
 *
 * Returns: (transfer full): a tensor that holds a reference to @data
 *
 * Since: 0.1
 */
GstTorchscriptTensor *
gst_torchscript_tensor_new (const gchar * name, GstTorchscriptDtype dtype,
    const gint64 * shape, guint n_dims, GstBuffer * data)
{
  GstTorchscriptTensor *self;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (n_dims <= GST_TORCHSCRIPT_TENSOR_MAX_DIMS, NULL);
  g_return_val_if_fail (dtype <= GST_TORCHSCRIPT_DTYPE_BOOL, NULL);
  g_return_val_if_fail (GST_IS_BUFFER (data), NULL);

  self = g_new0 (GstTorchscriptTensor, 1);
  g_atomic_ref_count_init (&self->references);
  self->name = g_strdup (name);
  self->dtype = dtype;
  self->n_dims = n_dims;
  if (n_dims > 0)
    memcpy (self->shape, shape, n_dims * sizeof (gint64));
  self->data = gst_buffer_ref (data);
  if (!compute_strides (self, gst_buffer_get_size (data))) {
    g_critical ("a tensor's data are shorter than its shape says");
    g_clear_pointer (&self, gst_torchscript_tensor_unref);
  }
  return self;
}

/**
 * gst_torchscript_tensor_ref:
 * @tensor: (transfer none): a tensor
 *
 * Returns: (transfer full): the same
 *
 * Since: 0.1
 */
GstTorchscriptTensor *
gst_torchscript_tensor_ref (GstTorchscriptTensor * tensor)
{
  g_return_val_if_fail (tensor != NULL, NULL);

  g_atomic_ref_count_inc (&tensor->references);
  return tensor;
}

/**
 * gst_torchscript_tensor_unref:
 * @tensor: (transfer full): a tensor
 *
 * Since: 0.1
 */
void
gst_torchscript_tensor_unref (GstTorchscriptTensor * tensor)
{
  g_return_if_fail (tensor != NULL);

  if (!g_atomic_ref_count_dec (&tensor->references))
    return;
  gst_buffer_unref (tensor->data);
  g_free (tensor->name);
  g_free (tensor);
}

/**
 * gst_torchscript_tensor_get_name:
 * @tensor: (transfer none): a tensor
 *
 * Returns: (transfer none): where the module returned it: list indices and dict
 *   keys joined by dots; "" if it is all that was returned
 *
 * Since: 0.1
 */
const gchar *
gst_torchscript_tensor_get_name (const GstTorchscriptTensor * tensor)
{
  g_return_val_if_fail (tensor != NULL, NULL);

  return tensor->name;
}

/**
 * gst_torchscript_tensor_get_dtype:
 * @tensor: (transfer none): a tensor
 *
 * Returns: the type of the elements
 *
 * Since: 0.1
 */
GstTorchscriptDtype
gst_torchscript_tensor_get_dtype (const GstTorchscriptTensor * tensor)
{
  g_return_val_if_fail (tensor != NULL, GST_TORCHSCRIPT_DTYPE_FLOAT32);

  return tensor->dtype;
}

/**
 * gst_torchscript_tensor_get_shape:
 * @tensor: (transfer none): a tensor
 * @n_dims: (out): number of dimensions
 *
 * Returns: (array length=n_dims) (transfer none): the sizes, outermost first
 *
 * Since: 0.1
 */
const gint64 *
gst_torchscript_tensor_get_shape (const GstTorchscriptTensor * tensor,
    guint * n_dims)
{
  g_return_val_if_fail (tensor != NULL && n_dims != NULL, NULL);

  *n_dims = tensor->n_dims;
  return tensor->shape;
}

/**
 * gst_torchscript_tensor_get_strides:
 * @tensor: (transfer none): a tensor
 * @n_dims: (out): number of dimensions
 *
 * Returns: (array length=n_dims) (transfer none): bytes from one element of each
 *   dimension to the next
 *
 * Since: 0.1
 */
const gint64 *
gst_torchscript_tensor_get_strides (const GstTorchscriptTensor * tensor,
    guint * n_dims)
{
  g_return_val_if_fail (tensor != NULL && n_dims != NULL, NULL);

  *n_dims = tensor->n_dims;
  return tensor->strides;
}

/**
 * gst_torchscript_tensor_get_data:
 * @tensor: (transfer none): a tensor
 *
 * Returns: (transfer none): the elements; map it for reading only
 *
 * Since: 0.1
 */
GstBuffer *
gst_torchscript_tensor_get_data (const GstTorchscriptTensor * tensor)
{
  g_return_val_if_fail (tensor != NULL, NULL);

  return tensor->data;
}
