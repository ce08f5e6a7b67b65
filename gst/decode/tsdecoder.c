/* tsdecoder.c - the table of decoders
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsdecoder.h"

#include "tserror.h"

#define TS_DECODER(name) extern const TsDecoder name;
#include "tsdecoders.h"
#undef TS_DECODER

#define TS_DECODER(name) &name,
static const TsDecoder *const decoders[] = {
#include "tsdecoders.h"
  NULL
};

#undef TS_DECODER

const TsDecoder *const *
ts_decoder_list (void)
{
  return decoders;
}

static gchar *
describe_all (void)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; decoders[i]; i++)
    g_string_append_printf (text, "%s%s (%s)", i ? "; " : "",
        decoders[i]->id, decoders[i]->description);
  return g_string_free (text, FALSE);
}

const TsDecoder *
ts_decoder_find (const gchar * id, GError ** error)
{
  g_autofree gchar *choices = NULL;

  for (guint i = 0; id && decoders[i]; i++)
    if (g_str_equal (id, decoders[i]->id))
      return decoders[i];

  choices = describe_all ();
  if (id)
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "unknown decoder '%s'; choose one of: %s", id, choices);
  else
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "no decoder is named, and a guess would give wrong boxes; set the "
        "decoder property (or \"decoder\" in postprocessor_config.json) to "
        "one of: %s", choices);
  return NULL;
}

gchar *
ts_output_shape_to_string (const TsOutput * output)
{
  GString *text = g_string_new ("[");

  for (gint i = 0; i < output->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? ", " : "",
        output->shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}
