/* tsdecodeutil.c - what decoders share: checks and their messages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsdecodeutil.h"

#include <math.h>

#include "tserror.h"

/* " 'boxes'", where a decoder reads several outputs. */
static gchar *
quote_role (const TsDecoder * decoder, const TsOutput * output)
{
  if (!output->role || !decoder->roles[1].name)
    return g_strdup ("");
  return g_strdup_printf (" '%s'", output->role);
}

void
ts_decode_error_shape (GError ** error, const TsDecoder * decoder,
    const gchar * expected, const TsOutput * output)
{
  g_autofree gchar *found = ts_output_shape_to_string (output);
  g_autofree gchar *role = quote_role (decoder, output);

  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "the module's output%s has the shape %s, but the decoder %s reads %s; "
      "choose the decoder that fits the module, or export the module anew",
      role, found, decoder->id, expected);
}

static gchar *
describe_place (const TsOutput * output, gint64 offset)
{
  TsOutput place = {.n_dims = output->n_dims };

  for (gint i = output->n_dims - 1; i >= 0; i--) {
    place.shape[i] = offset % output->shape[i];
    offset /= output->shape[i];
  }
  return ts_output_shape_to_string (&place);
}

void
ts_decode_error_value (GError ** error, const TsDecoder * decoder,
    const TsOutput * output, gint64 offset, const gchar * expected)
{
  g_autofree gchar *place = describe_place (output, offset);
  g_autofree gchar *role = quote_role (decoder, output);

  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "the module's output%s holds %g at %s, but the decoder %s expects %s "
      "there; choose the decoder that fits the module, or check the module's "
      "weights, precision and pre-processing", role,
      (gdouble) output->data[offset], place, decoder->id, expected);
}

gboolean
ts_decode_check_score (const TsDecoder * decoder, const TsOutput * output,
    gint64 offset, GError ** error)
{
  gfloat value = output->data[offset];

  if (value >= 0.f && value <= 1.f)
    return TRUE;
  ts_decode_error_value (error, decoder, output, offset,
      "a score from 0 to 1 (after the sigmoid or softmax)");
  return FALSE;
}

gboolean
ts_decode_check_finite (const TsDecoder * decoder, const TsOutput * output,
    gint64 offset, GError ** error)
{
  if (isfinite (output->data[offset]))
    return TRUE;
  ts_decode_error_value (error, decoder, output, offset, "a finite number");
  return FALSE;
}

gboolean
ts_decode_check_coordinate (const TsDecoder * decoder, const TsOutput * output,
    gint64 offset, GError ** error)
{
  if (fabsf (output->data[offset]) <= TS_DECODE_MAX_COORDINATE)
    return TRUE;
  ts_decode_error_value (error, decoder, output, offset,
      "a coordinate (a finite number, no further than 1e+09 from zero)");
  return FALSE;
}

gboolean
ts_decode_check_class (const TsDecoder * decoder, const TsOutput * output,
    gint64 offset, GError ** error)
{
  gfloat value = output->data[offset];

  if (value >= 0.f && value <= TS_DECODE_MAX_CLASS_ID
      && value == floorf (value))
    return TRUE;
  ts_decode_error_value (error, decoder, output, offset,
      "a class number (a whole number from 0 to "
      G_STRINGIFY (TS_DECODE_MAX_CLASS_ID) ")");
  return FALSE;
}

void
ts_decode_append_box (GArray * boxes, const TsBox * box)
{
  if (box->box[2] >= box->box[0] && box->box[3] >= box->box[1])
    g_array_append_val (boxes, *box);
}
