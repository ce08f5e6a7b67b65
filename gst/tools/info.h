/* info.h - what a package says of itself
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "tsmodelspec.h"

G_BEGIN_DECLS

/* Adds the description to @report; @path is what the user called the model.
 * Errors: those of ts_json_read(). */
gboolean info_fill (const TsModelSpec * spec, const gchar * path,
    JsonObject * report, GError ** error);

G_END_DECLS
