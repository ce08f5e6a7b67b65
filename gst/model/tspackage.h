/* tspackage.h - reads an mlpkg directory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsmodelspec.h"

G_BEGIN_DECLS

/* Fills @spec, which holds the defaults, from the package in @dir.
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT, _CONFIG. */
gboolean ts_package_read (TsModelSpec * spec, const gchar * dir,
    GError ** error);

/* The real path of @relative, which @source names; fails if it is not there,
 * or not in the package, whether by "..", as an absolute path or by a link.
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT. */
gchar *ts_package_resolve (const gchar * dir, const gchar * source,
    const gchar * relative, GError ** error);

/* The SHA-256 of a file in hexadecimal; free with g_free().
 * Errors: TS_ERROR_NOT_FOUND, _READ. */
gchar *ts_package_compute_sha256 (const gchar * path, GError ** error);

G_END_DECLS
