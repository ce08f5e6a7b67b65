/* tsyoloend2end.c - decodes YOLO exports that did the selection in the module
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [B, N, 6]: x1, y1, x2, y2 in tensor pixels, score, class.  The rows that pad
 * a batch have the score 0 and fall under any threshold.  iou_threshold is not
 * used: the module suppressed already.  Equal scores: the lower row first.
 *
 * Every score is checked; a box and its class only if they are kept.  A box
 * with x2 < x1 or y2 < y1 is dropped.
 */
#include <math.h>

#include "tsdecodeutil.h"
#include "tstopk.h"

#define ROW 6
/* Far above any label set; a larger number is no class but a misread value. */
#define MAX_CLASS_ID 65535

static gboolean decode (const TsOutput * output, gint item,
    const TsDecodeParams * params, GArray * boxes, GError ** error);

extern const TsDecoder ts_decoder_yolo_end2end;
const TsDecoder ts_decoder_yolo_end2end = {
  .id = "yolo-end2end",
  .description = "YOLO exported with its selection, [B, N, 6]: x1, y1, x2, y2, "
      "score, class",
  .decode = decode
};

static gboolean
select_rows (const gfloat * data, gint item, gint64 n_rows, gfloat threshold,
    TsTopK * rows, GError ** error)
{
  for (gint64 i = 0; i < n_rows; i++) {
    gint64 index[3] = { item, i, 4 };
    gfloat score = data[i * ROW + 4];

    if (!ts_decode_check_score (&ts_decoder_yolo_end2end, index, score, error))
      return FALSE;
    if (score > threshold)
      ts_top_k_add (rows, score, i);
  }
  return TRUE;
}

static gboolean
check_row (const gfloat * row, gint item, gint64 number, GError ** error)
{
  gint64 index[3] = { item, number, 0 };

  for (; index[2] < 4; index[2]++)
    if (!ts_decode_check_finite (&ts_decoder_yolo_end2end, index,
            row[index[2]], error))
      return FALSE;
  index[2] = 5;
  if (row[5] >= 0.f && row[5] <= MAX_CLASS_ID && row[5] == floorf (row[5]))
    return TRUE;
  ts_decode_error_value (error, &ts_decoder_yolo_end2end, index, row[5],
      "a class number (a whole number from 0 to " G_STRINGIFY (MAX_CLASS_ID)
      ")");
  return FALSE;
}

static void
append_box (const gfloat * row, GArray * boxes)
{
  TsBox box = { {row[0], row[1], row[2], row[3]}, row[4], (gint) row[5] };

  if (row[2] >= row[0] && row[3] >= row[1])
    g_array_append_val (boxes, box);
}

static gboolean
decode (const TsOutput * output, gint item, const TsDecodeParams * params,
    GArray * boxes, GError ** error)
{
  g_auto (TsTopK) rows = { NULL, 0 };
  const gint64 *shape = output->shape;
  const TsTopKItem *best;
  const gfloat *data;
  guint n_best;

  if (output->n_dims != 3 || item >= shape[0] || shape[2] != ROW) {
    ts_decode_error_shape (error, &ts_decoder_yolo_end2end, "[B, N, 6]", output);
    return FALSE;
  }
  data = output->data + item * shape[1] * ROW;
  ts_top_k_init (&rows, params->max_detections);
  if (!select_rows (data, item, shape[1], params->score_threshold, &rows, error))
    return FALSE;
  best = ts_top_k_sort (&rows, &n_best);
  for (guint i = 0; i < n_best; i++) {
    const gfloat *row = data + best[i].index * ROW;

    if (!check_row (row, item, best[i].index, error))
      return FALSE;
    append_box (row, boxes);
  }
  return TRUE;
}
