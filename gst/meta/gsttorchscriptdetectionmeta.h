/* GStreamer TorchScript: detections on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "gsttorchscriptdetection.h"

G_BEGIN_DECLS

/**
 * GST_TORCHSCRIPT_DETECTION_META_API_TYPE:
 *
 * The API type of #GstTorchscriptDetectionMeta, for
 * gst_buffer_iterate_meta_filtered().
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_DETECTION_META_API_TYPE \
  (gst_torchscript_detection_meta_api_get_type ())

/**
 * GST_TORCHSCRIPT_DETECTION_META_INFO: (skip)
 *
 * The #GstMetaInfo of #GstTorchscriptDetectionMeta.
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_DETECTION_META_INFO \
  (gst_torchscript_detection_meta_get_info ())

typedef struct _GstTorchscriptDetectionMeta GstTorchscriptDetectionMeta;

/**
 * GstTorchscriptDetectionMeta:
 * @meta: parent
 * @model_name: name of the model that answered; an interned string
 * @frame_width: width of the frame the boxes refer to, pixels; a reader that
 *   sees a frame of another size must not trust the boxes
 * @frame_height: height of that frame, pixels
 * @result_number: running number of this answer, from 0 at each start of the
 *   element that attached it
 * @model_number: which model answered, from 0; one more after each change of the
 *   model in a running element
 * @age: how many frames ago the model looked; 0 for this frame, more where the
 *   boxes of an earlier frame are carried on
 *
 * The answer of one model to one frame: any number of detections, best score
 * first, possibly none. A buffer carries one such meta per inference element it
 * went through. Once pushed it does not change, so that copies share the
 * detections and any thread that holds the buffer may read them.
 *
 * It is kept when the buffer is copied, whole or in part, and when a converter
 * changes the colours. When a converter scales the frame, boxes and frame size
 * are scaled. It is dropped, rather than left with boxes in the wrong place, by
 * whatever rotates, mirrors or crops into a new frame, and by scaling that
 * changes the picture's aspect ratio (the meta is not told whether borders were
 * added or the picture was stretched).
 *
 * Since: 0.1
 */
struct _GstTorchscriptDetectionMeta
{
  GstMeta meta;

  const gchar *model_name;
  guint frame_width, frame_height;
  guint64 result_number;
  guint model_number;
  guint age;

  /*< private >*/
  gpointer detections;
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
