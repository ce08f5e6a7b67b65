/* GStreamer TorchScript: detections on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "gsttorchscriptdetection.h"

G_BEGIN_DECLS

#define GST_TORCHSCRIPT_DETECTION_META_API_TYPE \
  (gst_torchscript_detection_meta_api_get_type ())
#define GST_TORCHSCRIPT_DETECTION_META_INFO \
  (gst_torchscript_detection_meta_get_info ())

typedef struct _GstTorchscriptDetectionMeta GstTorchscriptDetectionMeta;

/**
 * GstTorchscriptDetectionMeta:
 * @meta: parent
 * @model_name: name of the model that answered; an interned string
 * @frame_width: width of the frame the boxes refer to, pixels
 * @frame_height: height of that frame, pixels
 * @result_number: running number of this answer, from 0 at each start of the
 *   element that attached it
 *
 * The answer of one model to one frame: any number of detections, best score
 * first, possibly none. A buffer carries one such meta per inference element it
 * went through. It is kept when the buffer is copied, and its boxes are scaled
 * when a converter scales the frame. Once attached it does not change, so that
 * copies share the detections.
 */
struct _GstTorchscriptDetectionMeta
{
  GstMeta meta;

  const gchar *model_name;
  guint frame_width, frame_height;
  guint64 result_number;

  /*< private >*/
  GArray *detections;
};

GST_API_EXPORT
GType gst_torchscript_detection_meta_api_get_type (void);

GST_API_EXPORT
const GstMetaInfo *gst_torchscript_detection_meta_get_info (void);

GST_API_EXPORT
GstTorchscriptDetectionMeta *
gst_buffer_add_torchscript_detection_meta (GstBuffer * buffer,
    const gchar * model_name, guint frame_width, guint frame_height,
    guint64 result_number, const GstTorchscriptDetection * detections,
    guint n_detections);

GST_API_EXPORT
GstTorchscriptDetectionMeta *
gst_buffer_get_torchscript_detection_meta (GstBuffer * buffer);

GST_API_EXPORT
guint
gst_torchscript_detection_meta_get_n_detections (const GstTorchscriptDetectionMeta * meta);

GST_API_EXPORT
const GstTorchscriptDetection *
gst_torchscript_detection_meta_get_detection (const GstTorchscriptDetectionMeta * meta,
    guint index);

G_END_DECLS
