/* tsdetr.c - decodes DETR
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * logits [B, N, classes + 1], the last one "no object", and pred_boxes [B, N, 4]:
 * cx, cy, w, h as fractions of the tensor (Carion et al., "End-to-End Object
 * Detection with Transformers", 2020).  A query's score is the best softmax
 * value of a class (of equal ones the lower class).  With the activation "sigmoid"
 * (Deformable DETR, RT-DETR) there is no last class, and each class of a query is
 * a candidate of its own.  No suppression is needed.  Equal scores: the lower
 * query first.
 */
#include <math.h>

#include "tsdecodeutil.h"
#include "tssoftmax.h"
#include "tstopk.h"

static gboolean decode (const TsOutput * outputs, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_detr;
const TsDecoder ts_decoder_detr = {
  .id = "detr",
  .description = "DETR: logits [B, N, classes + 1] (without the 1 if its "
      "activation is sigmoid), pred_boxes [B, N, 4] (cx, cy, w, h, 0 to 1)",
  .kind = TS_RESULT_BOXES,
  .roles = {{"logits", "logits|pred_logits"}, {"pred_boxes", "pred_boxes"}},
  .decode = decode
};

static gboolean
check_shapes (const TsOutput * logits, const TsOutput * boxes, gint item,
    TsActivation activation, GError ** error)
{
  gint n_min = activation == TS_ACTIVATION_SIGMOID ? 1 : 2;

  if (logits->n_dims != 3 || item >= logits->shape[0]
      || logits->shape[2] < n_min || logits->shape[2] > G_MAXINT) {
    ts_decode_error_shape (error, &ts_decoder_detr,
        "[B, N, classes + 1] with at least one class", logits);
    return FALSE;
  }
  if (boxes->n_dims == 3 && boxes->shape[0] == logits->shape[0]
      && boxes->shape[1] == logits->shape[1] && boxes->shape[2] == 4)
    return TRUE;
  ts_decode_error_shape (error, &ts_decoder_detr,
      "[B, N, 4] (and logits of [B, N, classes + 1])", boxes);
  return FALSE;
}

static gint
find_class (const gfloat * logits, gint n_classes)
{
  gint best = 0;

  for (gint c = 1; c < n_classes; c++)
    if (logits[c] > logits[best])
      best = c;
  return best;
}

/* Candidates are counted by query and class. */
static void
add_softmax (const gfloat * row, gint n, gint64 first, gfloat threshold,
    TsTopK * candidates)
{
  gint class_id = find_class (row, n - 1);
  gfloat score = ts_softmax (row, n, class_id);

  if (score > threshold)
    ts_top_k_add (candidates, score, first + class_id);
}

static void
add_sigmoid (const gfloat * row, gint n, gint64 first, gfloat threshold,
    TsTopK * candidates)
{
  for (gint c = 0; c < n; c++) {
    gfloat score = (gfloat) (1. / (1. + exp (-(gdouble) row[c])));

    if (score > threshold)
      ts_top_k_add (candidates, score, first + c);
  }
}

static gboolean
select_candidates (const TsOutput * logits, gint64 start,
    const TsDecodeParams * params, TsTopK * candidates, GError ** error)
{
  gint n = (gint) logits->shape[2];

  for (gint64 i = 0; i < logits->shape[1]; i++) {
    const gfloat *row = logits->data + start + i * n;

    for (gint c = 0; c < n; c++)
      if (!ts_decode_check_finite (&ts_decoder_detr, logits,
              start + i * n + c, error))
        return FALSE;
    (params->activation == TS_ACTIVATION_SIGMOID ? add_sigmoid : add_softmax)
        (row, n, i * n, params->score_threshold, candidates);
  }
  return TRUE;
}

static gboolean
append_box (const TsOutput * boxes, gint64 offset,
    const TsDecodeParams * params, TsBox box, GArray * array, GError ** error)
{
  const gfloat *v = boxes->data + offset;

  for (gint i = 0; i < 4; i++)
    if (!ts_decode_check_coordinate (&ts_decoder_detr, boxes, offset + i,
            error))
      return FALSE;
  for (gint i = 0; i < 4; i++)
    box.box[i] = (v[i % 2] + (i < 2 ? -.5f : .5f) * v[2 + i % 2])
        * (i % 2 ? params->input_height : params->input_width);
  ts_decode_append_box (array, &box);
  return TRUE;
}

static gboolean
decode (const TsOutput * outputs, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  const TsOutput *logits = &outputs[0], *boxes = &outputs[1];
  g_auto (TsTopK) candidates = { NULL, 0 };
  const TsTopKItem *best;
  gint64 first;
  guint n;

  if (!check_shapes (logits, boxes, item, params->activation, error))
    return FALSE;
  first = item * logits->shape[1];
  ts_top_k_init (&candidates, params->max_detections);
  if (!select_candidates (logits, first * logits->shape[2], params,
          &candidates, error))
    return FALSE;
  best = ts_top_k_sort (&candidates, &n);
  for (guint i = 0; i < n; i++) {
    gint64 query = first + best[i].index / logits->shape[2];
    TsBox box = {.score = best[i].score,.class_id =
          (gint) (best[i].index % logits->shape[2])
    };

    if (!append_box (boxes, 4 * query, params, box, result->boxes, error))
      return FALSE;
  }
  return TRUE;
}
