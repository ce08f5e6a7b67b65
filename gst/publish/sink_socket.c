/* sink_socket.c - writes to a Unix socket
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <gio/gunixsocketaddress.h>

#include "tssink.h"
#include "tswrite.h"

typedef struct
{
  TsSink parent;
  gchar *path;
  GSocket *socket;
} TsSinkSocket;

static gboolean
sink_socket_write (TsSink * sink, const GString * text, guint page,
    GError ** error)
{
  TsSinkSocket *self = (TsSinkSocket *) sink;

  if (ts_write_stream (g_socket_get_fd (self->socket), text->str, text->len,
          sink->cancellable))
    return TRUE;
  ts_sink_set_write_error (error, self->path, errno);
  return FALSE;
}

static gboolean
sink_socket_close (TsSink * sink, GError ** error)
{
  TsSinkSocket *self = (TsSinkSocket *) sink;

  g_object_unref (self->socket);
  g_free (self->path);
  g_free (self);
  return TRUE;
}

static const TsSinkClass sink_socket_class = {
  sink_socket_write, sink_socket_close
};

TsSink *
ts_sink_socket_open (const gchar * path, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) reason = NULL;
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &reason);
  TsSinkSocket *self;

  if (socket == NULL
      || !g_socket_connect (socket, address, cancellable, &reason)) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "Cannot connect to the Unix socket \"%s\": %s; start what reads the "
        "detections first.", path, reason->message);
    return NULL;
  }
  self = g_new0 (TsSinkSocket, 1);
  self->parent.klass = &sink_socket_class;
  self->path = g_strdup (path);
  self->socket = g_steal_pointer (&socket);
  return &self->parent;
}
