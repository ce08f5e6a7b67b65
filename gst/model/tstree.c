/* tstree.c - the files below a directory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstree.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tserror.h"
#include "tsfile.h"

static gboolean list_folder (const gchar * dir, const gchar * folder,
    GPtrArray * names, GError ** error);

static gboolean
list_entry (const gchar * dir, const gchar * name, GPtrArray * names,
    GError ** error)
{
  g_autofree gchar *path = g_build_filename (dir, name, NULL);
  GStatBuf info;

  if (g_lstat (path, &info) != 0) {
    ts_file_set_error (error, path, "file of a package", errno);
    return FALSE;
  }
  if (S_ISDIR (info.st_mode))
    return list_folder (dir, name, names, error);
  if (S_ISREG (info.st_mode)) {
    g_ptr_array_add (names, g_strdup (name));
    return TRUE;
  }
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: is a link or a special file, expected regular files and folders "
      "only; replace it by what it stands for", path);
  return FALSE;
}

static gboolean
list_folder (const gchar * dir, const gchar * folder, GPtrArray * names,
    GError ** error)
{
  g_autofree gchar *path = g_build_filename (dir, folder, NULL);
  g_autoptr (GDir) handle = g_dir_open (path, 0, NULL);
  const gchar *name;

  if (!handle) {
    ts_file_set_error (error, path, "package directory", errno);
    return FALSE;
  }
  while ((name = g_dir_read_name (handle))) {
    g_autofree gchar *relative = *folder ?
        g_strconcat (folder, "/", name, NULL) : g_strdup (name);

    if (!list_entry (dir, relative, names, error))
      return FALSE;
  }
  return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

gchar **
ts_tree_list (const gchar * dir, GError ** error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (!list_folder (dir, "", names, error))
    return NULL;
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (gchar **) g_ptr_array_steal (names, NULL);
}

void
ts_tree_remove (const gchar * dir)
{
  g_autoptr (GDir) handle = NULL;
  const gchar *name;

  if (!g_file_test (dir, G_FILE_TEST_IS_SYMLINK))
    handle = g_dir_open (dir, 0, NULL);
  while (handle && (name = g_dir_read_name (handle))) {
    g_autofree gchar *path = g_build_filename (dir, name, NULL);

    ts_tree_remove (path);
  }
  g_remove (dir);
}
