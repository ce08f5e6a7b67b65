/* GStreamer TorchScript: what was detected in a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GST_TORCHSCRIPT_TYPE_DETECTION:
 *
 * The boxed type of #GstTorchscriptDetection.
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_TYPE_DETECTION (gst_torchscript_detection_get_type ())

typedef struct _GstTorchscriptDetection GstTorchscriptDetection;

/**
 * GstTorchscriptRelation:
 * @GST_TORCHSCRIPT_RELATION_NONE: belongs to no other detection, as far as known
 * @GST_TORCHSCRIPT_RELATION_CAPTION_OF: the caption of a figure or a table
 * @GST_TORCHSCRIPT_RELATION_FOOTNOTE_OF: a note under a table
 * @GST_TORCHSCRIPT_RELATION_NUMBER_OF: the number of a formula
 *
 * What a detection is to the one that its parent_id names.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_TORCHSCRIPT_RELATION_NONE,
  GST_TORCHSCRIPT_RELATION_CAPTION_OF,
  GST_TORCHSCRIPT_RELATION_FOOTNOTE_OF,
  GST_TORCHSCRIPT_RELATION_NUMBER_OF
} GstTorchscriptRelation;

/**
 * GstTorchscriptDetection:
 * @x1: left edge of the box
 * @y1: top edge of the box
 * @x2: right edge of the box, not less than @x1
 * @y2: bottom edge of the box, not less than @y1
 * @score: the model's confidence, 0 to 1
 * @class_id: number of the class, from 0
 * @label: (nullable): name of the class, or %NULL if the model names none; an
 *   interned string (g_intern_string()), never freed
 * @id: number of this detection, unique in the process, so that other metas and
 *   other detections can name it; given by the meta that takes the detection in
 * @parent_id: @id of the detection that this one belongs to (the table of a
 *   caption, the page region a second model looked at), or 0
 * @track_id: number of the object, the same in every frame that a tracker has
 *   found it in, from 1; 0 without a tracker
 * @order: place in the reading order of the page, from 1; 0 if not known
 * @relation: what the object is to the one that @parent_id names
 *
 * One detected object. The corners are in pixels of the frame that the meta is
 * attached to, in continuous coordinates: the top left pixel spans 0.0 to 1.0 in
 * both directions, so that a box round the whole frame is 0, 0, width, height.
 *
 * Since: 0.1
 */
struct _GstTorchscriptDetection
{
  gfloat x1, y1, x2, y2;
  gfloat score;
  gint class_id;
  const gchar *label;
  guint id, parent_id;
  guint track_id;
  guint order;
  GstTorchscriptRelation relation;
};

GST_API_EXPORT
GType gst_torchscript_detection_get_type (void);

GST_API_EXPORT
GstTorchscriptDetection *
gst_torchscript_detection_new (gfloat x1, gfloat y1, gfloat x2, gfloat y2,
    gfloat score, gint class_id, const gchar * label);

GST_API_EXPORT
GstTorchscriptDetection *
gst_torchscript_detection_copy (const GstTorchscriptDetection * detection);

GST_API_EXPORT
void gst_torchscript_detection_free (GstTorchscriptDetection * detection);

GST_API_EXPORT
gboolean gst_torchscript_detection_is_part (const GstTorchscriptDetection * detection);

GST_API_EXPORT
const gchar *gst_torchscript_relation_get_name (GstTorchscriptRelation relation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTorchscriptDetection,
    gst_torchscript_detection_free)

G_END_DECLS
