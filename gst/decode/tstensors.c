/* tstensors.c - decodes nothing: the application reads the raw tensors
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsdecoder.h"

static gboolean
decode (const TsOutput * outputs, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  return TRUE;
}

extern const TsDecoder ts_decoder_tensors;
const TsDecoder ts_decoder_tensors = {
  .id = "tensors",
  .description = "no decoding: the raw tensors only, of any shape",
  .kind = TS_RESULT_NOTHING,
  .decode = decode
};
