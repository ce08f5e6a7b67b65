/* tstorchvision.c - decodes torchvision's detectors
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One dict an image: boxes [N, 4] (x1, y1, x2, y2 in tensor pixels), labels [N],
 * scores [N].  A scripted detector returns (losses, [dict, ...]); a wrapper may
 * return the list or the dict alone.  The module suppressed already, so
 * iou_threshold is not used.  Label 0 is the background, which has a name in
 * torchvision's own lists; where yours starts with the first class, first_class
 * is 1.
 */
#include "tsboxrows.h"

static gboolean decode (const TsOutput * outputs, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_torchvision;
const TsDecoder ts_decoder_torchvision = {
  .id = "torchvision",
  .description = "torchvision's detectors: boxes [N, 4] (x1, y1, x2, y2), "
      "scores [N], labels [N]",
  .kind = TS_RESULT_BOXES,
  .roles = {{"boxes", "1.0.boxes|0.boxes|boxes"},
      {"scores", "1.0.scores|0.scores|scores"},
      {"labels", "1.0.labels|0.labels|labels"}},
  .decode = decode
};

static gboolean
check_shapes (const TsOutput * outputs, GError ** error)
{
  const TsOutput *boxes = &outputs[0];

  if (boxes->n_dims != 2 || boxes->shape[1] != 4) {
    ts_decode_error_shape (error, &ts_decoder_torchvision, "[N, 4]", boxes);
    return FALSE;
  }
  for (gint i = 1; i < 3; i++)
    if (outputs[i].n_dims != 1 || outputs[i].shape[0] != boxes->shape[0]) {
      ts_decode_error_shape (error, &ts_decoder_torchvision,
          "[N] (and boxes of [N, 4])", &outputs[i]);
      return FALSE;
    }
  return TRUE;
}

/* The keys of the roles say which image of a batch is read. */
static gboolean
decode (const TsOutput * outputs, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  const TsBoxRows rows = { &ts_decoder_torchvision, &outputs[0], &outputs[1],
    &outputs[2], 0, outputs[0].shape[0], {0, 1, 2, 3}, 1.f, 1.f
  };

  return check_shapes (outputs, error)
      && ts_box_rows_decode (&rows, params, result->boxes, error);
}
