/* tswrite.h - writing that leaves no half lines behind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Appends all @size bytes to a regular file or, if they do not fit, none; also
 * if the process is killed (SIGKILL) meanwhile.  FALSE: nothing is written, and
 * errno says why. */
gboolean ts_write_whole (gint fd, const gchar * data, gsize size);

/* Writes to a pipe, socket or device, waiting for its reader.  FALSE, and errno
 * says why: EPIPE if there is no reader any more, without a signal; ECANCELED if
 * @cancellable was cancelled. */
gboolean ts_write_stream (gint fd, const gchar * data, gsize size,
    GCancellable * cancellable);

G_END_DECLS
