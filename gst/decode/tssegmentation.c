/* tssegmentation.c - decodes semantic segmentation: a class for each cell
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [B, classes, H, W]: one value a class, of which the highest wins (of equal
 * ones the lower class); [B, 1, H, W]: one value, which is 1 above the threshold
 * (0.5 unless the package says another), else 0; or [B, H, W]: the class numbers
 * themselves.  H and W may be smaller than the tensor, but cover all of it.
 */
#include <math.h>
#include <string.h>

#include "tsdecodeutil.h"
#include "tserror.h"

static gboolean decode (const TsOutput * output, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_segmentation;
const TsDecoder ts_decoder_segmentation = {
  .id = "segmentation",
  .description =
      "a class for each cell, [B, classes, H, W] (the highest wins), "
      "[B, 1, H, W] (1 above the threshold) or [B, H, W] (class numbers)",
  .kind = TS_RESULT_MASK,
  .roles = {{"output", "|out|logits|0"}},
  .decode = decode
};

static gboolean
check_shape (const TsOutput * output, gint item, TsActivation activation,
    GError ** error)
{
  const gint64 *shape = output->shape;
  gint n = output->n_dims;
  gboolean fits = (n == 3 || n == 4) && item < shape[0];

  for (gint i = 1; fits && i < n; i++)
    fits = shape[i] > 0 && shape[i] <= TS_DECODE_MAX_CLASS_ID;
  if (fits && (n == 3 || shape[1] > 1 || activation != TS_ACTIVATION_SOFTMAX))
    return TRUE;
  ts_decode_error_shape (error, &ts_decoder_segmentation,
      "[B, classes, H, W] with at least two classes, [B, 1, H, W] if "
      "\"activation\" in postprocessor_config.json is \"sigmoid\" (for logits) or "
      "\"none\" (for 0 to 1), or [B, H, W] with class numbers", output);
  return FALSE;
}

static gboolean
copy_classes (const TsOutput * output, gint64 start, gint64 n_cells,
    guint16 * classes, GError ** error)
{
  for (gint64 i = 0; i < n_cells; i++) {
    if (!ts_decode_check_class (&ts_decoder_segmentation, output, start + i,
            error))
      return FALSE;
    classes[i] = (guint16) output->data[start + i];
  }
  return TRUE;
}

static gboolean
set_memory_error (gint64 n_cells, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
      "no memory for a mask of %" G_GINT64_FORMAT
      " cells; use a smaller input or " "free memory", n_cells);
  return FALSE;
}

/* Plane by plane, so that memory is read in order. */
static gboolean
find_highest (const TsOutput * output, gint64 start, gint64 n_cells,
    TsMask * mask, GError ** error)
{
  guint16 *classes = mask->classes;
  gfloat *best = ts_mask_get_scores (mask);

  if (!best)
    return set_memory_error (n_cells, error);
  memset (classes, 0, n_cells * sizeof (guint16));
  memcpy (best, output->data + start, n_cells * sizeof (gfloat));
  for (gint64 c = 0; c < output->shape[1]; c++)
    for (gint64 i = 0; i < n_cells; i++) {
      gint64 offset = start + c * n_cells + i;

      if (!ts_decode_check_finite (&ts_decoder_segmentation, output, offset,
              error))
        return FALSE;
      if (output->data[offset] > best[i]) {
        best[i] = output->data[offset];
        classes[i] = (guint16) c;
      }
    }
  return TRUE;
}

static gboolean
find_above (const TsOutput * output, gint64 start, gint64 n_cells,
    const TsDecodeParams * params, guint16 * classes, GError ** error)
{
  gboolean is_logit = params->activation == TS_ACTIVATION_SIGMOID;
  gfloat threshold = params->score_threshold >= 0.f ?
      params->score_threshold : .5f;

  for (gint64 i = 0; i < n_cells; i++) {
    gdouble score = output->data[start + i];

    if (!(is_logit ? ts_decode_check_finite : ts_decode_check_score)
        (&ts_decoder_segmentation, output, start + i, error))
      return FALSE;
    if (is_logit)
      score = 1. / (1. + exp (-score));
    classes[i] = (gfloat) score > threshold;
  }
  return TRUE;
}

static gboolean
decode (const TsOutput * output, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  gboolean is_map = output->n_dims == 3;
  const gint64 *size = output->shape + (is_map ? 1 : 2);
  TsMask *mask = &result->mask;
  gint64 n_cells;

  if (!check_shape (output, item, params->activation, error))
    return FALSE;
  n_cells = size[0] * size[1];
  if (!ts_mask_set_size (mask, (gint) size[1], (gint) size[0]))
    return set_memory_error (n_cells, error);
  if (is_map)
    return copy_classes (output, item * n_cells, n_cells, mask->classes, error);
  if (output->shape[1] == 1)
    return find_above (output, item * n_cells, n_cells, params, mask->classes,
        error);
  return find_highest (output, item * output->shape[1] * n_cells, n_cells,
      mask, error);
}
