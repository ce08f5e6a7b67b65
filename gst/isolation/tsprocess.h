/* tsprocess.h - a process that runs a model, as the plugin sees it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  GPid pid;
  int socket;
  gchar *runtime, *warning;     /* what its shim says; @warning may be NULL */
} TsProcess;

/* Starts the program at $GST_TORCHSCRIPT_HOST, else at the place it is installed to.
 * Errors: TS_ERROR_LIBTORCH: it cannot be started, or cannot open the shim. */
TsProcess *ts_process_start (GError ** error);

/* Sends @request (floating) with @fds and waits for the answer, @timeout_ms at most
 * (0: for ever).  NULL: there is no answer, *@reason says why ("was ended by signal
 * 11 (Segmentation fault)"), and the process is gone; free it. */
GVariant *ts_process_ask (TsProcess * self, GVariant * request, const int *fds,
    guint n_fds, guint timeout_ms, gchar ** reason);

/* Ends it, whatever it does. */
void ts_process_free (TsProcess * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsProcess, ts_process_free)

G_END_DECLS
