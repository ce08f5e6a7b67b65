/* tsoutputkeys.c - which part of a module's answer a decoder reads as what
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsoutputkeys.h"

#include <string.h>

#include "tserror.h"

/* A role left out keeps the place that the package gives. */
static void
set_role (TsModelSpec * spec, const gchar * role, const gchar * key)
{
  if (!spec->output_roles)
    spec->output_roles =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_insert (spec->output_roles, g_strdup (role), g_strdup (key));
}

gboolean
ts_output_keys_parse (TsModelSpec * spec, const gchar * text, GError ** error)
{
  g_auto (GStrv) parts = NULL;

  if (!strchr (text, '=')) {
    g_free (spec->output_key);
    spec->output_key = g_strdup (text);
    g_clear_pointer (&spec->output_roles, g_hash_table_unref);
    return TRUE;
  }
  parts = g_strsplit (text, ",", -1);
  for (guint i = 0; parts[i]; i++) {
    gchar *key = strchr (parts[i], '=');

    if (!key || key == parts[i]) {
      g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
          "the output property is '%s', and '%s' in it is no role=key; "
          "expected one key (\"1\", \"boxes\", \"one2one.0\") or pairs like "
          "\"boxes=0,scores=1\"", text, parts[i]);
      return FALSE;
    }
    *key++ = '\0';
    set_role (spec, g_strstrip (parts[i]), g_strstrip (key));
  }
  return TRUE;
}

static guint
count_roles (const TsDecoder * decoder)
{
  guint n = 0;

  while (decoder->roles[n].name)
    n++;
  return n;
}

static gboolean
check_roles (const TsModelSpec * spec, const TsDecoder * decoder,
    GError ** error)
{
  g_autoptr (GString) list = g_string_new (NULL);
  guint n = count_roles (decoder);
  GHashTableIter iter;
  gpointer name;

  for (guint i = 0; i < n; i++)
    g_string_append_printf (list, "%s'%s'", i ? ", " : "",
        decoder->roles[i].name);
  if (!spec->output_roles)
    return TRUE;
  g_hash_table_iter_init (&iter, spec->output_roles);
  while (g_hash_table_iter_next (&iter, &name, NULL)) {
    guint i = 0;

    while (i < n && !g_str_equal (name, decoder->roles[i].name))
      i++;
    if (i == n) {
      g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
          "%s: \"output\" names '%s', but the decoder %s reads %s%s",
          spec->path, (const gchar *) name, decoder->id,
          n ? "only " : "no outputs", list->str);
      return FALSE;
    }
  }
  return TRUE;
}

static gchar *
resolve_role (const TsModelSpec * spec, const TsRole * role, guint n_roles)
{
  const gchar *key = spec->output_roles ?
      g_hash_table_lookup (spec->output_roles, role->name) : NULL;

  if (key)
    return g_strdup (key);
  if (!spec->output_key || !*spec->output_key)
    return g_strdup (role->default_keys);
  return n_roles == 1 ? g_strdup (spec->output_key) :
      g_strconcat (spec->output_key, ".", role->name, NULL);
}

gchar **
ts_output_keys_resolve (const TsModelSpec * spec, const TsDecoder * decoder,
    GError ** error)
{
  guint n = count_roles (decoder);
  gchar **keys;

  if (!check_roles (spec, decoder, error))
    return NULL;
  keys = g_new0 (gchar *, n + 1);
  for (guint i = 0; i < n; i++)
    keys[i] = resolve_role (spec, &decoder->roles[i], n);
  return keys;
}

/* Keys may be alternatives, parted by '|'. */
gint
ts_output_keys_find (gchar ** keys, const gchar * name)
{
  for (gint i = 0; keys[i]; i++) {
    g_auto (GStrv) alternatives = g_strsplit (keys[i], "|", -1);

    if (*keys[i] ? g_strv_contains ((const gchar * const *) alternatives, name)
        : !*name)
      return i;
  }
  return -1;
}
