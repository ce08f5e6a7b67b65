/* tsvariant.c - the forms that a module can run in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsvariant.h"

#include <string.h>
#ifdef __aarch64__
#include <sys/auxv.h>
#endif

gchar *
ts_variant_to_string (const TsVariant * self)
{
  GString *text = g_string_new (self->blocked ? "blocked" : self->packed ?
      "packed" : self->optimized ? "optimized" : self->channels_last ?
      "channels_last" : self->frozen ? "frozen" : "as loaded");

  if (self->packed && self->optimized)
    g_string_append (text, ", optimized");
  if (self->precision != TS_DTYPE_FLOAT32)
    g_string_append_printf (text, ", %s", ts_dtype_name (self->precision));
  if (self->threads > 0)
    g_string_append_printf (text, ", %d thread%s", self->threads,
        self->threads > 1 ? "s" : "");
  return g_string_free (text, FALSE);
}

static gboolean
is_identity (const gchar * line)
{
  static const gchar *const names[] = {
    "vendor_id", "cpu family", "model", "stepping", "flags", "Features",
    "CPU implementer", "CPU part", "CPU variant"
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_has_prefix (line, names[i]))
      return TRUE;
  return FALSE;
}

/* The first processor stands for all. */
static gchar **
read_cpu (void)
{
  g_autofree gchar *text = NULL;
  gchar *end;

  if (!g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL))
    return g_new0 (gchar *, 1);
  end = strstr (text, "\n\n");
  if (end)
    *end = '\0';
  return g_strsplit (text, "\n", -1);
}

gchar *
ts_variant_describe_cpu (void)
{
  g_auto (GStrv) lines = read_cpu ();
  GString *text = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++)
    if (is_identity (lines[i]))
      g_string_append_printf (text, "%s\n", lines[i]);
  return g_string_free (text, FALSE);
}

gboolean
ts_variant_cpu_has_bfloat16 (void)
{
#if defined (__x86_64__)
  __builtin_cpu_init ();
  return __builtin_cpu_supports ("avx512bf16");
#elif defined (__aarch64__) && defined (HWCAP2_BF16)
  return (getauxval (AT_HWCAP2) & HWCAP2_BF16) != 0;
#else
  return FALSE;
#endif
}
