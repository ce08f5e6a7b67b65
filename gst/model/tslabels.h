/* tslabels.h - class names from a text file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads a UTF-8 text file with one label a line, the first for class 0.  A
 * byte-order mark, carriage returns and blank lines at the end are dropped; a
 * blank line in between is a class without a name.  Free with g_strfreev().
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT (not UTF-8, or empty). */
gchar **ts_labels_read (const gchar * path, GError ** error);

G_END_DECLS
