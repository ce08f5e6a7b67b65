/* gstmqttpublish.h - element that publishes detections to an MQTT broker
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gstdetectionpublisher.h"

G_BEGIN_DECLS

#define GST_TYPE_MQTT_PUBLISH (gst_mqtt_publish_get_type ())
G_DECLARE_FINAL_TYPE (GstMqttPublish, gst_mqtt_publish, GST, MQTT_PUBLISH,
    GstDetectionPublisher)

GST_ELEMENT_REGISTER_DECLARE (mqttpublish)

G_END_DECLS
