/* tstrust.c - models that somebody the user trusts has signed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstrust.h"

#include <errno.h>
#include <gio/gio.h>

#include "tserror.h"
#include "tsfile.h"
#include "tsjson.h"
#include "tssignature.h"
#include "tstree.h"

#define METADATA "metadata.json"

static gboolean
copy_file (const gchar * from, const gchar * to, GError ** error)
{
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (to);
  g_autofree gchar *parent = g_path_get_dirname (to);
  g_autoptr (GError) cause = NULL;

  g_mkdir_with_parents (parent, 0700);
  if (g_file_copy (source, target, G_FILE_COPY_NOFOLLOW_SYMLINKS
          | G_FILE_COPY_TARGET_DEFAULT_PERMS, NULL, NULL, NULL, &cause))
    return TRUE;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    ts_file_set_error (error, from, "file", ENOENT);
  else
    g_set_error (error, TS_ERROR, TS_ERROR_READ,
        "%s: cannot be copied to %s, where it is to be checked: %s; let TMPDIR "
        "name a directory with room", from, to, cause->message);
  return FALSE;
}

gboolean
ts_trust_copy (const gchar * path, const gchar * copy, GError ** error)
{
  g_autofree gchar *from = g_strconcat (path, TS_SIGNATURE_SUFFIX, NULL);
  g_autofree gchar *to = g_strconcat (copy, TS_SIGNATURE_SUFFIX, NULL);
  g_auto (GStrv) names = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return copy_file (path, copy, error) && copy_file (from, to, error);
  names = ts_tree_list (path, error);
  for (guint i = 0; names && names[i]; i++) {
    g_autofree gchar *source = g_build_filename (path, names[i], NULL);
    g_autofree gchar *target = g_build_filename (copy, names[i], NULL);

    if (!copy_file (source, target, error))
      return FALSE;
  }
  return names != NULL;
}

/* Signed by the hashes are only the files that have one. */
static gboolean
check_all_have_hashes (const gchar * dir, const TsJson * metadata,
    GError ** error)
{
  g_auto (GStrv) names = ts_tree_list (dir, error);
  JsonNode *node;

  if (!names || !ts_json_get (metadata, "sha256",
          TS_JSON_OBJECT | TS_JSON_REQUIRED, &node, error))
    return FALSE;
  for (guint i = 0; names[i]; i++) {
    if (g_str_equal (names[i], METADATA)
        || g_str_equal (names[i], METADATA TS_SIGNATURE_SUFFIX)
        || json_object_has_member (json_node_get_object (node), names[i]))
      continue;
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: the file %s is not signed, as \"sha256\" in " METADATA " does not "
        "have it; do not use the package, or sign it with \"mlpkg sign\"", dir,
        names[i]);
    return FALSE;
  }
  return TRUE;
}

gboolean
ts_trust_check_package (const gchar * dir, const gchar * keys, GError ** error)
{
  g_autofree gchar *path = g_build_filename (dir, METADATA, NULL);
  g_autoptr (JsonObject) object = NULL;
  TsJson metadata = { path, "", NULL };

  if (!ts_signature_check (path, keys, error))
    return FALSE;
  metadata.object = object = ts_json_read (path, error);
  return object && check_all_have_hashes (dir, &metadata, error);
}
