/* gsttorchscriptinfer.h - runs a TorchScript model on video frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_TORCHSCRIPT_INFER (gst_torchscript_infer_get_type ())
G_DECLARE_FINAL_TYPE (GstTorchscriptInfer, gst_torchscript_infer, GST,
    TORCHSCRIPT_INFER, GstElement)

GST_ELEMENT_REGISTER_DECLARE (torchscriptinfer);

G_END_DECLS
