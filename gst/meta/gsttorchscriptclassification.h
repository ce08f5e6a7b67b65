/* GStreamer TorchScript: a class of a whole frame, or of a part of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GST_TORCHSCRIPT_TYPE_CLASSIFICATION:
 *
 * The boxed type of #GstTorchscriptClassification.
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_TYPE_CLASSIFICATION \
  (gst_torchscript_classification_get_type ())

typedef struct _GstTorchscriptClassification GstTorchscriptClassification;

/**
 * GstTorchscriptClassification:
 * @score: the model's confidence, 0 to 1
 * @class_id: number of the class, from 0
 * @label: (nullable): name of the class, or %NULL if the model names none; an
 *   interned string (g_intern_string()), never freed
 *
 * One class that the whole frame, or a detection on it, may be of.
 *
 * Since: 0.1
 */
struct _GstTorchscriptClassification
{
  gfloat score;
  gint class_id;
  const gchar *label;
};

GST_API_EXPORT
GType gst_torchscript_classification_get_type (void);

GST_API_EXPORT
GstTorchscriptClassification *
gst_torchscript_classification_new (gfloat score, gint class_id,
    const gchar * label);

GST_API_EXPORT
GstTorchscriptClassification *
gst_torchscript_classification_copy (const GstTorchscriptClassification * classification);

GST_API_EXPORT
void gst_torchscript_classification_free (GstTorchscriptClassification * classification);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTorchscriptClassification,
    gst_torchscript_classification_free)

G_END_DECLS
