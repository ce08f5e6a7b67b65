/* tsptfile.c - tells a TorchScript file from what is often taken for one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * torch.save() and torch.jit.save() both write zip archives: the first with
 * STEM/data.pkl, the second with STEM/code/ and STEM/constants.pkl as well.
 * Before PyTorch 1.6 torch.save() wrote a bare pickle.
 */
#include "tsptfile.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "tsarchive.h"
#include "tserror.h"
#include "tsfile.h"

#define EXPORT_HINT \
  "export it with torch.jit.script() or torch.jit.trace() and " \
  "torch.jit.save(), or, for DocLayout-YOLO, with models/doclayout/convert.py"

typedef struct
{
  gboolean code, constants, data;
  gboolean package;             /* an mlpkg in one file */
  gint64 unpacked;              /* bytes, as its directory says */
  gchar conflict[160];          /* between its directory and an entry, or "" */
} Contents;

/* *INDENT-OFF* */
typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_read_free)
/* *INDENT-ON* */

static void
note_entry (Contents * contents, const gchar * name)
{
  const gchar *inner = strchr (name, '/');

  if (inner) {
    contents->code |= g_str_has_prefix (inner, "/code/");
    contents->constants |= g_str_equal (inner, "/constants.pkl");
    contents->data |= g_str_equal (inner, "/data.pkl");
  }
  contents->package |= g_str_has_suffix (name, "model_info.json");
}

/* The library takes the entry's word, and libtorch the directory's. */
static void
note_conflict (Contents * contents, const gchar * warning)
{
  if (warning && g_str_has_prefix (warning, "Inconsistent"))
    g_strlcpy (contents->conflict, warning, sizeof contents->conflict);
}

/* FALSE if the file has no readable directory of a zip archive. */
static gboolean
list_zip (const gchar * path, Contents * contents)
{
  g_autoptr (Archive) archive = archive_read_new ();
  struct archive_entry *entry;
  gint status;

  /* The seekable reader needs the directory at the end, which a truncated file
   * has lost. */
  archive_read_support_format_zip_seekable (archive);
  if (archive_read_open_filename (archive, path, 65536) != ARCHIVE_OK)
    return FALSE;
  do {
    status = archive_read_next_header (archive, &entry);
    if (status == ARCHIVE_OK || status == ARCHIVE_WARN) {
      const gchar *name = archive_entry_pathname (entry);

      if (name)
        note_entry (contents, name);
      note_conflict (contents, archive_error_string (archive));
      contents->unpacked = MIN (contents->unpacked, TS_ARCHIVE_MAX_UNPACKED)
          + MIN (archive_entry_size (entry), TS_ARCHIVE_MAX_UNPACKED);
    }
  } while (status == ARCHIVE_OK || status == ARCHIVE_WARN);
  return status == ARCHIVE_EOF;
}

static gboolean
read_start (const gchar * path, guint8 start[4], GError ** error)
{
  gint fd = ts_file_open (path);
  gssize n = fd >= 0 ? ts_file_read_block (fd, start, 4) : -1;

  if (n < 0)
    ts_file_set_error (error, path, "TorchScript file", errno);
  else
    memset (start + n, 0, 4 - n);
  if (fd >= 0)
    close (fd);
  return n >= 0;
}

static void
set_checkpoint_error (const gchar * path, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: is a pickled checkpoint and no TorchScript; " EXPORT_HINT, path);
}

static void
set_zip_error (const gchar * path, const Contents * contents, GError ** error)
{
  if (contents->package)
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is a zip archive with a package in a folder of it, expected "
        "metadata.json at its top; pack it anew with \"mlpkg pack\"", path);
  else if (contents->data && !contents->code && !contents->constants)
    set_checkpoint_error (path, error);
  else
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is a zip archive but no TorchScript file (which has code/, "
        "constants.pkl and data.pkl); " EXPORT_HINT, path);
}

static void
set_other_error (const gchar * path, const guint8 start[4], GError ** error)
{
  if (memcmp (start, "PK\3\4", 4) == 0)
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: begins like a TorchScript file but its end is missing or damaged; "
        "copy or export it anew", path);
  else if (start[0] == 0x80)
    set_checkpoint_error (path, error);
  else
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is no TorchScript file: it begins with the bytes %02x %02x %02x "
        "%02x, expected a zip archive (50 4b 03 04); " EXPORT_HINT, path,
        start[0], start[1], start[2], start[3]);
}

/* libtorch inflates each entry into memory of the size that the directory says. */
static gboolean
check_sizes (const gchar * path, const Contents * contents, GError ** error)
{
  GStatBuf info;
  gint64 packed = g_stat (path, &info) == 0 ? (gint64) info.st_size : 0;
  gboolean bomb = contents->unpacked > TS_ARCHIVE_RATIO_FREE
      && contents->unpacked / TS_ARCHIVE_MAX_RATIO > packed;

  if (*contents->conflict) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is damaged or made to do harm: %s; copy or export it anew", path,
        contents->conflict);
    return FALSE;
  }
  if (!bomb && packed <= TS_ARCHIVE_MAX_UNPACKED
      && contents->unpacked <= TS_ARCHIVE_MAX_UNPACKED)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: has %" G_GINT64_FORMAT " bytes and unpacks to %" G_GINT64_FORMAT
      " or more; expected at most %" G_GINT64_FORMAT " bytes, and at most %d "
      "times as many as are packed; torch.jit.save() does not compress", path,
      packed, contents->unpacked, TS_ARCHIVE_MAX_UNPACKED,
      TS_ARCHIVE_MAX_RATIO);
  return FALSE;
}

gboolean
ts_pt_file_check (const gchar * path, GError ** error)
{
  Contents contents = { FALSE };
  guint8 start[4];

  if (!ts_file_check (path, "TorchScript file", error)
      || !read_start (path, start, error))
    return FALSE;
  if (!list_zip (path, &contents)) {
    if (ts_file_is_readable (path, "TorchScript file", error))
      set_other_error (path, start, error);
    return FALSE;
  }
  if (contents.code && contents.constants && contents.data)
    return check_sizes (path, &contents, error);
  set_zip_error (path, &contents, error);
  return FALSE;
}
