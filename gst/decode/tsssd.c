/* tsssd.c - decodes SSD models exported with their selection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * boxes [B, N, 4]: ymin, xmin, ymax, xmax as fractions of the tensor; scores
 * and classes [B, N]; count [B]: the rows from there on are padding and are not
 * looked at.  The module suppressed already, so iou_threshold is not used.
 * Classes count as the module counts them: models of TensorFlow's zoo call the
 * first one 1, which first_class makes 0.
 */
#include <math.h>

#include "tsboxrows.h"

static gboolean decode (const TsOutput * outputs, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_ssd;
const TsDecoder ts_decoder_ssd = {
  .id = "ssd",
  .description = "SSD with its selection: boxes [B, N, 4] (ymin, xmin, ymax, "
      "xmax, 0 to 1), scores [B, N], classes [B, N], count [B]",
  .kind = TS_RESULT_BOXES,
  .roles = {{"boxes", "boxes", "ssd-mobilenet-v1-variant-1-out-boxes"},
      {"scores", "scores", "ssd-mobilenet-v1-variant-1-out-scores"},
      {"classes", "classes", "ssd-mobilenet-v1-variant-1-out-classes"},
      {"count", "count", "generic-variant-1-out-count"}},
  .decode = decode
};

static gboolean
check_rows (const TsOutput * rows, const TsOutput * boxes, GError ** error)
{
  if (rows->n_dims == 2 && rows->shape[0] == boxes->shape[0]
      && rows->shape[1] == boxes->shape[1])
    return TRUE;
  ts_decode_error_shape (error, &ts_decoder_ssd,
      "[B, N] (and boxes of [B, N, 4])", rows);
  return FALSE;
}

static gboolean
check_shapes (const TsOutput * outputs, gint item, GError ** error)
{
  const TsOutput *boxes = &outputs[0], *count = &outputs[3];

  if (boxes->n_dims != 3 || item >= boxes->shape[0] || boxes->shape[2] != 4) {
    ts_decode_error_shape (error, &ts_decoder_ssd, "[B, N, 4]", boxes);
    return FALSE;
  }
  if (!check_rows (&outputs[1], boxes, error)
      || !check_rows (&outputs[2], boxes, error))
    return FALSE;
  if (count->n_dims == 1 ? item < count->shape[0] : count->n_dims == 0
      && item == 0)
    return TRUE;
  ts_decode_error_shape (error, &ts_decoder_ssd, "[B] or, for one item, []",
      count);
  return FALSE;
}

static gboolean
check_count (const TsOutput * outputs, gint item, GError ** error)
{
  g_autofree gchar *expected = NULL;
  gfloat count = outputs[3].data[item];

  if (count >= 0.f && count <= outputs[0].shape[1] && count == floorf (count))
    return TRUE;
  expected = g_strdup_printf ("a number of rows, 0 to %" G_GINT64_FORMAT,
      outputs[0].shape[1]);
  ts_decode_error_value (error, &ts_decoder_ssd, &outputs[3], item, expected);
  return FALSE;
}

static gboolean
decode (const TsOutput * outputs, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  TsBoxRows rows = { &ts_decoder_ssd, &outputs[0], &outputs[1], &outputs[2],
    0, 0, {1, 0, 3, 2}, params->input_width, params->input_height
  };

  if (!check_shapes (outputs, item, error)
      || !check_count (outputs, item, error))
    return FALSE;
  rows.first = item * outputs[0].shape[1];
  rows.n = (gint64) outputs[3].data[item];
  return ts_box_rows_decode (&rows, params, result->boxes, error);
}
