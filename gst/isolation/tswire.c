/* tswire.c - messages between the plugin and the process that runs a model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tswire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Tensors go through shared memory; names and shapes need no more. */
#define MAX_MESSAGE (64u << 20)

typedef union
{
  struct cmsghdr header;        /* for its alignment */
  gchar room[CMSG_SPACE (TS_WIRE_MAX_FDS * sizeof (int))];
} Control;

static void
put_fds (struct msghdr *message, Control * control, const int *fds, guint n_fds)
{
  struct cmsghdr *header;

  memset (control, 0, sizeof *control);
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE (n_fds * sizeof (int));
  header = CMSG_FIRSTHDR (message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (n_fds * sizeof (int));
  memcpy (CMSG_DATA (header), fds, n_fds * sizeof (int));
}

static TsWireResult
wait_for (int socket, short events, gint64 deadline)
{
  struct pollfd entry = { socket, events, 0 };
  int status;

  do {
    gint64 left = deadline - g_get_monotonic_time ();
    gint64 ms = CLAMP ((left + 999) / 1000, 0, G_MAXINT);

    status = poll (&entry, 1, deadline ? (int) ms : -1);
  } while (status < 0 && errno == EINTR);
  return status == 0 ? TS_WIRE_LATE : status < 0 ? TS_WIRE_CLOSED :
      TS_WIRE_DONE;
}

/* Nobody may be reading, so that it waits only as long as it is told. */
static TsWireResult
send_all (int socket, struct msghdr *message, gint64 deadline)
{
  struct iovec *part = message->msg_iov;

  while (part->iov_len > 0) {
    TsWireResult result = wait_for (socket, POLLOUT, deadline);
    gssize n;

    if (result != TS_WIRE_DONE)
      return result;
    n = sendmsg (socket, message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (n < 0)
      return TS_WIRE_CLOSED;
    part->iov_base = (guint8 *) part->iov_base + n;
    part->iov_len -= n;
    /* They went with the first byte. */
    message->msg_control = NULL;
    message->msg_controllen = 0;
  }
  return TS_WIRE_DONE;
}

TsWireResult
ts_wire_send (int socket, GVariant * message, const int *fds, guint n_fds,
    gint64 deadline)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (message);
  /* 64 bits keep what follows aligned, as GVariant wants it. */
  guint64 size = g_variant_get_size (owned);
  g_autofree guint8 *bytes = g_malloc (sizeof size + size);
  struct iovec part = { bytes, sizeof size + size };
  struct msghdr header = {.msg_iov = &part,.msg_iovlen = 1 };
  Control control;

  memcpy (bytes, &size, sizeof size);
  g_variant_store (owned, bytes + sizeof size);
  if (n_fds > 0)
    put_fds (&header, &control, fds, n_fds);
  return send_all (socket, &header, deadline);
}

/* Those that nobody asked for are closed. */
static void
take_fds (struct msghdr *message, int *fds)
{
  struct cmsghdr *header = CMSG_FIRSTHDR (message);
  guint n_fds, n_taken = 0;

  if (!header || header->cmsg_level != SOL_SOCKET
      || header->cmsg_type != SCM_RIGHTS)
    return;
  n_fds = (header->cmsg_len - CMSG_LEN (0)) / sizeof (int);
  for (guint i = 0; i < n_fds; i++) {
    int fd;

    memcpy (&fd, CMSG_DATA (header) + i * sizeof fd, sizeof fd);
    if (fds && fds[n_taken] < 0)
      fds[n_taken++] = fd;
    else
      close (fd);
  }
}

static TsWireResult
receive_all (int socket, gpointer data, gsize size, gint64 deadline, int *fds)
{
  guint8 *bytes = data;

  while (size > 0) {
    Control control;
    struct iovec part = { bytes, size };
    struct msghdr message = {.msg_iov = &part,.msg_iovlen = 1,
      .msg_control = &control,.msg_controllen = sizeof control
    };
    TsWireResult result = wait_for (socket, POLLIN, deadline);
    gssize n;

    if (result != TS_WIRE_DONE)
      return result;
    n = recvmsg (socket, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return TS_WIRE_CLOSED;
    take_fds (&message, fds);
    bytes += n;
    size -= n;
  }
  return TS_WIRE_DONE;
}

static TsWireResult
receive_message (int socket, const gchar * type, gint64 deadline,
    GVariant ** message, int *fds)
{
  guint64 size;
  guint8 *bytes;
  TsWireResult result = receive_all (socket, &size, sizeof size, deadline, fds);

  if (result != TS_WIRE_DONE)
    return result;
  if (size > MAX_MESSAGE)
    return TS_WIRE_CLOSED;
  bytes = g_try_malloc (MAX (size, 1));
  if (!bytes)
    return TS_WIRE_CLOSED;
  result = receive_all (socket, bytes, size, deadline, fds);
  if (result != TS_WIRE_DONE) {
    g_free (bytes);
    return result;
  }
  *message = g_variant_ref_sink (g_variant_new_from_data (G_VARIANT_TYPE (type),
          bytes, size, FALSE, g_free, bytes));
  return TS_WIRE_DONE;
}

TsWireResult
ts_wire_receive (int socket, const gchar * type, gint64 deadline,
    GVariant ** message, int *fds)
{
  TsWireResult result;

  for (guint i = 0; fds && i < TS_WIRE_MAX_FDS; i++)
    fds[i] = -1;
  result = receive_message (socket, type, deadline, message, fds);
  for (guint i = 0; result != TS_WIRE_DONE && fds && i < TS_WIRE_MAX_FDS; i++)
    if (fds[i] >= 0) {
      close (fds[i]);
      fds[i] = -1;
    }
  return result;
}
