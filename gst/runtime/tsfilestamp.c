/* tsfilestamp.c - tells whether what lies at a path is still the same
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsfilestamp.h"

#include <sys/stat.h>

/* A package is two levels deep; a link back up must come to an end. */
#define MAX_DEPTH 8

static void
add_file (GString * stamp, const gchar * name, const struct stat *info)
{
  g_string_append_printf (stamp, "%s:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT
      ":%" G_GINT64_FORMAT ".%09ld:%" G_GINT64_FORMAT ";", name,
      (guint64) info->st_dev, (guint64) info->st_ino,
      (gint64) info->st_mtim.tv_sec, (glong) info->st_mtim.tv_nsec,
      (gint64) info->st_size);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const gchar * const *) a, *(const gchar * const *) b);
}

static GPtrArray *
list_names (const gchar * path)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (directory && (name = g_dir_read_name (directory)))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
add_path (GString * stamp, const gchar * path, const gchar * name, guint depth)
{
  g_autoptr (GPtrArray) names = NULL;
  struct stat info;

  if (stat (path, &info) != 0)
    return;
  if (!S_ISDIR (info.st_mode)) {
    add_file (stamp, name, &info);
    return;
  }
  names = list_names (path);
  for (guint i = 0; depth < MAX_DEPTH && i < names->len; i++) {
    g_autofree gchar *child = g_build_filename (path, names->pdata[i], NULL);

    add_path (stamp, child, names->pdata[i], depth + 1);
  }
}

gchar *
ts_file_stamp (const gchar * path)
{
  GString *stamp = g_string_new (NULL);

  add_path (stamp, path, "", 0);
  return g_string_free (stamp, FALSE);
}
