/* tsptfile.h - tells a TorchScript file from what is often taken for one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether @path looks like a TorchScript file; loads nothing.
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT, saying what the file is instead
 * and what to do. */
gboolean ts_pt_file_check (const gchar * path, GError ** error);

G_END_DECLS
