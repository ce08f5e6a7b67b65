/* gstdetectionreplay.h - element that attaches recorded detections to frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_DETECTION_REPLAY (gst_detection_replay_get_type ())
G_DECLARE_FINAL_TYPE (GstDetectionReplay, gst_detection_replay, GST,
    DETECTION_REPLAY, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (detectionreplay)

G_END_DECLS
