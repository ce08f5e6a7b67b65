/* GStreamer TorchScript: the raw tensors of a model's answer, on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "gsttorchscripttensor.h"

G_BEGIN_DECLS

/**
 * GST_TORCHSCRIPT_TENSOR_META_API_TYPE:
 *
 * The API type of #GstTorchscriptTensorMeta, for
 * gst_buffer_iterate_meta_filtered().
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_TENSOR_META_API_TYPE \
  (gst_torchscript_tensor_meta_api_get_type ())

/**
 * GST_TORCHSCRIPT_TENSOR_META_INFO: (skip)
 *
 * The #GstMetaInfo of #GstTorchscriptTensorMeta.
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_TENSOR_META_INFO \
  (gst_torchscript_tensor_meta_get_info ())

typedef struct _GstTorchscriptTensorMeta GstTorchscriptTensorMeta;

/**
 * GstTorchscriptTensorMeta:
 * @meta: parent
 * @model_name: name of the model that answered; an interned string
 * @result_number: running number of this answer, from 0 at each start of the
 *   element that attached it
 * @parent_id: the detection that was looked at, as #GstTorchscriptDetection's id
 *   has it; 0: the whole frame was
 *
 * All tensors that a model returned for a frame, or for a detection on it, as they
 * are: numbers in them refer to the model's input, not to the frame. The meta is kept whatever
 * happens to the frame; copies share the tensors.
 *
 * Since: 0.1
 */
struct _GstTorchscriptTensorMeta
{
  GstMeta meta;

  const gchar *model_name;
  guint64 result_number;
  guint parent_id;

  /*< private >*/
  GPtrArray *tensors;
};

GST_API_EXPORT
GType gst_torchscript_tensor_meta_api_get_type (void);

GST_API_EXPORT
const GstMetaInfo *gst_torchscript_tensor_meta_get_info (void);

GST_API_EXPORT
GstTorchscriptTensorMeta *
gst_buffer_add_torchscript_tensor_meta (GstBuffer * buffer,
    const gchar * model_name, guint64 result_number,
    GstTorchscriptTensor ** tensors, guint n_tensors);

GST_API_EXPORT
GstTorchscriptTensorMeta *
gst_buffer_get_torchscript_tensor_meta (GstBuffer * buffer);

GST_API_EXPORT
guint
gst_torchscript_tensor_meta_get_n_tensors (const GstTorchscriptTensorMeta * meta);

GST_API_EXPORT
GstTorchscriptTensor *
gst_torchscript_tensor_meta_get_tensor (const GstTorchscriptTensorMeta * meta,
    guint index);

G_END_DECLS
