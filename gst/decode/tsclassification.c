/* tsclassification.c - decodes a score a class for the whole frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [B, classes] of logits, or with the activation "none" of scores.  The
 * max_detections best classes are kept.  Equal scores: the lower class first.
 */
#include <math.h>

#include "tsdecodeutil.h"
#include "tssoftmax.h"
#include "tstopk.h"

static gboolean decode (const TsOutput * output, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_classification;
const TsDecoder ts_decoder_classification = {
  .id = "classification",
  .description = "classes of the whole frame, [B, classes]: logits (or scores, "
      "with the activation none)",
  .kind = TS_RESULT_CLASSES,
  .roles = {{"output", "|logits|0"}},
  .decode = decode
};

static gboolean
check_values (const TsOutput * output, gint64 start, TsActivation activation,
    GError ** error)
{
  for (gint64 i = start; i < start + output->shape[1]; i++)
    if (!(activation == TS_ACTIVATION_NONE ?
            ts_decode_check_score (&ts_decoder_classification, output, i,
                error) :
            ts_decode_check_finite (&ts_decoder_classification, output, i,
                error)))
      return FALSE;
  return TRUE;
}

static void
select_classes (const gfloat * values, gint64 n, const TsDecodeParams * params,
    TsTopK * classes)
{
  gdouble sum = 1.;
  gfloat max = 0.f;

  if (params->activation == TS_ACTIVATION_SOFTMAX)
    sum = ts_softmax_sum (values, n, &max);
  for (gint64 i = 0; i < n; i++) {
    gdouble score = values[i];

    if (params->activation == TS_ACTIVATION_SOFTMAX)
      score = exp (score - max) / sum;
    else if (params->activation == TS_ACTIVATION_SIGMOID)
      score = 1. / (1. + exp (-score));
    if ((gfloat) score > params->score_threshold)
      ts_top_k_add (classes, (gfloat) score, i);
  }
}

static gboolean
decode (const TsOutput * output, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  g_auto (TsTopK) classes = { NULL, 0 };
  const TsTopKItem *best;
  gint64 start;
  guint n;

  if (output->n_dims != 2 || item >= output->shape[0] || output->shape[1] < 1
      || output->shape[1] > TS_DECODE_MAX_CLASS_ID + 1) {
    ts_decode_error_shape (error, &ts_decoder_classification,
        "[B, classes] with at least one class", output);
    return FALSE;
  }
  start = item * output->shape[1];
  if (!check_values (output, start, params->activation, error))
    return FALSE;
  ts_top_k_init (&classes, params->max_detections);
  select_classes (output->data + start, output->shape[1], params, &classes);
  best = ts_top_k_sort (&classes, &n);
  for (guint i = 0; i < n; i++) {
    TsClass found = { best[i].score, (gint) best[i].index };

    g_array_append_val (result->classes, found);
  }
  return TRUE;
}
