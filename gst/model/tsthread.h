/* tsthread.h - threads that may not start
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* g_thread_try_new() with an error that says what to do.
 * Errors: TS_ERROR_MEMORY: the system gives no more threads. */
GThread *ts_thread_start (const gchar * name, GThreadFunc func, gpointer data,
    GError ** error);

/* Those that this process may use. */
guint ts_thread_count_processors (void);

G_END_DECLS
