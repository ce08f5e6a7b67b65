/* tstree.h - the files below a directory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The regular files below @dir, relative to it, with "/" and in the order of the
 * alphabet; free with g_strfreev().
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT (a link or a special file). */
gchar **ts_tree_list (const gchar * dir, GError ** error);

/* Removes @dir with everything in it; follows no link. */
void ts_tree_remove (const gchar * dir);

G_END_DECLS
