/* fuzz_json.c - the JSON of packages and of modules
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte says which reader gets the rest.
 */
#include "fuzz.h"
#include "tsprocessing.h"

static gboolean
read_object (guint reader, TsModelSpec * spec, const gchar * text, gsize size,
    GError ** error)
{
  g_autoptr (JsonObject) object = NULL;
  TsJson json = { "fuzz", "", NULL };

  if (reader == 0)
    return ts_model_spec_add_config (spec, text, size, error);
  json.object = object = ts_json_parse ("fuzz", text, size, error);
  if (object == NULL)
    return FALSE;
  return reader == 1 ? ts_preprocessing_read (spec, &json, error)
      : ts_postprocessing_read (spec, &json, error);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (TsModelSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  gboolean done;

  if (size == 0)
    return 0;
  /* Any file with a zip's magic number is taken for a module without a package. */
  spec = ts_model_spec_read (FUZZ_MODULE, NULL);
  g_assert (spec != NULL);
  done = read_object (data[0] % 3, spec, (const gchar *) data + 1, size - 1,
      &error);
  fuzz_check_error (done, error);
  return 0;
}
