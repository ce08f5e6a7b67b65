/* tsdescribe.h - what is in a TorchScript file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The description that the shim gives of the file @path (torchscript_shim.h,
 * describe()) as a JSON object.  @method may be NULL, @op_libs is a list by
 * commas or NULL.
 * Errors: TS_ERROR_LIBTORCH, _FORMAT, _CONFIG, _MEMORY. */
JsonObject *ts_describe_file (const gchar * path, const gchar * method,
    const gchar * op_libs, GError ** error);

G_END_DECLS
