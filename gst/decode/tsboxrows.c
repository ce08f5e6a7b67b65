/* tsboxrows.c - answers of boxes, scores and classes, one row a detection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsboxrows.h"

#include "tstopk.h"

static gboolean
select_rows (const TsBoxRows * self, gfloat threshold, TsTopK * rows,
    GError ** error)
{
  for (gint64 i = self->first; i < self->first + self->n; i++) {
    if (!ts_decode_check_score (self->decoder, self->scores, i, error))
      return FALSE;
    if (self->scores->data[i] > threshold)
      ts_top_k_add (rows, self->scores->data[i], i);
  }
  return TRUE;
}

static gboolean
append_row (const TsBoxRows * self, gint64 row, gint first_class,
    GArray * boxes, GError ** error)
{
  const gfloat *v = self->boxes->data + 4 * row;
  TsBox box = {.score = self->scores->data[row] };

  if (!ts_decode_check_class (self->decoder, self->classes, row, error))
    return FALSE;
  for (gint i = 0; i < 4; i++) {
    if (!ts_decode_check_coordinate (self->decoder, self->boxes, 4 * row + i,
            error))
      return FALSE;
    box.box[i] = v[self->order[i]] * (i % 2 ? self->scale_y : self->scale_x);
  }
  box.class_id = (gint) self->classes->data[row] - first_class;
  if (box.class_id >= 0)
    ts_decode_append_box (boxes, &box);
  return TRUE;
}

gboolean
ts_box_rows_decode (const TsBoxRows * self, const TsDecodeParams * params,
    GArray * boxes, GError ** error)
{
  g_auto (TsTopK) rows = { NULL, 0 };
  const TsTopKItem *best;
  guint n;

  ts_top_k_init (&rows, params->max_detections);
  if (!select_rows (self, params->score_threshold, &rows, error))
    return FALSE;
  best = ts_top_k_sort (&rows, &n);
  for (guint i = 0; i < n; i++)
    if (!append_row (self, best[i].index, params->first_class, boxes, error))
      return FALSE;
  return TRUE;
}
