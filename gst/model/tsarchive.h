/* tsarchive.h - a package in one zip file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What an archive may be at most; more is taken for an attack or a mistake. */
#define TS_ARCHIVE_MAX_ENTRIES 4096
#define TS_ARCHIVE_MAX_DEPTH 32 /* parts of a name */
#define TS_ARCHIVE_MAX_UNPACKED (G_GINT64_CONSTANT (16) << 30)  /* bytes */
#define TS_ARCHIVE_MAX_RATIO 200        /* unpacked bytes a byte of the file ... */
#define TS_ARCHIVE_RATIO_FREE (16 << 20)        /* ... beyond so many bytes */

/* Whether @path is a zip archive with a package at its top. */
gboolean ts_archive_is_package (const gchar * path);

/* Unpacks the zip archive @path into @dir, which is there, empty and nobody
 * else's.  Takes regular files and folders only, whose names stay in @dir.
 * Errors: TS_ERROR_READ, _FORMAT; @dir then holds a part of the archive. */
gboolean ts_archive_unpack (const gchar * path, const gchar * dir,
    GError ** error);

/* Writes all files below @dir into the new zip archive @path, uncompressed and
 * in the order of the alphabet; the whole of it or nothing.
 * Errors: TS_ERROR_READ, _FORMAT (a link, a special file or a name that would not
 * unpack), _CONFIG (@path is there already). */
gboolean ts_archive_pack (const gchar * dir, const gchar * path,
    GError ** error);

G_END_DECLS
