/* tsarchive.c - a package in one zip file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsarchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tserror.h"
#include "tsfile.h"
#include "tstree.h"

#define BLOCK 65536

typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_read_free)
     typedef struct
     {
       const gchar *path;       /* of the archive */
       const gchar *dir;        /* where to */
       Archive *archive;
       gint64 packed;           /* bytes of the whole archive */
       gint64 unpacked;
       guint n_entries;
     } Unpacker;

/* NULL if @path is no zip archive.  The seekable reader needs the directory at
 * the end, so that a truncated file is refused. */
     static Archive *open_zip (const gchar * path)
{
  g_autoptr (Archive) archive = archive_read_new ();

  archive_read_support_format_zip_seekable (archive);
  if (archive_read_open_filename (archive, path, BLOCK) != ARCHIVE_OK)
    return NULL;
  return g_steal_pointer (&archive);
}

/* Skips nothing: a header with a warning is checked like any other. */
static gint
next_header (Archive * archive, struct archive_entry **entry)
{
  gint status = archive_read_next_header (archive, entry);

  return status == ARCHIVE_WARN ? ARCHIVE_OK : status;
}

/* The native name can be lost in a locale that is not UTF-8. */
static const gchar *
entry_name (struct archive_entry *entry)
{
  const gchar *name = archive_entry_pathname_utf8 (entry);

  return name ? name : archive_entry_pathname (entry);
}

gboolean
ts_archive_is_package (const gchar * path)
{
  g_autoptr (Archive) archive = open_zip (path);
  struct archive_entry *entry;

  while (archive && next_header (archive, &entry) == ARCHIVE_OK) {
    const gchar *name = entry_name (entry);

    if (g_strcmp0 (name, "metadata.json") == 0
        || g_strcmp0 (name, "model_info.json") == 0)
      return TRUE;
  }
  return FALSE;
}

static void
set_zip_error (const Unpacker * self, GError ** error)
{
  const gchar *cause = archive_error_string (self->archive);

  if (!ts_file_is_readable (self->path, "package in one file", error))
    return;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: is a damaged zip archive (%s), expected a package in one file; copy "
      "it anew", self->path, cause ? cause : "no reason given");
}

static gboolean
set_entry_error (const Unpacker * self, const gchar * name,
    const gchar * found, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: the entry '%s' %s; expected regular files and folders with names "
      "inside the package; pack it anew with \"mlpkg pack\"", self->path,
      name ? name : "", found);
  return FALSE;
}

static gboolean
has_plain_parts (gchar ** parts)
{
  for (guint i = 0; parts[i]; i++) {
    gboolean folder_end = i > 0 && !parts[i + 1] && !*parts[i];

    if (g_str_equal (parts[i], ".") || g_str_equal (parts[i], "..")
        || (!*parts[i] && !folder_end))
      return FALSE;
  }
  return TRUE;
}

/* What is wrong with an entry's name, or NULL. */
static const gchar *
find_name_fault (const gchar * name)
{
  g_auto (GStrv) parts = NULL;

  if (!name || !*name || !g_utf8_validate (name, -1, NULL))
    return "has no name in UTF-8";
  parts = g_strsplit (name, "/", -1);
  /* A backslash is a separator to some packers. */
  if (g_path_is_absolute (name) || strchr (name, '\\')
      || !has_plain_parts (parts))
    return "leads out of the package";
  return g_strv_length (parts) > TS_ARCHIVE_MAX_DEPTH ?
      "lies more than " G_STRINGIFY (TS_ARCHIVE_MAX_DEPTH) " folders deep" :
      NULL;
}

static gboolean
check_entry (const Unpacker * self, struct archive_entry *entry,
    GError ** error)
{
  const gchar *name = entry_name (entry);
  const gchar *fault = find_name_fault (name);
  guint type = archive_entry_filetype (entry);

  if (fault)
    return set_entry_error (self, name && g_utf8_validate (name, -1, NULL) ?
        name : NULL, fault, error);
  if ((type != AE_IFREG && type != AE_IFDIR) || archive_entry_hardlink (entry))
    return set_entry_error (self, name, "is a link or a special file", error);
  if (archive_entry_is_encrypted (entry))
    return set_entry_error (self, name, "is encrypted", error);
  return TRUE;
}

static gboolean
check_limits (const Unpacker * self, GError ** error)
{
  gboolean bomb = self->unpacked > TS_ARCHIVE_RATIO_FREE
      && self->unpacked / TS_ARCHIVE_MAX_RATIO > self->packed;

  if (self->n_entries <= TS_ARCHIVE_MAX_ENTRIES && !bomb
      && self->unpacked <= TS_ARCHIVE_MAX_UNPACKED)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: unpacks to more than a package may: %u entries and %" G_GINT64_FORMAT
      " bytes so far, from %" G_GINT64_FORMAT " bytes; expected at most %d "
      "entries, %" G_GINT64_FORMAT " bytes and %d times the file's size; pack "
      "it anew with \"mlpkg pack\", or use the directory", self->path,
      self->n_entries, self->unpacked, self->packed, TS_ARCHIVE_MAX_ENTRIES,
      TS_ARCHIVE_MAX_UNPACKED, TS_ARCHIVE_MAX_RATIO);
  return FALSE;
}

static gboolean
write_block (gint fd, const guint8 * data, gsize size)
{
  while (size > 0) {
    gssize n = write (fd, data, size);

    if (n < 0 && errno != EINTR)
      return FALSE;
    if (n > 0) {
      data += n;
      size -= (gsize) n;
    }
  }
  return TRUE;
}

static gboolean
set_write_error (const gchar * path, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_READ,
      "%s: cannot be written: %s; free space there, or let TMPDIR name another "
      "place", path, g_strerror (errno));
  return FALSE;
}

/* The sizes that the archive states are not trusted: what comes is counted. */
static gboolean
copy_data (Unpacker * self, gint fd, const gchar * to, GError ** error)
{
  g_autofree guint8 *block = g_malloc (BLOCK);
  gssize n;

  while ((n = archive_read_data (self->archive, block, BLOCK)) > 0) {
    self->unpacked += n;
    if (!check_limits (self, error))
      return FALSE;
    if (!write_block (fd, block, (gsize) n))
      return set_write_error (to, error);
  }
  if (n < 0)
    set_zip_error (self, error);
  return n == 0;
}

static gboolean
unpack_file (Unpacker * self, const gchar * name, const gchar * to,
    GError ** error)
{
  g_autofree gchar *parent = g_path_get_dirname (to);
  gboolean done;
  gint fd;

  if (g_mkdir_with_parents (parent, 0777) != 0)
    return set_write_error (parent, error);
  fd = g_open (to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EEXIST)
    return set_entry_error (self, name, "is there twice", error);
  if (fd < 0)
    return set_write_error (to, error);
  done = copy_data (self, fd, to, error);
  if (close (fd) != 0 && done)
    done = set_write_error (to, error);
  return done;
}

static gboolean
unpack_entry (Unpacker * self, struct archive_entry *entry, GError ** error)
{
  const gchar *name = entry_name (entry);
  g_autofree gchar *to = NULL;

  self->n_entries++;
  if (!check_limits (self, error) || !check_entry (self, entry, error))
    return FALSE;
  to = g_build_filename (self->dir, name, NULL);
  if (archive_entry_filetype (entry) == AE_IFREG)
    return unpack_file (self, name, to, error);
  return g_mkdir_with_parents (to, 0777) == 0 || set_write_error (to, error);
}

static gboolean
unpack_all (Unpacker * self, GError ** error)
{
  struct archive_entry *entry;
  gint status;

  while ((status = next_header (self->archive, &entry)) == ARCHIVE_OK)
    if (!unpack_entry (self, entry, error))
      return FALSE;
  if (status != ARCHIVE_EOF)
    set_zip_error (self, error);
  return status == ARCHIVE_EOF;
}

gboolean
ts_archive_unpack (const gchar * path, const gchar * dir, GError ** error)
{
  g_autoptr (Archive) archive = NULL;
  Unpacker self = { path, dir, NULL };
  GStatBuf info;

  if (!ts_file_check (path, "package in one file", error))
    return FALSE;
  self.archive = archive = open_zip (path);
  if (!archive || g_stat (path, &info) != 0) {
    if (!ts_file_is_readable (path, "package in one file", error))
      return FALSE;
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is no zip archive, or its end is missing; expected a package in "
        "one file; copy it anew", path);
    return FALSE;
  }
  self.packed = info.st_size;
  return unpack_all (&self, error);
}

/* Packing */

static gboolean
set_pack_error (struct archive *archive, const gchar * path, GError ** error)
{
  const gchar *cause = archive_error_string (archive);
  gint number = archive_errno (archive);

  /* libarchive has negative numbers of its own. */
  g_set_error (error, TS_ERROR, TS_ERROR_READ,
      "%s: cannot be written: %s; free " "space there, or choose another place",
      path,
      number > 0 ? g_strerror (number) : cause ? cause : "no reason given");
  return FALSE;
}

static gboolean
pack_data (struct archive *archive, gint fd, const gchar * from,
    const gchar * path, GError ** error)
{
  g_autofree guint8 *block = g_malloc (BLOCK);
  gssize n;

  while ((n = ts_file_read_block (fd, block, BLOCK)) > 0)
    if (archive_write_data (archive, block, (gsize) n) != n)
      return set_pack_error (archive, path, error);
  if (n < 0)
    ts_file_set_error (error, from, "file of a package", errno);
  return n == 0;
}

static gboolean
pack_open_file (struct archive *archive, gint fd, const gchar * name,
    const gchar * from, const gchar * path, GError ** error)
{
  struct archive_entry *entry = archive_entry_new ();
  struct stat info;
  gint status;

  if (fstat (fd, &info) != 0) {
    ts_file_set_error (error, from, "file of a package", errno);
    archive_entry_free (entry);
    return FALSE;
  }
  archive_entry_set_pathname_utf8 (entry, name);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_perm (entry, 0644);
  archive_entry_set_size (entry, info.st_size);
  archive_entry_set_mtime (entry, info.st_mtime, 0);
  status = archive_write_header (archive, entry);
  archive_entry_free (entry);
  if (status != ARCHIVE_OK)
    return set_pack_error (archive, path, error);
  return pack_data (archive, fd, from, path, error);
}

static gboolean
pack_file (struct archive *archive, const gchar * dir, const gchar * name,
    const gchar * path, GError ** error)
{
  g_autofree gchar *from = g_build_filename (dir, name, NULL);
  gint fd = g_open (from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
  gboolean done;

  if (fd < 0) {
    ts_file_set_error (error, from, "file of a package", errno);
    return FALSE;
  }
  done = pack_open_file (archive, fd, name, from, path, error);
  close (fd);
  return done;
}

/* Stored and not compressed: weights hardly shrink, and a stored package needs
 * no more time to open than a copy. */
static gboolean
pack_files (const gchar * dir, gchar ** names, gint fd, const gchar * path,
    GError ** error)
{
  struct archive *archive = archive_write_new ();
  gboolean done;

  archive_write_set_format_zip (archive);
  archive_write_zip_set_compression_store (archive);
  done = archive_write_open_fd (archive, fd) == ARCHIVE_OK
      || set_pack_error (archive, path, error);
  for (; done && *names; names++)
    done = pack_file (archive, dir, *names, path, error);
  if (done && archive_write_close (archive) != ARCHIVE_OK)
    done = set_pack_error (archive, path, error);
  archive_write_free (archive);
  return done;
}

/* What is packed here must unpack here. */
static gboolean
check_names (const gchar * dir, gchar ** names, GError ** error)
{
  if (g_strv_length (names) > TS_ARCHIVE_MAX_ENTRIES) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: has %u files, expected at most %d in a package; remove some", dir,
        g_strv_length (names), TS_ARCHIVE_MAX_ENTRIES);
    return FALSE;
  }
  for (; *names; names++) {
    const gchar *fault = find_name_fault (*names);
    g_autofree gchar *shown = fault ? g_filename_display_name (*names) : NULL;

    if (fault) {
      g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
          "%s: the file '%s' %s, as a name in a zip archive; rename it", dir,
          shown, fault);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
ts_archive_pack (const gchar * dir, const gchar * path, GError ** error)
{
  g_auto (GStrv) names = ts_tree_list (dir, error);
  gboolean done;
  gint fd;

  if (!names || !check_names (dir, names, error))
    return FALSE;
  fd = g_open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) {
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "%s: cannot be written: %s; remove it or choose another name", path,
        g_strerror (errno));
    return FALSE;
  }
  done = pack_files (dir, names, fd, path, error);
  if (close (fd) != 0 && done)
    done = set_write_error (path, error);
  if (!done)
    g_unlink (path);
  return done;
}
