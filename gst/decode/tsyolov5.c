/* tsyolov5.c - decodes YOLOv5 and 7: raw heads with objectness
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [B, N, 5 + classes]: cx, cy, w, h in tensor pixels, objectness, one score a
 * class, after the sigmoid.  A row's score is its objectness times its best
 * class (of equal ones the lower); then non-maximum suppression by class.  Equal
 * scores: the lower row first.
 *
 * Every objectness is checked, the rest of a row only if that is above the
 * threshold, as it cannot matter else.
 */
#include "tsdecodeutil.h"
#include "tsnms.h"
#include "tstopk.h"

static gboolean decode (const TsOutput * output, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_yolov5;
const TsDecoder ts_decoder_yolov5 = {
  .id = "yolov5",
  .description = "raw YOLOv5 and 7, [B, N, 5 + classes]: cx, cy, w, h, "
      "objectness, scores",
  .kind = TS_RESULT_BOXES,
  .roles = {{"output", ""}},
  .decode = decode
};

/* The class of the row at @offset, or -1 and the error. */
static gint
find_class (const TsOutput * output, gint64 offset, GError ** error)
{
  const gfloat *scores = output->data + offset + 5;
  gint best = 0;

  for (gint c = 0; c < output->shape[2] - 5; c++) {
    if (!ts_decode_check_score (&ts_decoder_yolov5, output, offset + 5 + c,
            error))
      return -1;
    if (scores[c] > scores[best])
      best = c;
  }
  return best;
}

static gboolean
select_rows (const TsOutput * output, gint64 start, gfloat threshold,
    TsTopK * rows, GError ** error)
{
  for (gint64 i = 0; i < output->shape[1]; i++) {
    gint64 offset = start + i * output->shape[2];
    const gfloat *row = output->data + offset;
    gint class_id;

    if (!ts_decode_check_score (&ts_decoder_yolov5, output, offset + 4, error))
      return FALSE;
    if (row[4] <= threshold)
      continue;
    class_id = find_class (output, offset, error);
    if (class_id < 0)
      return FALSE;
    if (row[4] * row[5 + class_id] > threshold)
      ts_top_k_add (rows, row[4] * row[5 + class_id], i);
  }
  return TRUE;
}

static gboolean
append_row (const TsOutput * output, gint64 offset, gfloat score,
    GArray * boxes, GError ** error)
{
  const gfloat *v = output->data + offset;
  TsBox box = {
    {v[0] - v[2] / 2.f, v[1] - v[3] / 2.f, v[0] + v[2] / 2.f,
        v[1] + v[3] / 2.f},
    score, find_class (output, offset, NULL)
  };

  for (gint i = 0; i < 4; i++)
    if (!ts_decode_check_coordinate (&ts_decoder_yolov5, output, offset + i,
            error))
      return FALSE;
  if (v[2] >= 0.f && v[3] >= 0.f)
    g_array_append_val (boxes, box);
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
  guint n;

  if (output->n_dims != 3 || item >= shape[0] || shape[2] < 6
      || shape[2] > G_MAXINT) {
    ts_decode_error_shape (error, &ts_decoder_yolov5,
        "[B, N, 5 + classes] with at least one class", output);
    return FALSE;
  }
  start = item * shape[1] * shape[2];
  ts_top_k_init (&rows, TS_NMS_MAX_CANDIDATES);
  if (!select_rows (output, start, params->score_threshold, &rows, error))
    return FALSE;
  best = ts_top_k_sort (&rows, &n);
  for (guint i = 0; i < n; i++)
    if (!append_row (output, start + best[i].index * shape[2], best[i].score,
            result->boxes, error))
      return FALSE;
  ts_nms (result->boxes, params->iou_threshold, params->max_detections);
  return TRUE;
}
