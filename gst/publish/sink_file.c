/* sink_file.c - writes to one file, or to standard output
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* struct ucred */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tssink.h"
#include "tswrite.h"

typedef struct
{
  TsSink parent;
  gchar *path;
  gint fd;
  gboolean regular;
} TsSinkFile;

/* One end of a pair that this process made, such as that of a GstBus. */
static gboolean
is_own_socket (gint fd)
{
  struct ucred peer;
  socklen_t size = sizeof peer;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
      && peer.pid == getpid ();
}

/* Where a program is started without a standard output, its number goes to
 * whatever is opened first: an object of the kernel without a file type, a
 * library's file, which is not to be inherited, or a socket. */
static gboolean
has_standard_output (void)
{
  gint flags = fcntl (STDOUT_FILENO, F_GETFD);
  struct stat info;

  return flags >= 0 && !(flags & FD_CLOEXEC)
      && fstat (STDOUT_FILENO, &info) == 0 && (info.st_mode & S_IFMT) != 0
      && !is_own_socket (STDOUT_FILENO);
}

static gint
open_path (const gchar * path)
{
  if (strcmp (path, "-") == 0 && !has_standard_output ()) {
    errno = EBADF;
    return -1;
  }
  if (strcmp (path, "-") == 0)
    return fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  return g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
      0666);
}

static gboolean
sink_file_write (TsSink * sink, const GString * text, guint page,
    GError ** error)
{
  TsSinkFile *self = (TsSinkFile *) sink;

  if (self->regular ? ts_write_whole (self->fd, text->str, text->len) :
      ts_write_stream (self->fd, text->str, text->len, sink->cancellable))
    return TRUE;
  ts_sink_set_write_error (error, self->path, errno);
  return FALSE;
}

static gboolean
sink_file_close (TsSink * sink, GError ** error)
{
  TsSinkFile *self = (TsSinkFile *) sink;
  gboolean ok = close (self->fd) == 0;

  /* Some file systems report only here that a write has failed. */
  if (!ok)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_CLOSE,
        "Cannot finish writing detections to \"%s\": %s.", self->path,
        g_strerror (errno));
  g_free (self->path);
  g_free (self);
  return ok;
}

static const TsSinkClass sink_file_class = {
  sink_file_write, sink_file_close
};

TsSink *
ts_sink_file_open (const gchar * path, GError ** error)
{
  gint fd = open_path (path);
  struct stat info;
  TsSinkFile *self;

  if (fd < 0) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "Cannot open \"%s\"%s to write detections: %s; set the location "
        "property to a file that can be written.", path,
        strcmp (path, "-") == 0 ? " (standard output)" : "",
        g_strerror (errno));
    return NULL;
  }
  self = g_new0 (TsSinkFile, 1);
  self->parent.klass = &sink_file_class;
  self->path = g_strdup (path);
  self->fd = fd;
  self->regular = fstat (fd, &info) == 0 && S_ISREG (info.st_mode);
  return &self->parent;
}
