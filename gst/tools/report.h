/* report.h - prints what a command found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* As JSON, or a line for each member: "key: value". */
void report_print (JsonObject * report, gboolean as_json);

/* Adds a number with @digits after the point; further ones are noise. */
void report_add_number (JsonObject * report, const gchar * key, gdouble value,
    gint digits);

/* {"error": {"code": ..., "message": ...}} */
void report_print_error (const GError * error);

G_END_DECLS
