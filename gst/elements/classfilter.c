/* classfilter.c - a choice of classes, as properties name them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "classfilter.h"

gchar **
ts_class_filter_new (const gchar * classes)
{
  gchar **names, **from, **to;

  if (classes == NULL)
    return NULL;
  names = g_strsplit (classes, ",", -1);
  for (from = to = names; *from != NULL; from++) {
    if (*g_strstrip (*from) != '\0')
      *to++ = *from;
    else
      g_free (*from);
  }
  *to = NULL;
  if (to == names)
    g_clear_pointer (&names, g_free);
  return names;
}

gboolean
ts_class_filter_has (gchar * const *filter, gint class_id, const gchar * label)
{
  const gchar *const *names = (const gchar * const *) filter;
  gchar id[16];

  if (names == NULL || (label != NULL && g_strv_contains (names, label)))
    return TRUE;
  g_snprintf (id, sizeof (id), "%d", class_id);
  return g_strv_contains (names, id);
}
