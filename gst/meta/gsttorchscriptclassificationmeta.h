/* GStreamer TorchScript: classes of a whole frame, or of a part of it, on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "gsttorchscriptclassification.h"

G_BEGIN_DECLS

/**
 * GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE:
 *
 * The API type of #GstTorchscriptClassificationMeta, for
 * gst_buffer_iterate_meta_filtered().
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE \
  (gst_torchscript_classification_meta_api_get_type ())

/**
 * GST_TORCHSCRIPT_CLASSIFICATION_META_INFO: (skip)
 *
 * The #GstMetaInfo of #GstTorchscriptClassificationMeta.
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_CLASSIFICATION_META_INFO \
  (gst_torchscript_classification_meta_get_info ())

typedef struct _GstTorchscriptClassificationMeta
    GstTorchscriptClassificationMeta;

/**
 * GstTorchscriptClassificationMeta:
 * @meta: parent
 * @model_name: name of the model that answered; an interned string
 * @result_number: running number of this answer, from 0 at each start of the
 *   element that attached it
 * @parent_id: the detection that was looked at, as #GstTorchscriptDetection's id
 *   has it; 0: the whole frame was
 *
 * What one model says the whole frame is, or a detection on it: its best classes,
 * best score first. A buffer carries one such meta per inference element it went
 * through, and per detection where the element looks at those. Once
 * attached it does not change, so that copies share the classes and any thread
 * that holds the buffer may read them.
 *
 * It is kept when the buffer is copied, and when the frame is converted or
 * scaled.
 *
 * Since: 0.1
 */
struct _GstTorchscriptClassificationMeta
{
  GstMeta meta;

  const gchar *model_name;
  guint64 result_number;
  guint parent_id;

  /*< private >*/
  gpointer classes;
};

GST_API_EXPORT
GType gst_torchscript_classification_meta_api_get_type (void);

GST_API_EXPORT
const GstMetaInfo *gst_torchscript_classification_meta_get_info (void);

GST_API_EXPORT
GstTorchscriptClassificationMeta *
gst_buffer_add_torchscript_classification_meta (GstBuffer * buffer,
    const gchar * model_name, guint64 result_number,
    const GstTorchscriptClassification * classes, guint n_classes);

GST_API_EXPORT
GstTorchscriptClassificationMeta *
gst_buffer_get_torchscript_classification_meta (GstBuffer * buffer);

GST_API_EXPORT
GstTorchscriptClassificationMeta *
gst_buffer_get_torchscript_classification_meta_id (GstBuffer * buffer,
    guint parent_id);

GST_API_EXPORT
guint
gst_torchscript_classification_meta_get_n_classes (const GstTorchscriptClassificationMeta * meta);

GST_API_EXPORT
const GstTorchscriptClassification *
gst_torchscript_classification_meta_get_class (const GstTorchscriptClassificationMeta * meta,
    guint index);

G_END_DECLS
