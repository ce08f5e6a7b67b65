/* tsshim.h - opens the shim; the one place that includes its header
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <torchscript_shim.h>

G_BEGIN_DECLS

/* The shim at $GST_TORCHSCRIPT_SHIM, else at the place it is installed to.
 * Stays open for good, as libtorch cannot be unloaded; a failure is tried again
 * at the next call.  Any thread.
 * Errors: TS_ERROR_LIBTORCH with what is missing and how to install it. */
const TsShimApi *ts_shim_open (GError ** error);

/* The code that stands for @status. */
gint ts_shim_status_to_code (TsShimStatus status);

/* Paths separated by commas as absolute paths, ending in NULL; NULL: none.  Free
 * with g_strfreev(). */
gchar **ts_shim_split_paths (const gchar * list);

G_END_DECLS
