/* tstrust.h - models that somebody the user trusts has signed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signed is a package's metadata.json, which has the hashes of all its other files;
 * or a bare file by itself.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Copies the file, or the package directory, @path to @copy, in a directory that
 * is nobody else's, so that what is checked is what is loaded; a file's signature
 * comes along.  Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT (a link or a special
 * file). */
gboolean ts_trust_copy (const gchar * path, const gchar * copy,
    GError ** error);

/* Whether the package in @dir is signed by one of @keys, and all its files by their
 * hashes with it, which still are to be compared.
 * Errors: ts_signature_check()'s; TS_ERROR_FORMAT for a file without a hash. */
gboolean ts_trust_check_package (const gchar * dir, const gchar * keys,
    GError ** error);

G_END_DECLS
