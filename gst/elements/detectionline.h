/* detectionline.h - one model's answer to a frame as one line of JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "torchscript.h"

G_BEGIN_DECLS

/* Appends @meta as one JSON object and a newline, in UTF-8, the same in every
 * locale. The element's documentation has the schema. */
void gst_torchscript_append_detection_line (GString * line,
    const GstTorchscriptDetectionMeta * meta, GstClockTime pts);

/* Likewise for the other kinds of answers. */
void gst_torchscript_append_class_line (GString * line,
    const GstTorchscriptClassificationMeta * meta, GstClockTime pts);
void gst_torchscript_append_mask_line (GString * line,
    const GstTorchscriptMaskMeta * meta, GstClockTime pts);

G_END_DECLS
