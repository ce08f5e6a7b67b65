/* gstredispublish.h - element that publishes detections to a Redis stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstdetectionpublisher.h"

G_BEGIN_DECLS

#define GST_TYPE_REDIS_PUBLISH (gst_redis_publish_get_type ())
G_DECLARE_FINAL_TYPE (GstRedisPublish, gst_redis_publish, GST, REDIS_PUBLISH,
    GstDetectionPublisher)

GST_ELEMENT_REGISTER_DECLARE (redispublish)

G_END_DECLS
