/* tensormirror.c - raw tensors as GStreamer's own tensor meta
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tensormirror.h"

#include <gst/analytics/analytics.h>

static const GstTensorDataType types[] = {
  [GST_TORCHSCRIPT_DTYPE_FLOAT32] = GST_TENSOR_DATA_TYPE_FLOAT32,
  [GST_TORCHSCRIPT_DTYPE_FLOAT16] = GST_TENSOR_DATA_TYPE_FLOAT16,
  [GST_TORCHSCRIPT_DTYPE_BFLOAT16] = GST_TENSOR_DATA_TYPE_BFLOAT16,
  [GST_TORCHSCRIPT_DTYPE_FLOAT64] = GST_TENSOR_DATA_TYPE_FLOAT64,
  [GST_TORCHSCRIPT_DTYPE_UINT8] = GST_TENSOR_DATA_TYPE_UINT8,
  [GST_TORCHSCRIPT_DTYPE_INT8] = GST_TENSOR_DATA_TYPE_INT8,
  [GST_TORCHSCRIPT_DTYPE_INT16] = GST_TENSOR_DATA_TYPE_INT16,
  [GST_TORCHSCRIPT_DTYPE_INT32] = GST_TENSOR_DATA_TYPE_INT32,
  [GST_TORCHSCRIPT_DTYPE_INT64] = GST_TENSOR_DATA_TYPE_INT64,
  [GST_TORCHSCRIPT_DTYPE_BOOL] = GST_TENSOR_DATA_TYPE_UINT8,
};

/* What ssdobjectdetector reads before 1.28. */
static const gchar *const old_ids[][2] = {
  {"ssd-mobilenet-v1-variant-1-out-boxes", "Gst.Model.ObjectDetector.Boxes"},
  {"ssd-mobilenet-v1-variant-1-out-scores", "Gst.Model.ObjectDetector.Scores"},
  {"ssd-mobilenet-v1-variant-1-out-classes",
      "Gst.Model.ObjectDetector.Classes"},
  {"generic-variant-1-out-count", "Gst.Model.ObjectDetector.NumDetections"},
};

static GQuark
get_quark (const gchar * id)
{
  guint major, minor, micro, nano;

  gst_version (&major, &minor, &micro, &nano);
  for (guint i = 0; minor < 27 && i < G_N_ELEMENTS (old_ids); i++)
    if (g_str_equal (id, old_ids[i][0]))
      return g_quark_from_static_string (old_ids[i][1]);
  return g_quark_from_string (id);
}

/* GStreamer's decoders call [1, 4 + classes, N] of the YOLOv8 family
 * column-major, though it lies in memory as everything else. */
static GstTensorDimOrder
get_order (const gchar * id)
{
  return g_str_has_prefix (id, "yolo-v8-") ? GST_TENSOR_DIM_ORDER_COL_MAJOR :
      GST_TENSOR_DIM_ORDER_ROW_MAJOR;
}

/* A number is a tensor of one element, as GStreamer's have a dimension. */
static GstTensor *
mirror (const GstTorchscriptTensor * tensor, const gchar * id)
{
  guint n_dims;
  const gint64 *shape = gst_torchscript_tensor_get_shape (tensor, &n_dims);
  gsize dims[GST_TORCHSCRIPT_TENSOR_MAX_DIMS] = { 1 };

  for (guint i = 0; i < n_dims; i++)
    dims[i] = (gsize) shape[i];
  return gst_tensor_new_simple (get_quark (id),
      types[gst_torchscript_tensor_get_dtype (tensor)],
      gst_buffer_ref (gst_torchscript_tensor_get_data (tensor)),
      get_order (id), MAX (n_dims, 1), dims);
}

void
ts_tensor_mirror (GstTorchscriptTensor * const *tensors,
    const gchar * const *ids, guint n_tensors, GstBuffer * buffer)
{
  GstTensor **mirrored = g_new (GstTensor *, n_tensors);

  for (guint i = 0; i < n_tensors; i++)
    mirrored[i] = mirror (tensors[i], ids[i]);
  gst_tensor_meta_set (gst_buffer_add_tensor_meta (buffer), n_tensors,
      mirrored);
}
