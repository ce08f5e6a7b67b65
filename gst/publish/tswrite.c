/* tswrite.c - writing that leaves no half lines behind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* clone */
#include "tswrite.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE 16384

typedef struct
{
  gint fd;
  const gchar *data;
  gsize size;
  gssize written;
  gint write_errno;
} TsWrite;

static int
write_once (void *data)
{
  TsWrite *self = data;

  self->written = write (self->fd, self->data, self->size);
  self->write_errno = errno;
  return 0;
}

/* The kernel gives up a write(2) between two pages when its process is killed.
 * So a process of its own does it, which shares the memory and lives on for the
 * moment that this takes; the caller waits as for vfork(2).  Signals are kept
 * from it, since it would run the caller's handlers. */
static gboolean
write_in_child (TsWrite * self)
{
  gchar stack[STACK_SIZE] __attribute__((aligned (16)));
  sigset_t all, before;
  gint status = 0;
  pid_t pid;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  pid = clone (write_once, stack + STACK_SIZE,
      CLONE_VM | CLONE_VFORK | CLONE_FILES, self);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  if (pid < 0)
    return FALSE;
  while (waitpid (pid, &status, __WCLONE) < 0 && errno == EINTR);
  return WIFEXITED (status);
}

gboolean
ts_write_whole (gint fd, const gchar * data, gsize size)
{
  TsWrite write = {.fd = fd,.data = data,.size = size };
  gsize done = 0;

  while (done < size) {
    write.data = data + done;
    write.size = size - done;
    if (!write_in_child (&write))
      write_once (&write);      /* processes may be forbidden here */
    if (write.written >= 0) {
      done += write.written;
    } else if (write.write_errno != EINTR) {
      off_t end = done > 0 ? lseek (fd, 0, SEEK_CUR) : -1;

      /* The disk is full: what fitted goes again. */
      if (end >= 0 && ftruncate (fd, end - (off_t) done) < 0)
        g_warning ("cannot remove half a line: %s", g_strerror (errno));
      errno = write.write_errno;
      return FALSE;
    }
  }
  return TRUE;
}

/* FALSE, and errno is set, if waiting was cancelled or has failed. */
static gboolean
wait_for_reader (gint fd, GCancellable * cancellable)
{
  struct pollfd fds[2] = {
    {fd, POLLOUT}, {g_cancellable_get_fd (cancellable), POLLIN}
  };
  gint n;

  do
    n = poll (fds, fds[1].fd >= 0 ? 2 : 1, -1);
  while (n < 0 && errno == EINTR);
  if (fds[1].fd >= 0)
    g_cancellable_release_fd (cancellable);
  if (n < 0 || fds[0].revents != 0)
    return n > 0;
  errno = ECANCELED;
  return FALSE;
}

/* write(2) without the SIGPIPE that would end the process. */
static gssize
write_quietly (gint fd, const gchar * data, gsize size)
{
  const struct timespec now = { 0, 0 };
  sigset_t pipe_signal, before, pending;
  gint write_errno;
  gssize n;

  sigemptyset (&pipe_signal);
  sigaddset (&pipe_signal, SIGPIPE);
  sigpending (&pending);
  pthread_sigmask (SIG_BLOCK, &pipe_signal, &before);
  n = write (fd, data, size);
  write_errno = errno;
  if (n < 0 && write_errno == EPIPE && !sigismember (&pending, SIGPIPE))
    sigtimedwait (&pipe_signal, NULL, &now);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  errno = write_errno;
  return n;
}

gboolean
ts_write_stream (gint fd, const gchar * data, gsize size,
    GCancellable * cancellable)
{
  gsize done = 0;

  while (done < size) {
    gssize n;

    if (!wait_for_reader (fd, cancellable))
      return FALSE;
    /* So much fits in without waiting once a pipe can be written to. */
    n = write_quietly (fd, data + done, MIN (size - done, PIPE_BUF));
    if (n >= 0)
      done += n;
    else if (errno != EINTR && errno != EAGAIN)
      return FALSE;
  }
  return TRUE;
}
