/* pack.c - a package from a directory to one file and back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <glib/gstdio.h>

#include "mlpkg.h"
#include "tsarchive.h"
#include "tserror.h"
#include "tsmodelspec.h"
#include "tstree.h"

static const GOptionEntry no_entries[] = { {NULL} };

static gboolean
check_package (const gchar * dir, GError ** error)
{
  g_autoptr (TsModelSpec) spec = ts_model_spec_read (dir, error);

  if (!spec)
    return FALSE;
  if (spec->package && !spec->temporary)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: is one file, expected a package directory; unpack it first, or make a "
      "package of a TorchScript file with \"mlpkg create\"", dir);
  return FALSE;
}

static gboolean
run_pack (gchar ** arguments, JsonObject * report, GError ** error)
{
  GStatBuf info;

  if (!check_package (arguments[0], error)
      || !ts_archive_pack (arguments[0], arguments[1], error))
    return FALSE;
  json_object_set_string_member (report, "packed", arguments[1]);
  if (g_stat (arguments[1], &info) == 0)
    json_object_set_int_member (report, "bytes", info.st_size);
  return TRUE;
}

static gboolean
set_write_error (const gchar * dir, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: cannot be made: %s; remove it or choose another name", dir,
      g_strerror (errno));
  return FALSE;
}

/* Into a draft beside the target, so that the whole of it is there or nothing. */
static gboolean
unpack (const gchar * path, const gchar * dir, GError ** error)
{
  g_autofree gchar *parent = g_path_get_dirname (dir);
  g_autofree gchar *draft = g_build_filename (parent, ".mlpkg-XXXXXX", NULL);
  gboolean done;

  if (g_file_test (dir, G_FILE_TEST_EXISTS)) {
    errno = EEXIST;
    return set_write_error (dir, error);
  }
  if (!g_mkdtemp_full (draft, 0755))
    return set_write_error (dir, error);
  done = ts_archive_unpack (path, draft, error)
      && (g_rename (draft, dir) == 0 || set_write_error (dir, error));
  if (!done)
    ts_tree_remove (draft);
  return done;
}

static gboolean
run_unpack (gchar ** arguments, JsonObject * report, GError ** error)
{
  if (!unpack (arguments[0], arguments[1], error))
    return FALSE;
  json_object_set_string_member (report, "unpacked", arguments[1]);
  return TRUE;
}

const MlpkgCommand mlpkg_pack = {
  "pack", "DIR FILE", 2, "Packs a package directory into one file",
  no_entries, run_pack
};

const MlpkgCommand mlpkg_unpack = {
  "unpack", "FILE DIR", 2, "Unpacks a package in one file to a directory",
  no_entries, run_unpack
};
