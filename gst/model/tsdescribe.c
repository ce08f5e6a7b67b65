/* tsdescribe.c - what is in a TorchScript file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsdescribe.h"

#include "tserror.h"
#include "tsshim.h"

#define ERROR_SIZE 4096

static JsonNode *
strings_to_node (const TsShimApi * api, const TsShimValue * value)
{
  JsonArray *array = json_array_new ();

  for (gsize i = 0; i < api->value_size (value); i++)
    json_array_add_string_element (array,
        api->value_string (api->value_child (value, i)));
  return json_node_init_array (json_node_alloc (), array);
}

/* A description holds numbers and lists of strings only. */
static JsonObject *
to_object (const TsShimApi * api, const TsShimValue * dict)
{
  JsonObject *object = json_object_new ();

  for (gsize i = 0; i < api->value_size (dict); i++) {
    const TsShimValue *child = api->value_child (dict, i);
    const gchar *key = api->value_key (dict, i);

    if (api->value_kind (child) == TS_SHIM_LIST)
      json_object_set_member (object, key, strings_to_node (api, child));
    else
      json_object_set_int_member (object, key, api->value_int (child));
  }
  return object;
}

JsonObject *
ts_describe_file (const gchar * path, const gchar * method,
    const gchar * op_libs, GError ** error)
{
  const TsShimApi *api = ts_shim_open (error);
  g_auto (GStrv) libs = ts_shim_split_paths (op_libs);
  TsShimLoadOptions options = {
    .path = path,
    .method = method,
    .op_libs = (const char *const *) libs,
  };
  TsShimValue *value = NULL;
  gchar text[ERROR_SIZE] = "";
  JsonObject *object;
  TsShimStatus status;

  if (!api)
    return NULL;
  status = api->describe (&options, &value, text, sizeof text);
  if (status != TS_SHIM_OK) {
    g_set_error_literal (error, TS_ERROR, ts_shim_status_to_code (status),
        text);
    return NULL;
  }
  object = to_object (api, value);
  api->value_free (value);
  return object;
}
