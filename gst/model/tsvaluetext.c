/* tsvaluetext.c - a module's answer in words, for messages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsvaluetext.h"

#include "tstensor.h"

/* Parts of an answer that a message lists. */
#define MAX_LISTED 16

/* Characters of a string that a message quotes. */
#define MAX_QUOTED 60

static void
append_tensor (GString * text, const TsShimTensor * tensor)
{
  g_string_append_printf (text, "a tensor of %s and the shape [",
      ts_dtype_name ((TsDtype) tensor->dtype));
  for (gint i = 0; i < tensor->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? ", " : "",
        (gint64) tensor->shape[i]);
  g_string_append_c (text, ']');
}

static void
append_keys (GString * text, const TsShimApi * api, const TsShimValue * dict)
{
  gsize n = api->value_size (dict);

  g_string_append (text, n ? "a dict with the keys" : "an empty dict");
  for (gsize i = 0; i < MIN (n, MAX_LISTED); i++)
    g_string_append_printf (text, "%s '%s'", i ? "," : "",
        api->value_key (dict, i));
  if (n > MAX_LISTED)
    g_string_append (text, ", ...");
}

static void
append_string (GString * text, const gchar * string)
{
  g_autofree gchar *start = g_utf8_substring (string, 0,
      MIN (g_utf8_strlen (string, -1), MAX_QUOTED));

  g_string_append_printf (text, "the string '%s'", start);
}

gchar *
ts_value_describe (const TsShimApi * api, const TsShimValue * value)
{
  GString *text = g_string_new (NULL);

  switch (api->value_kind (value)) {
    case TS_SHIM_TENSOR:
      append_tensor (text, api->value_tensor (value));
      break;
    case TS_SHIM_LIST:
      g_string_append_printf (text, "a list or tuple of %" G_GSIZE_FORMAT,
          (gsize) api->value_size (value));
      break;
    case TS_SHIM_DICT:
      append_keys (text, api, value);
      break;
    case TS_SHIM_INT:
      g_string_append_printf (text, "the integer %" G_GINT64_FORMAT,
          (gint64) api->value_int (value));
      break;
    case TS_SHIM_DOUBLE:
      g_string_append_printf (text, "the number %g", api->value_double (value));
      break;
    case TS_SHIM_STRING:
      append_string (text, api->value_string (value));
      break;
    default:
      g_string_append (text, "None");
  }
  return g_string_free (text, FALSE);
}

gchar *
ts_value_child_key (const TsShimApi * api, const TsShimValue * parent,
    gsize index, const gchar * prefix)
{
  const gchar *dot = *prefix ? "." : "";

  if (api->value_kind (parent) == TS_SHIM_DICT)
    return g_strconcat (prefix, dot, api->value_key (parent, index), NULL);
  return g_strdup_printf ("%s%s%" G_GSIZE_FORMAT, prefix, dot, index);
}

static void
append_parts (GString * text, const TsShimApi * api, const TsShimValue * value,
    const gchar * key, guint * n_listed)
{
  TsShimKind kind = api->value_kind (value);
  g_autofree gchar *what = NULL;

  if (kind == TS_SHIM_LIST || kind == TS_SHIM_DICT) {
    for (gsize i = 0; i < api->value_size (value); i++) {
      g_autofree gchar *child = ts_value_child_key (api, value, i, key);

      append_parts (text, api, api->value_child (value, i), child, n_listed);
    }
    return;
  }
  if (++*n_listed > MAX_LISTED)
    return;
  what = ts_value_describe (api, value);
  g_string_append_printf (text, "%s'%s' (%s)", *n_listed > 1 ? ", " : "", key,
      what);
}

gchar *
ts_value_describe_parts (const TsShimApi * api, const TsShimValue * value)
{
  GString *text = g_string_new (NULL);
  guint n_listed = 0;

  append_parts (text, api, value, "", &n_listed);
  if (n_listed > MAX_LISTED)
    g_string_append (text, ", ...");
  if (n_listed == 0)
    g_string_append (text, "nothing");
  return g_string_free (text, FALSE);
}
