/* tsprocess.c - a process that runs a model, as the plugin sees it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsprocess.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tserror.h"
#include "tswire.h"

/* Opening libtorch takes seconds on a cold disk. */
#define START_SECONDS 60

static const gchar *
get_path (void)
{
  const gchar *path = g_getenv ("GST_TORCHSCRIPT_HOST");

  return path && *path ? path : TS_HOST_PATH;
}

static gboolean
spawn (TsProcess * self, const gchar * path, int theirs, GError ** error)
{
  const gchar *const argv[] = { path, NULL };
  const int target = TS_WIRE_FD;
  g_autoptr (GError) cause = NULL;

  if (g_spawn_async_with_pipes_and_fds (NULL, argv, NULL,
          G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1, -1, -1, &theirs, &target,
          1, &self->pid, NULL, NULL, NULL, &cause))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_LIBTORCH,
      "%s: the program that runs models in a process of its own cannot be "
      "started: %s; install the plugin whole, or set isolation=none", path,
      cause->message);
  return FALSE;
}

static gboolean
connect_to (TsProcess * self, const gchar * path, GError ** error)
{
  int ends[2];
  gboolean done;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    g_set_error (error, TS_ERROR, TS_ERROR_LIBTORCH,
        "%s: no socket for the process that runs the model: %s", path,
        g_strerror (errno));
    return FALSE;
  }
  self->socket = ends[0];
  done = spawn (self, path, ends[1], error);
  close (ends[1]);
  return done;
}

static gboolean
read_hello (TsProcess * self, const gchar * path, GError ** error)
{
  gint64 deadline = g_get_monotonic_time () + START_SECONDS * G_USEC_PER_SEC;
  g_autoptr (GVariant) hello = NULL;
  const gchar *text, *runtime, *warning;
  gboolean opened;

  if (ts_wire_receive (self->socket, TS_WIRE_HELLO, deadline, &hello, NULL)
      != TS_WIRE_DONE) {
    g_set_error (error, TS_ERROR, TS_ERROR_LIBTORCH,
        "%s: the process that runs models does not answer; install the plugin "
        "whole, or set isolation=none", path);
    return FALSE;
  }
  g_variant_get (hello, "(b^&ay^&ay^&ay)", &opened, &text, &runtime, &warning);
  if (!opened) {
    g_set_error_literal (error, TS_ERROR, TS_ERROR_LIBTORCH, text);
    return FALSE;
  }
  self->runtime = g_strdup (runtime);
  self->warning = *warning ? g_strdup (warning) : NULL;
  return TRUE;
}

TsProcess *
ts_process_start (GError ** error)
{
  g_autoptr (TsProcess) self = g_new0 (TsProcess, 1);
  const gchar *path = get_path ();

  self->socket = -1;
  if (!connect_to (self, path, error) || !read_hello (self, path, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* How it ended, if it has; else it is ended. */
static gchar *
end (TsProcess * self)
{
  int status = 0;
  pid_t pid;

  kill (self->pid, SIGKILL);
  while ((pid = waitpid (self->pid, &status, 0)) < 0 && errno == EINTR);
  self->pid = 0;
  if (pid > 0 && WIFSIGNALED (status) && WTERMSIG (status) != SIGKILL)
    return g_strdup_printf ("was ended by signal %d (%s)", WTERMSIG (status),
        g_strsignal (WTERMSIG (status)));
  if (pid > 0 && WIFEXITED (status))
    return g_strdup_printf ("ended with status %d", WEXITSTATUS (status));
  return g_strdup ("was killed");
}

GVariant *
ts_process_ask (TsProcess * self, GVariant * request, const int *fds,
    guint n_fds, guint timeout_ms, gchar ** reason)
{
  gint64 deadline = timeout_ms ?
      g_get_monotonic_time () + (gint64) timeout_ms * 1000 : 0;
  TsWireResult result =
      ts_wire_send (self->socket, request, fds, n_fds, deadline);
  GVariant *answer = NULL;

  if (result == TS_WIRE_DONE)
    result = ts_wire_receive (self->socket, TS_WIRE_ANSWER, deadline, &answer,
        NULL);
  if (result == TS_WIRE_DONE)
    return answer;
  *reason = end (self);
  if (result == TS_WIRE_LATE) {
    g_free (*reason);
    *reason = g_strdup_printf ("did not answer within %u ms", timeout_ms);
  }
  return NULL;
}

void
ts_process_free (TsProcess * self)
{
  if (!self)
    return;
  if (self->pid)
    g_free (end (self));
  if (self->socket >= 0)
    close (self->socket);
  g_free (self->runtime);
  g_free (self->warning);
  g_free (self);
}
