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
#include "tsdecodeutil.h"
#include "tstopk.h"

#define ROW 6

static gboolean decode (const TsOutput * output, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_yolo_end2end;
const TsDecoder ts_decoder_yolo_end2end = {
  .id = "yolo-end2end",
  .description = "YOLO exported with its selection, [B, N, 6]: x1, y1, x2, y2, "
      "score, class",
  .kind = TS_RESULT_BOXES,
  .roles = {{"output", "", "yolo-26-end2end-out"}},
  .decode = decode
};

static gboolean
select_rows (const TsOutput * output, gint64 start, gfloat threshold,
    TsTopK * rows, GError ** error)
{
  for (gint64 i = 0; i < output->shape[1]; i++) {
    gint64 offset = start + i * ROW + 4;

    if (!ts_decode_check_score (&ts_decoder_yolo_end2end, output, offset,
            error))
      return FALSE;
    if (output->data[offset] > threshold)
      ts_top_k_add (rows, output->data[offset], i);
  }
  return TRUE;
}

static gboolean
append_row (const TsOutput * output, gint64 offset, GArray * boxes,
    GError ** error)
{
  const gfloat *row = output->data + offset;
  TsBox box = { {row[0], row[1], row[2], row[3]}, row[4] };

  for (gint i = 0; i < 4; i++)
    if (!ts_decode_check_coordinate (&ts_decoder_yolo_end2end, output,
            offset + i, error))
      return FALSE;
  if (!ts_decode_check_class (&ts_decoder_yolo_end2end, output, offset + 5,
          error))
    return FALSE;
  box.class_id = (gint) row[5];
  ts_decode_append_box (boxes, &box);
  return TRUE;
}

static gboolean
decode (const TsOutput * output, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  g_auto (TsTopK) rows = { NULL, 0 };
  const gint64 *shape = output->shape;
  const TsTopKItem *best;
  gint64 start;
  guint n_best;

  if (output->n_dims != 3 || item >= shape[0] || shape[2] != ROW) {
    ts_decode_error_shape (error, &ts_decoder_yolo_end2end, "[B, N, 6]",
        output);
    return FALSE;
  }
  start = item * shape[1] * ROW;
  ts_top_k_init (&rows, params->max_detections);
  if (!select_rows (output, start, params->score_threshold, &rows, error))
    return FALSE;
  best = ts_top_k_sort (&rows, &n_best);
  for (guint i = 0; i < n_best; i++)
    if (!append_row (output, start + best[i].index * ROW, result->boxes, error))
      return FALSE;
  return TRUE;
}
