/* report.c - prints what a command found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "report.h"

#include <stdio.h>

#include "tserror.h"

static void print_object (JsonObject * object, gint depth);

static gchar *
scalar_to_text (JsonNode * node)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ?
      json_node_get_value_type (node) : G_TYPE_NONE;

  if (type == G_TYPE_STRING)
    return json_node_dup_string (node);
  if (type == G_TYPE_DOUBLE)
    return g_strdup_printf ("%.6g", json_node_get_double (node));
  return json_to_string (node, FALSE);
}

static gchar *
array_to_text (JsonArray * array)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (array); i++) {
    g_autofree gchar *part = scalar_to_text (json_array_get_element (array, i));

    g_string_append_printf (text, "%s%s", i ? ", " : "", part);
  }
  return g_string_free (text, FALSE);
}

/* A key's underscores are for programs. */
static void
print_member (const gchar * key, JsonNode * node, gint depth)
{
  g_autofree gchar *title = g_strdelimit (g_strdup (key), "_", ' ');
  g_autofree gchar *text = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node)) {
    printf ("%*s%s:\n", 2 * depth, "", title);
    print_object (json_node_get_object (node), depth + 1);
    return;
  }
  text = JSON_NODE_HOLDS_ARRAY (node) ?
      array_to_text (json_node_get_array (node)) : scalar_to_text (node);
  printf ("%*s%s: %s\n", 2 * depth, "", title, *text ? text : "none");
}

static void
print_object (JsonObject * object, gint depth)
{
  JsonObjectIter iter;
  const gchar *key;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &key, &node))
    print_member (key, node, depth);
}

/* Names of files may be any bytes, which JSON may not hold. */
static void
print_json (JsonObject * object)
{
  JsonNode *root = json_node_init_object (json_node_alloc (), object);
  g_autofree gchar *text = json_to_string (root, TRUE);
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);

  puts (valid);
  json_node_unref (root);
}

void
report_print (JsonObject * report, gboolean as_json)
{
  if (as_json)
    print_json (report);
  else
    print_object (report, 0);
}

void
report_add_number (JsonObject * report, const gchar * key, gdouble value,
    gint digits)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  gchar format[8];

  g_snprintf (format, sizeof format, "%%.%df", digits);
  g_ascii_formatd (text, sizeof text, format, value);
  json_object_set_double_member (report, key, g_ascii_strtod (text, NULL));
}

void
report_print_error (const GError * error)
{
  static const gchar *const names[] = {
    "not-found", "read", "format", "config", "libtorch", "device", "forward",
    "output", "memory"
  };
  gboolean known = error->domain == TS_ERROR
      && (guint) error->code < G_N_ELEMENTS (names);
  g_autoptr (JsonObject) report = json_object_new ();
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "code",
      known ? names[error->code] : "usage");
  json_object_set_string_member (object, "message", error->message);
  json_object_set_object_member (report, "error", object);
  print_json (report);
}
