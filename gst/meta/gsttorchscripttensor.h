/* GStreamer TorchScript: a tensor that a model returned
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GST_TORCHSCRIPT_TYPE_TENSOR:
 *
 * The boxed type of #GstTorchscriptTensor.
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_TYPE_TENSOR (gst_torchscript_tensor_get_type ())

/**
 * GST_TORCHSCRIPT_TENSOR_MAX_DIMS:
 *
 * The most dimensions a tensor has.
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_TENSOR_MAX_DIMS 8

/**
 * GstTorchscriptDtype:
 * @GST_TORCHSCRIPT_DTYPE_FLOAT32: 32-bit floating point
 * @GST_TORCHSCRIPT_DTYPE_FLOAT16: 16-bit floating point
 * @GST_TORCHSCRIPT_DTYPE_BFLOAT16: the upper half of a 32-bit floating point
 * @GST_TORCHSCRIPT_DTYPE_FLOAT64: 64-bit floating point
 * @GST_TORCHSCRIPT_DTYPE_UINT8: unsigned, 8 bits
 * @GST_TORCHSCRIPT_DTYPE_INT8: signed, 8 bits
 * @GST_TORCHSCRIPT_DTYPE_INT16: signed, 16 bits
 * @GST_TORCHSCRIPT_DTYPE_INT32: signed, 32 bits
 * @GST_TORCHSCRIPT_DTYPE_INT64: signed, 64 bits
 * @GST_TORCHSCRIPT_DTYPE_BOOL: a byte, 0 or 1
 *
 * The type of a tensor's elements, in the machine's byte order.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_TORCHSCRIPT_DTYPE_FLOAT32,
  GST_TORCHSCRIPT_DTYPE_FLOAT16,
  GST_TORCHSCRIPT_DTYPE_BFLOAT16,
  GST_TORCHSCRIPT_DTYPE_FLOAT64,
  GST_TORCHSCRIPT_DTYPE_UINT8,
  GST_TORCHSCRIPT_DTYPE_INT8,
  GST_TORCHSCRIPT_DTYPE_INT16,
  GST_TORCHSCRIPT_DTYPE_INT32,
  GST_TORCHSCRIPT_DTYPE_INT64,
  GST_TORCHSCRIPT_DTYPE_BOOL
} GstTorchscriptDtype;

/**
 * GstTorchscriptTensor:
 *
 * A dense tensor in row-major order, never written to once it is made. Any
 * thread may read it.
 *
 * Since: 0.1
 */
typedef struct _GstTorchscriptTensor GstTorchscriptTensor;

GST_API_EXPORT
GType gst_torchscript_tensor_get_type (void);

GST_API_EXPORT
GstTorchscriptTensor *
gst_torchscript_tensor_new (const gchar * name, GstTorchscriptDtype dtype,
    const gint64 * shape, guint n_dims, GstBuffer * data);

GST_API_EXPORT
GstTorchscriptTensor *gst_torchscript_tensor_ref (GstTorchscriptTensor * tensor);

GST_API_EXPORT
void gst_torchscript_tensor_unref (GstTorchscriptTensor * tensor);

GST_API_EXPORT
const gchar *gst_torchscript_tensor_get_name (const GstTorchscriptTensor * tensor);

GST_API_EXPORT
GstTorchscriptDtype
gst_torchscript_tensor_get_dtype (const GstTorchscriptTensor * tensor);

GST_API_EXPORT
const gint64 *gst_torchscript_tensor_get_shape (const GstTorchscriptTensor * tensor,
    guint * n_dims);

GST_API_EXPORT
const gint64 *gst_torchscript_tensor_get_strides (const GstTorchscriptTensor * tensor,
    guint * n_dims);

GST_API_EXPORT
GstBuffer *gst_torchscript_tensor_get_data (const GstTorchscriptTensor * tensor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTorchscriptTensor,
    gst_torchscript_tensor_unref)

G_END_DECLS
