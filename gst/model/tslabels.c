/* tslabels.c - class names from a text file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tslabels.h"

#include "tserror.h"
#include "tsfile.h"

static void
drop_blank_end (gchar ** lines)
{
  for (guint n = g_strv_length (lines); n > 0 && !*lines[n - 1]; n--)
    g_clear_pointer (&lines[n - 1], g_free);
}

gchar **
ts_labels_read (const gchar * path, GError ** error)
{
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize size;

  text = ts_file_read_text (path, "label file", &size, error);
  if (!text)
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    g_strstrip (lines[i]);
  drop_blank_end (lines);
  if (!lines[0]) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: holds blank lines only, expected a label file with one class "
        "name a line, the first for class 0", path);
    return NULL;
  }
  return g_steal_pointer (&lines);
}
