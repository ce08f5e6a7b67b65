/* GStreamer TorchScript: what was detected in a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscriptdetection.h"

G_DEFINE_BOXED_TYPE (GstTorchscriptDetection, gst_torchscript_detection,
    gst_torchscript_detection_copy, gst_torchscript_detection_free);

/**
 * gst_torchscript_detection_new:
 * @x1: left edge of the box, pixels of the frame
 * @y1: top edge of the box
 * @x2: right edge of the box, not less than @x1
 * @y2: bottom edge of the box, not less than @y1
 * @score: the model's confidence, 0 to 1
 * @class_id: number of the class, from 0
 * @label: (nullable): name of the class, or %NULL; interned, so the caller's
 *   string may go
 *
 * Makes a detection on its own, for bindings; C code fills the struct.
 *
 * Returns: (transfer full): a detection; free with
 *   gst_torchscript_detection_free()
 *
 * Since: 0.1
 */
GstTorchscriptDetection *
gst_torchscript_detection_new (gfloat x1, gfloat y1, gfloat x2, gfloat y2,
    gfloat score, gint class_id, const gchar * label)
{
  const GstTorchscriptDetection detection = {
    x1, y1, x2, y2, score, class_id, g_intern_string (label)
  };

  return gst_torchscript_detection_copy (&detection);
}

/**
 * gst_torchscript_detection_copy:
 * @detection: (transfer none): a detection
 *
 * Returns: (transfer full): a copy; the label is shared, being interned
 *
 * Since: 0.1
 */
GstTorchscriptDetection *
gst_torchscript_detection_copy (const GstTorchscriptDetection * detection)
{
  g_return_val_if_fail (detection != NULL, NULL);

  return g_memdup2 (detection, sizeof (*detection));
}

/**
 * gst_torchscript_detection_free:
 * @detection: (transfer full) (nullable): a detection from
 *   gst_torchscript_detection_copy(); never one that a meta owns
 *
 * Since: 0.1
 */
void
gst_torchscript_detection_free (GstTorchscriptDetection * detection)
{
  g_free (detection);
}

/**
 * gst_torchscript_detection_is_part:
 * @detection: (transfer none): a detection
 *
 * Tells what a second model has found in another detection from what is an object of
 * the frame itself, a caption that belongs to another object included.
 *
 * Returns: whether @detection was found in the one that its parent_id names
 *
 * Since: 0.1
 */
gboolean
gst_torchscript_detection_is_part (const GstTorchscriptDetection * detection)
{
  g_return_val_if_fail (detection != NULL, FALSE);

  return detection->parent_id != 0
      && detection->relation == GST_TORCHSCRIPT_RELATION_NONE;
}

/**
 * gst_torchscript_relation_get_name:
 * @relation: a relation
 *
 * Returns: (nullable) (transfer none): its name, as in the JSON that the elements
 *   write; %NULL for %GST_TORCHSCRIPT_RELATION_NONE
 *
 * Since: 0.1
 */
const gchar *
gst_torchscript_relation_get_name (GstTorchscriptRelation relation)
{
  static const gchar *const names[] = {
    NULL, "caption_of", "footnote_of", "number_of"
  };

  g_return_val_if_fail ((guint) relation < G_N_ELEMENTS (names), NULL);

  return names[relation];
}
