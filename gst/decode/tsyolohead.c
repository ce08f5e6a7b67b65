/* tsyolohead.c - raw YOLO heads without objectness, [B, 4 + classes, N]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsyolohead.h"

#include <math.h>

/* Anchors a block: its running maxima stay in the first-level cache. */
#define BLOCK 256

gboolean
ts_yolo_head_init (TsYoloHead * self, const TsDecoder * decoder,
    const TsOutput * output, gint item, GError ** error)
{
  const gint64 *shape = output->shape;

  if (output->n_dims != 3 || item >= shape[0] || shape[1] < 5
      || shape[1] > G_MAXINT) {
    ts_decode_error_shape (error, decoder,
        "[B, 4 + classes, N] with at least one class", output);
    return FALSE;
  }
  self->decoder = decoder;
  self->output = output;
  self->start = item * shape[1] * shape[2];
  self->n_classes = (gint) shape[1] - 4;
  self->n_anchors = shape[2];
  return TRUE;
}

static gboolean
fail_in_block (const TsYoloHead * self, gint64 first, gint n, GError ** error)
{
  for (gint c = 0; c < self->n_classes; c++)
    for (gint64 a = first; a < first + n; a++)
      if (!ts_decode_check_finite (self->decoder, self->output,
              ts_yolo_head_offset (self, 4 + c, a), error))
        return FALSE;
  g_return_val_if_reached (FALSE);
}

/* Writes each anchor's best score; FALSE if any score is not finite.  Value
 * times 0 is 0 unless it is NaN or infinite, which keeps the loop branch-free. */
static gboolean
find_best (const TsYoloHead * self, gint64 first, gint n, gfloat * best)
{
  gfloat poison[BLOCK] = { 0.f };
  gfloat sum = 0.f;

  for (gint a = 0; a < n; a++)
    best[a] = -INFINITY;
  for (gint c = 0; c < self->n_classes; c++) {
    const gfloat *scores = self->output->data
        + ts_yolo_head_offset (self, 4 + c, first);

    for (gint a = 0; a < n; a++) {
      best[a] = scores[a] > best[a] ? scores[a] : best[a];
      poison[a] += scores[a] * 0.f;
    }
  }
  for (gint a = 0; a < n; a++)
    sum += poison[a];
  return sum == 0.f;
}

/* Only scores above the threshold compete: those below come last in any case,
 * and are dropped in the end. */
gboolean
ts_yolo_head_select (const TsYoloHead * self, gfloat threshold,
    TsTopK * anchors, GError ** error)
{
  gfloat best[BLOCK];

  for (gint64 first = 0; first < self->n_anchors; first += BLOCK) {
    gint n = (gint) MIN (BLOCK, self->n_anchors - first);

    if (!find_best (self, first, n, best))
      return fail_in_block (self, first, n, error);
    for (gint a = 0; a < n; a++)
      if (best[a] > threshold)
        ts_top_k_add (anchors, best[a], first + a);
  }
  return TRUE;
}

gboolean
ts_yolo_head_append_box (const TsYoloHead * self, gint64 anchor, gint class_id,
    GArray * boxes, GError ** error)
{
  TsBox box = {.class_id = class_id,.score =
        ts_yolo_head_score (self, class_id, anchor)
  };
  gfloat v[4];

  if (!ts_decode_check_score (self->decoder, self->output,
          ts_yolo_head_offset (self, 4 + class_id, anchor), error))
    return FALSE;
  for (gint i = 0; i < 4; i++) {
    gint64 offset = ts_yolo_head_offset (self, i, anchor);

    v[i] = self->output->data[offset];
    if (!ts_decode_check_coordinate (self->decoder, self->output, offset,
            error))
      return FALSE;
  }
  box.box[0] = v[0] - v[2] / 2.f;
  box.box[1] = v[1] - v[3] / 2.f;
  box.box[2] = v[0] + v[2] / 2.f;
  box.box[3] = v[1] + v[3] / 2.f;
  if (v[2] >= 0.f && v[3] >= 0.f)
    g_array_append_val (boxes, box);
  return TRUE;
}
