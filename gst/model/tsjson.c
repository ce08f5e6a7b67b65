/* tsjson.c - typed fields of a JSON object, with errors that name them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsjson.h"

#include <string.h>

#include "tserror.h"
#include "tsfile.h"

/* The parser recurses once a level. */
#define MAX_DEPTH 64
#define MAX_CLASS_ID 65535
/* Characters of a value that a message quotes. */
#define MAX_QUOTED 60

/* Whether brackets nest no deeper than MAX_DEPTH.  The parser would also take
 * comments and strings in single quotes; a slash or such a quote outside of a
 * string is no JSON and could hide brackets.  It takes octal escapes as well,
 * which make bytes that are no UTF-8. */
static gboolean
is_plain (const gchar * text, gsize size)
{
  gboolean in_string = FALSE;
  gint depth = 0;

  for (gsize i = 0; i < size; i++) {
    gchar c = text[i];

    if (in_string && c == '\\') {
      if (++i < size && !strchr ("\"\\/bfnrtu", text[i]))
        return FALSE;
    } else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '/' || c == '\'' || depth > MAX_DEPTH))
      return FALSE;
    else if (!in_string)
      depth += (c == '[' || c == '{') - (c == ']' || c == '}');
  }
  return TRUE;
}

/* The digits at @i, if they are an integer that the parser would take for another one. */
static gsize
measure_large_integer (const gchar * text, gsize size, gsize i)
{
  static const gchar largest[] = "9223372036854775807";
  gsize n = 0, most = sizeof largest - 1;

  while (i + n < size && g_ascii_isdigit (text[i + n]))
    n++;
  if (n < most || (i > 0 && text[i - 1] == '.')
      || (i + n < size && strchr (".eE", text[i + n])))
    return 0;
  return n > most || strncmp (text + i, largest, most) > 0 ? n : 0;
}

/* An integer of more than 64 bits, quoted, or NULL.  @text is plain. */
static gchar *
find_large_integer (const gchar * text, gsize size)
{
  gboolean in_string = FALSE;

  for (gsize i = 0; i < size; i++) {
    gsize n = 0;

    if (in_string && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string && (i == 0 || !g_ascii_isdigit (text[i - 1])))
      n = measure_large_integer (text, size, i);
    if (n > 0)
      return g_strndup (text + i, MIN (n, MAX_QUOTED));
  }
  return NULL;
}

JsonObject *
ts_json_parse (const gchar * file, const gchar * text, gsize size,
    GError ** error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  g_autofree gchar *found = NULL;
  g_autofree gchar *reason = NULL;
  JsonNode *root;

  if (!g_utf8_validate_len (text, size, NULL) || !is_plain (text, size)) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is no JSON object (no UTF-8, with comments, single quotes or unknown "
        "escapes, or nested deeper than %d levels)", file, MAX_DEPTH);
    return NULL;
  }
  if ((found = find_large_integer (text, size))) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: holds the integer %s, expected none beyond %" G_GINT64_FORMAT,
        file, found, G_MAXINT64);
    return NULL;
  }
  if (!json_parser_load_from_data (parser, text, size, &cause)) {
    /* It may end in the middle of a character. */
    reason = g_utf8_make_valid (cause->message, -1);
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: is no valid JSON, expected an object: %s", file, reason);
    return NULL;
  }
  root = json_parser_get_root (parser);
  if (!root || !JSON_NODE_HOLDS_OBJECT (root)) {
    found = root ? ts_json_node_to_text (root) : g_strdup ("nothing");
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: holds %s, expected a JSON object", file, found);
    return NULL;
  }
  return json_node_dup_object (root);
}

JsonObject *
ts_json_read (const gchar * path, GError ** error)
{
  g_autofree gchar *text = NULL;
  gsize size;

  text = ts_file_read_text (path, "JSON file", &size, error);
  return text ? ts_json_parse (path, text, size, error) : NULL;
}

static TsJsonTypes
node_types (JsonNode * node)
{
  GType type = json_node_get_value_type (node);

  if (JSON_NODE_HOLDS_ARRAY (node))
    return TS_JSON_ARRAY;
  if (JSON_NODE_HOLDS_OBJECT (node))
    return TS_JSON_OBJECT;
  if (type == G_TYPE_STRING)
    return TS_JSON_STRING;
  if (type == G_TYPE_BOOLEAN)
    return TS_JSON_BOOLEAN;
  return type == G_TYPE_INT64 ? TS_JSON_INTEGER | TS_JSON_NUMBER
      : TS_JSON_NUMBER;
}

static gchar *
describe_types (TsJsonTypes types)
{
  static const gchar *const names[] = {
    "a string", "an integer", "a number", "true or false", "an array",
    "an object"
  };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (types & (1u << i))
      g_string_append_printf (text, "%s%s", text->len ? " or " : "", names[i]);
  return g_string_free (text, FALSE);
}

gchar *
ts_json_node_to_text (JsonNode * node)
{
  g_autofree gchar *text = json_to_string (node, FALSE);

  if (g_utf8_strlen (text, -1) <= MAX_QUOTED)
    return g_steal_pointer (&text);
  *g_utf8_offset_to_pointer (text, MAX_QUOTED) = '\0';
  return g_strconcat (text, "...", NULL);
}

static void
set_type_error (const TsJson * self, const gchar * field, const gchar * found,
    TsJsonTypes types, GError ** error)
{
  g_autofree gchar *expected = describe_types (types);

  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: \"%s%s\" is %s, expected %s", self->file, self->prefix, field,
      found, expected);
}

gboolean
ts_json_get (const TsJson * self, const gchar * field, TsJsonTypes types,
    JsonNode ** node, GError ** error)
{
  JsonNode *found = json_object_get_member (self->object, field);
  g_autofree gchar *text = NULL;

  *node = NULL;
  if (!found || JSON_NODE_HOLDS_NULL (found)) {
    if (types & TS_JSON_REQUIRED)
      set_type_error (self, field, found ? "null" : "missing", types, error);
    return !(types & TS_JSON_REQUIRED);
  }
  if (!(node_types (found) & types)) {
    text = ts_json_node_to_text (found);
    set_type_error (self, field, text, types, error);
    return FALSE;
  }
  *node = found;
  return TRUE;
}

void
ts_json_error_value (const TsJson * self, const gchar * field,
    const gchar * found, const gchar * expected, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: \"%s%s\" is %s, expected %s", self->file, self->prefix, field,
      found, expected);
}

gboolean
ts_json_get_string (const TsJson * self, const gchar * field,
    TsJsonTypes required, const gchar ** value, GError ** error)
{
  JsonNode *node;

  if (!ts_json_get (self, field, TS_JSON_STRING | required, &node, error))
    return FALSE;
  if (node)
    *value = json_node_get_string (node);
  return TRUE;
}

gboolean
ts_json_get_int (const TsJson * self, const gchar * field, gint min, gint max,
    gint * value, GError ** error)
{
  g_autofree gchar *found = NULL;
  g_autofree gchar *expected = NULL;
  JsonNode *node;
  gint64 number;

  if (!ts_json_get (self, field, TS_JSON_INTEGER, &node, error))
    return FALSE;
  if (!node)
    return TRUE;
  number = json_node_get_int (node);
  if (number >= min && number <= max) {
    *value = (gint) number;
    return TRUE;
  }
  found = g_strdup_printf ("%" G_GINT64_FORMAT, number);
  expected = g_strdup_printf ("an integer from %d to %d", min, max);
  ts_json_error_value (self, field, found, expected, error);
  return FALSE;
}

gboolean
ts_json_get_float (const TsJson * self, const gchar * field, gfloat min,
    gfloat max, gfloat * value, GError ** error)
{
  g_autofree gchar *found = NULL;
  g_autofree gchar *expected = NULL;
  JsonNode *node;
  gdouble number;

  if (!ts_json_get (self, field, TS_JSON_NUMBER, &node, error))
    return FALSE;
  if (!node)
    return TRUE;
  number = json_node_get_double (node);
  if (number >= (gdouble) min && number <= (gdouble) max) {
    *value = (gfloat) number;
    return TRUE;
  }
  found = g_strdup_printf ("%g", number);
  expected = g_strdup_printf ("a number from %g to %g", (gdouble) min,
      (gdouble) max);
  ts_json_error_value (self, field, found, expected, error);
  return FALSE;
}

gboolean
ts_json_get_boolean (const TsJson * self, const gchar * field,
    gboolean * value, GError ** error)
{
  JsonNode *node;

  if (!ts_json_get (self, field, TS_JSON_BOOLEAN, &node, error))
    return FALSE;
  if (node)
    *value = json_node_get_boolean (node);
  return TRUE;
}

gboolean
ts_json_get_choice (const TsJson * self, const gchar * field,
    const gchar * const *choices, gint * index, GError ** error)
{
  g_autofree gchar *expected = NULL;
  g_autofree gchar *list = NULL;
  g_autofree gchar *found = NULL;
  const gchar *value = NULL;

  if (!ts_json_get_string (self, field, 0, &value, error))
    return FALSE;
  if (!value)
    return TRUE;
  for (gint i = 0; choices[i]; i++)
    if (g_str_equal (value, choices[i])) {
      *index = i;
      return TRUE;
    }
  list = g_strjoinv ("\", \"", (gchar **) choices);
  expected = g_strdup_printf ("%s\"%s\"", choices[1] ? "one of " : "", list);
  found = g_strdup_printf ("\"%s\"", value);
  ts_json_error_value (self, field, found, expected, error);
  return FALSE;
}

static gboolean
get_element_string (const TsJson * self, const gchar * field, JsonNode * node,
    const gchar ** value, GError ** error)
{
  g_autofree gchar *found = NULL;

  if (node_types (node) == TS_JSON_STRING) {
    *value = json_node_get_string (node);
    return TRUE;
  }
  found = ts_json_node_to_text (node);
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: \"%s%s\" holds %s, expected strings only", self->file, self->prefix,
      field, found);
  return FALSE;
}

static gboolean
array_to_strings (const TsJson * self, const gchar * field, JsonArray * array,
    gchar *** values, GError ** error)
{
  guint n = json_array_get_length (array);
  g_auto (GStrv) strings = g_new0 (gchar *, n + 1);
  const gchar *value;

  for (guint i = 0; i < n; i++) {
    if (!get_element_string (self, field, json_array_get_element (array, i),
            &value, error))
      return FALSE;
    strings[i] = g_strdup (value);
  }
  *values = g_steal_pointer (&strings);
  return TRUE;
}

gboolean
ts_json_get_strings (const TsJson * self, const gchar * field,
    TsJsonTypes required, gchar *** values, GError ** error)
{
  JsonNode *node;

  if (!ts_json_get (self, field, TS_JSON_ARRAY | required, &node, error))
    return FALSE;
  return !node || array_to_strings (self, field, json_node_get_array (node),
      values, error);
}

static void
put_label (GPtrArray * labels, guint id, const gchar * name)
{
  while (labels->len <= id)
    g_ptr_array_add (labels, g_strdup (""));
  g_free (labels->pdata[id]);
  labels->pdata[id] = g_strdup (name);
}

static gboolean
object_to_labels (const TsJson * self, const gchar * field,
    JsonObject * object, gchar *** values, GError ** error)
{
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func (g_free);
  JsonObjectIter iter;
  const gchar *key, *name;
  JsonNode *node;
  guint64 id;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &key, &node)) {
    if (!g_ascii_string_to_unsigned (key, 10, 0, MAX_CLASS_ID, &id, NULL)) {
      g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
          "%s: \"%s%s\" has the key \"%s\", expected class numbers from 0 to %d",
          self->file, self->prefix, field, key, MAX_CLASS_ID);
      return FALSE;
    }
    if (!get_element_string (self, field, node, &name, error))
      return FALSE;
    put_label (labels, (guint) id, name);
  }
  g_ptr_array_add (labels, NULL);
  *values = (gchar **) g_ptr_array_steal (labels, NULL);
  return TRUE;
}

gboolean
ts_json_get_labels (const TsJson * self, const gchar * field, gchar *** labels,
    GError ** error)
{
  JsonNode *node;

  if (!ts_json_get (self, field, TS_JSON_ARRAY | TS_JSON_OBJECT, &node, error))
    return FALSE;
  if (!node)
    return TRUE;
  if (JSON_NODE_HOLDS_ARRAY (node))
    return array_to_strings (self, field, json_node_get_array (node), labels,
        error);
  return object_to_labels (self, field, json_node_get_object (node), labels,
      error);
}
