/* tsnms.c - non-maximum suppression
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsnms.h"

static gboolean
is_suppressed (const TsBox * box, const TsBox * kept, guint n_kept,
    gfloat iou_threshold)
{
  for (guint i = 0; i < n_kept; i++)
    if (kept[i].class_id == box->class_id
        && ts_box_iou (kept[i].box, box->box) > iou_threshold)
      return TRUE;
  return FALSE;
}

void
ts_nms (GArray * boxes, gfloat iou_threshold, guint max_boxes)
{
  TsBox *box = (TsBox *) (gpointer) boxes->data;
  guint n_kept = 0;

  for (guint i = 0; i < boxes->len && n_kept < max_boxes; i++)
    if (!is_suppressed (&box[i], box, n_kept, iou_threshold))
      box[n_kept++] = box[i];
  g_array_set_size (boxes, n_kept);
}
