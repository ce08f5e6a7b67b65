/* tsnms.c - non-maximum suppression
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsnms.h"

static gfloat
get_area (const gfloat box[4])
{
  return (box[2] - box[0]) * (box[3] - box[1]);
}

/* NaN for two boxes without area, which then do not overlap. */
static gfloat
get_iou (const gfloat a[4], const gfloat b[4])
{
  gfloat width = MIN (a[2], b[2]) - MAX (a[0], b[0]);
  gfloat height = MIN (a[3], b[3]) - MAX (a[1], b[1]);
  gfloat both = MAX (width, 0.f) * MAX (height, 0.f);

  return both / (get_area (a) + get_area (b) - both);
}

static gboolean
is_suppressed (const TsBox * box, const TsBox * kept, guint n_kept,
    gfloat iou_threshold)
{
  for (guint i = 0; i < n_kept; i++)
    if (kept[i].class_id == box->class_id
        && get_iou (kept[i].box, box->box) > iou_threshold)
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
