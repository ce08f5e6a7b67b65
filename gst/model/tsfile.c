/* tsfile.c - reads files, with errors that name them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tserror.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define BLOCK 65536

void
ts_file_set_error (GError ** error, const gchar * path, const gchar * what,
    gint err_no)
{
  if (err_no == ENOENT || err_no == ENOTDIR)
    g_set_error (error, TS_ERROR, TS_ERROR_NOT_FOUND,
        "%s: there is no such %s; check the path", path, what);
  else
    g_set_error (error, TS_ERROR, TS_ERROR_READ,
        "%s: cannot read this %s: %s; check its permissions and its disk",
        path, what, g_strerror (err_no));
}

static gboolean
check (const gchar * path, const gchar * what, GStatBuf * info, GError ** error)
{
  if (g_stat (path, info) != 0) {
    ts_file_set_error (error, path, what, errno);
    return FALSE;
  }
  if (!S_ISREG (info->st_mode)) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is %s, expected a %s, which is a regular file; name such a file",
        path, S_ISDIR (info->st_mode) ? "a directory" : "a special file", what);
    return FALSE;
  }
  if (info->st_size == 0) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is empty, expected a %s; copy or export it anew", path, what);
    return FALSE;
  }
  return TRUE;
}

gboolean
ts_file_check (const gchar * path, const gchar * what, GError ** error)
{
  GStatBuf info;

  return check (path, what, &info, error);
}

static gboolean
check_text (const gchar * path, const gchar * what, const gchar * text,
    gsize size, GError ** error)
{
  const gchar *end;

  if (g_utf8_validate_len (text, size, &end))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: is no UTF-8 text (byte 0x%02x at offset %" G_GSIZE_FORMAT
      "), expected a %s in UTF-8; convert it", path, (guint8) * end,
      (gsize) (end - text), what);
  return FALSE;
}

gchar *
ts_file_read_text (const gchar * path, const gchar * what, gsize * size,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;
  g_autofree gchar *text = NULL;
  GStatBuf info;

  if (!check (path, what, &info, error))
    return NULL;
  if (info.st_size > TS_FILE_MAX_TEXT) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: has %" G_GINT64_FORMAT " bytes, expected a %s of at most %d; "
        "name another file", path, (gint64) info.st_size, what,
        TS_FILE_MAX_TEXT);
    return NULL;
  }
  if (!g_file_get_contents (path, &text, size, &cause)) {
    g_set_error (error, TS_ERROR, TS_ERROR_READ,
        "%s: cannot read this %s: %s; check its permissions and its disk",
        path, what, cause->message);
    return NULL;
  }
  if (!check_text (path, what, text, *size, error))
    return NULL;
  if (g_str_has_prefix (text, BYTE_ORDER_MARK)) {
    *size -= strlen (BYTE_ORDER_MARK);
    memmove (text, text + strlen (BYTE_ORDER_MARK), *size + 1);
  }
  return g_steal_pointer (&text);
}

gint
ts_file_open (const gchar * path)
{
  return g_open (path, O_RDONLY | O_CLOEXEC, 0);
}

gssize
ts_file_read_block (gint fd, gpointer block, gsize size)
{
  gsize done = 0;

  while (done < size) {
    gssize n = read (fd, (guint8 *) block + done, size - done);

    if (n < 0 && errno != EINTR)
      return -1;
    if (n == 0)
      break;
    if (n > 0)
      done += (gsize) n;
  }
  return (gssize) done;
}

gboolean
ts_file_each_block (const gchar * path, const gchar * what,
    TsFileBlockFunc func, gpointer user_data, GError ** error)
{
  guint8 block[BLOCK];
  gint fd = ts_file_open (path);
  gssize n = -1;

  while (fd >= 0 && (n = ts_file_read_block (fd, block, BLOCK)) > 0)
    func (user_data, block, (gsize) n);
  if (n < 0)
    ts_file_set_error (error, path, what, errno);
  if (fd >= 0)
    close (fd);
  return n == 0;
}

static void
ignore (gpointer user_data, gconstpointer block, gsize size)
{
}

gboolean
ts_file_is_readable (const gchar * path, const gchar * what, GError ** error)
{
  return ts_file_each_block (path, what, ignore, NULL, error);
}

/* One byte more than the file should have tells that it has grown. */
static GBytes *
read_known (gint fd, gsize size, const gchar * path, const gchar * what,
    GError ** error)
{
  g_autofree guint8 *data = size < G_MAXSSIZE ? g_try_malloc (size + 1) : NULL;
  gssize n = data ? ts_file_read_block (fd, data, size + 1) : 0;

  if (!data)
    g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
        "%s: no memory for the %" G_GSIZE_FORMAT
        " bytes of this %s; free memory", path, size, what);
  else if (n < 0)
    ts_file_set_error (error, path, what, errno);
  else if ((gsize) n != size)
    g_set_error (error, TS_ERROR, TS_ERROR_READ,
        "%s: had %" G_GSIZE_FORMAT " bytes and then %s, so this %s was changed "
        "while it was read; write a new file and rename it to replace the old one",
        path, size, (gsize) n < size ? "fewer" : "more", what);
  else
    return g_bytes_new_take (g_steal_pointer (&data), size);
  return NULL;
}

GBytes *
ts_file_read_bytes (const gchar * path, const gchar * what, GError ** error)
{
  GBytes *bytes = NULL;
  struct stat info;
  gint fd;

  if (!ts_file_check (path, what, error))
    return NULL;
  fd = ts_file_open (path);
  if (fd < 0 || fstat (fd, &info) != 0)
    ts_file_set_error (error, path, what, errno);
  else
    bytes = read_known (fd, (gsize) info.st_size, path, what, error);
  if (fd >= 0)
    close (fd);
  return bytes;
}
