/* GStreamer TorchScript: a class of a whole frame, or of a part of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscriptclassification.h"

G_DEFINE_BOXED_TYPE (GstTorchscriptClassification,
    gst_torchscript_classification, gst_torchscript_classification_copy,
    gst_torchscript_classification_free);

/**
 * gst_torchscript_classification_new:
 * @score: the model's confidence, 0 to 1
 * @class_id: number of the class, from 0
 * @label: (nullable): name of the class, or %NULL; interned, so the caller's
 *   string may go
 *
 * Makes a classification on its own, for bindings; C code fills the struct.
 *
 * Returns: (transfer full): a classification; free with
 *   gst_torchscript_classification_free()
 *
 * Since: 0.1
 */
GstTorchscriptClassification *
gst_torchscript_classification_new (gfloat score, gint class_id,
    const gchar * label)
{
  const GstTorchscriptClassification classification = {
    score, class_id, g_intern_string (label)
  };

  return gst_torchscript_classification_copy (&classification);
}

/**
 * gst_torchscript_classification_copy:
 * @classification: (transfer none): a classification
 *
 * Returns: (transfer full): a copy; the label is shared, being interned
 *
 * Since: 0.1
 */
GstTorchscriptClassification *
gst_torchscript_classification_copy (const GstTorchscriptClassification *
    classification)
{
  g_return_val_if_fail (classification != NULL, NULL);

  return g_memdup2 (classification, sizeof (*classification));
}

/**
 * gst_torchscript_classification_free:
 * @classification: (transfer full) (nullable): a classification from
 *   gst_torchscript_classification_copy(); never one that a meta owns
 *
 * Since: 0.1
 */
void
gst_torchscript_classification_free (GstTorchscriptClassification *
    classification)
{
  g_free (classification);
}
