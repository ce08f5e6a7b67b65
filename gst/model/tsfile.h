/* tsfile.h - reads small files whole, with errors that name them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* No label file or JSON of a model comes near this; a larger one is a mistake. */
#define TS_FILE_MAX_TEXT (16 * 1024 * 1024)

/* Whether @path is a regular file that is not empty; @what ("label file") says
 * what it should be.  Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT. */
gboolean ts_file_check (const gchar * path, const gchar * what, GError ** error);

/* Reads a UTF-8 text file of at most TS_FILE_MAX_TEXT bytes; a byte-order mark
 * is dropped.  Errors as ts_file_check(). */
gchar *ts_file_read_text (const gchar * path, const gchar * what, gsize * size,
    GError ** error);

/* TS_ERROR_NOT_FOUND or _READ for what @err_no says about @path. */
void ts_file_set_error (GError ** error, const gchar * path,
    const gchar * what, gint err_no);

G_END_DECLS
