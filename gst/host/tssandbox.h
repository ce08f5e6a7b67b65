/* tssandbox.h - takes away from a process what running a model does not need
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* For good: from now on this process opens no file, makes no socket and starts no
 * program; it gets at most @max_bytes more memory, and leaves no core.  A card's
 * driver needs files and calls of its own: with @has_card it may open some.
 * FALSE if that cannot be done here. */
gboolean ts_sandbox_enter (guint64 max_bytes, gboolean has_card);

G_END_DECLS
