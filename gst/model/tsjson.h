/* tsjson.h - typed fields of a JSON object, with errors that name them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A getter leaves its value untouched where the field is absent or null, so the
 * caller puts the default there first.  A field of another type fails with
 * TS_ERROR_FORMAT, a value out of range with TS_ERROR_CONFIG; both say the
 * file, the field, what was found and what was expected.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A JSON object, borrowed, and how messages call it. */
typedef struct
{
  const gchar *file;
  const gchar *prefix;          /* "size." for fields of the object "size"; or "" */
  JsonObject *object;
} TsJson;

typedef enum
{
  TS_JSON_STRING = 1 << 0,
  TS_JSON_INTEGER = 1 << 1,
  TS_JSON_NUMBER = 1 << 2,      /* an integer is a number, too */
  TS_JSON_BOOLEAN = 1 << 3,
  TS_JSON_ARRAY = 1 << 4,
  TS_JSON_OBJECT = 1 << 5,
  TS_JSON_REQUIRED = 1 << 6     /* an absent field is TS_ERROR_FORMAT */
} TsJsonTypes;

/* Parses an object; @file is what messages call it.  Nesting is limited.
 * Errors: TS_ERROR_FORMAT. */
JsonObject *ts_json_parse (const gchar * file, const gchar * text, gsize size,
    GError ** error);

/* The same from a file.  Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT. */
JsonObject *ts_json_read (const gchar * path, GError ** error);

gboolean ts_json_get (const TsJson * self, const gchar * field,
    TsJsonTypes types, JsonNode ** node, GError ** error);
gboolean ts_json_get_string (const TsJson * self, const gchar * field,
    TsJsonTypes required, const gchar ** value, GError ** error);
gboolean ts_json_get_int (const TsJson * self, const gchar * field,
    gint min, gint max, gint * value, GError ** error);
gboolean ts_json_get_float (const TsJson * self, const gchar * field,
    gfloat min, gfloat max, gfloat * value, GError ** error);
gboolean ts_json_get_boolean (const TsJson * self, const gchar * field,
    gboolean * value, GError ** error);

/* *@index gets the place of the field's string in @choices. */
gboolean ts_json_get_choice (const TsJson * self, const gchar * field,
    const gchar * const *choices, gint * index, GError ** error);

/* Reads an array of strings; NULL where the field is absent. */
gboolean ts_json_get_strings (const TsJson * self, const gchar * field,
    TsJsonTypes required, gchar *** values, GError ** error);

/* Reads class names, {"0": name, ...} or [name, ...], into an array that ends
 * in NULL; a number in between that is not there gets "". */
gboolean ts_json_get_labels (const TsJson * self, const gchar * field,
    gchar *** labels, GError ** error);

/* @node as JSON, cut if it is long; free with g_free(). */
gchar *ts_json_node_to_text (JsonNode * node);

/* TS_ERROR_CONFIG: @field is @found, expected @expected. */
void ts_json_error_value (const TsJson * self, const gchar * field,
    const gchar * found, const gchar * expected, GError ** error);

G_END_DECLS
