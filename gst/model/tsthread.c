/* tsthread.c - threads that may not start
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* CPU_COUNT() */
#include "tsthread.h"

#include <sched.h>

#include "tserror.h"

GThread *
ts_thread_start (const gchar * name, GThreadFunc func, gpointer data,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;
  GThread *thread = g_thread_try_new (name, func, data, &cause);

  if (!thread)
    g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
        "the thread \"%s\" cannot start: %s; end other programs, or raise the "
        "limits on processes (ulimit -u) and memory", name, cause->message);
  return thread;
}

guint
ts_thread_count_processors (void)
{
  cpu_set_t usable;

  if (sched_getaffinity (0, sizeof usable, &usable) == 0)
    return CPU_COUNT (&usable);
  return g_get_num_processors ();
}
