/* forked_host.c - the process that runs a model, forked and not started, for the tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening libtorch takes longer than anything that a small module does.  So this
 * program opens it once, and where the plugin would start the other program, it forks
 * and goes on with that program's main().
 */
#define _GNU_SOURCE
int host_main (void);
#define main host_main
#include "../../gst/host/host.c"
#undef main

gboolean __wrap_g_spawn_async_with_pipes_and_fds (const gchar * directory,
    const gchar * const *argv, const gchar * const *envp, GSpawnFlags flags,
    GSpawnChildSetupFunc setup, gpointer data, gint in, gint out, gint err,
    const gint * sources, const gint * targets, gsize n, GPid * pid,
    gint * in_pipe, gint * out_pipe, gint * err_pipe, GError ** error);

static void
become_host (int socket)
{
  if (dup2 (socket, TS_WIRE_FD) < 0
      || close_range (TS_WIRE_FD + 1, G_MAXUINT, 0) != 0)
    _exit (1);
  _exit (host_main ());
}

/* The linker puts it in the place of GLib's (--wrap). */
gboolean
__wrap_g_spawn_async_with_pipes_and_fds (const gchar * directory,
    const gchar * const *argv, const gchar * const *envp, GSpawnFlags flags,
    GSpawnChildSetupFunc setup, gpointer data, gint in, gint out, gint err,
    const gint * sources, const gint * targets, gsize n, GPid * pid,
    gint * in_pipe, gint * out_pipe, gint * err_pipe, GError ** error)
{
  if (!ts_shim_open (error))
    return FALSE;
  *pid = fork ();
  if (*pid == 0)
    become_host (sources[0]);
  return *pid > 0;
}
