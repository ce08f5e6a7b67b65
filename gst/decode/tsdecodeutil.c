/* tsdecodeutil.c - what decoders share: checks and their messages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsdecodeutil.h"

#include <math.h>

#include "tserror.h"

void
ts_decode_error_shape (GError ** error, const TsDecoder * decoder,
    const gchar * expected, const TsOutput * output)
{
  g_autofree gchar *found = ts_output_shape_to_string (output);

  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "the module's output has the shape %s, but the decoder %s reads %s; "
      "choose the decoder that fits the module, or export the module anew",
      found, decoder->id, expected);
}

void
ts_decode_error_value (GError ** error, const TsDecoder * decoder,
    const gint64 index[3], gfloat value, const gchar * expected)
{
  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "the module's output holds %g at [%" G_GINT64_FORMAT ", %"
      G_GINT64_FORMAT ", %" G_GINT64_FORMAT "], but the decoder %s expects %s "
      "there; choose the decoder that fits the module, or check the module's "
      "weights, precision and pre-processing", value, index[0], index[1],
      index[2], decoder->id, expected);
}

gboolean
ts_decode_check_score (const TsDecoder * decoder, const gint64 index[3],
    gfloat value, GError ** error)
{
  if (value >= 0.f && value <= 1.f)
    return TRUE;
  ts_decode_error_value (error, decoder, index, value,
      "a score from 0 to 1 (after the sigmoid)");
  return FALSE;
}

gboolean
ts_decode_check_finite (const TsDecoder * decoder, const gint64 index[3],
    gfloat value, GError ** error)
{
  if (isfinite (value))
    return TRUE;
  ts_decode_error_value (error, decoder, index, value, "a finite number");
  return FALSE;
}
