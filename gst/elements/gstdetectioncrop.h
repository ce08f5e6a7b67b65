/* gstdetectioncrop.h - element that cuts detections out of frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_DETECTION_CROP (gst_detection_crop_get_type ())
G_DECLARE_FINAL_TYPE (GstDetectionCrop, gst_detection_crop, GST,
    DETECTION_CROP, GstElement)

GST_ELEMENT_REGISTER_DECLARE (detectioncrop)

/* The name of the custom meta that says where a picture was cut out. */
#define GST_DETECTION_CROP_META "GstTorchscriptCropMeta"

G_END_DECLS
