/* tsfile.h - reads files, with errors that name them
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

/* The whole file, which is not empty, in memory.  Nothing is mapped: where another
 * program shortens a mapped file, this one ends with SIGBUS.
 * Errors: as ts_file_check(), TS_ERROR_READ if the file changes meanwhile, and
 * TS_ERROR_MEMORY. */
GBytes *ts_file_read_bytes (const gchar * path, const gchar * what,
    GError ** error);

/* -1 with errno set if it cannot be opened. */
gint ts_file_open (const gchar * path);

/* Goes on after interruptions and short reads.  Less than @size at the end of the
 * file; -1 with errno set if it cannot be read. */
gssize ts_file_read_block (gint fd, gpointer block, gsize size);

/* Gets the file's bytes, a block at a time. */
typedef void (*TsFileBlockFunc) (gpointer user_data, gconstpointer block,
    gsize size);

/* Errors: TS_ERROR_NOT_FOUND, _READ. */
gboolean ts_file_each_block (const gchar * path, const gchar * what,
    TsFileBlockFunc func, gpointer user_data, GError ** error);

/* Whether all of the file can be read.  For libraries that take a failing disk for a
 * damaged file.  Errors: TS_ERROR_NOT_FOUND, _READ. */
gboolean ts_file_is_readable (const gchar * path, const gchar * what,
    GError ** error);

/* TS_ERROR_NOT_FOUND or _READ for what @err_no says about @path. */
void ts_file_set_error (GError ** error, const gchar * path,
    const gchar * what, gint err_no);

G_END_DECLS
