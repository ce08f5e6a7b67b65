/* tswatchdog.h - calls that may never return
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A thread that makes the calls; libtorch keeps settings for each thread. */
typedef struct _TsWatchdog TsWatchdog;

/* Errors: TS_ERROR_MEMORY: the system gives no more threads. */
TsWatchdog *ts_watchdog_new (GError ** error);

/* Calls @func in the thread and waits @timeout_ms at most.  FALSE: it has not
 * returned; then the thread is lost, with @data, and ts_watchdog_free() is all that
 * may still be called.  One thread at a time. */
gboolean ts_watchdog_call (TsWatchdog * self, GFunc func, gpointer data,
    guint timeout_ms);

void ts_watchdog_free (TsWatchdog * self);

G_END_DECLS
