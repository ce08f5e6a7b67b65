/* tstext.c - numbers and strings in the texts that the formats write
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstext.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define REPLACEMENT_CHARACTER 0xfffd

/* json-glib writes a double with 17 digits, so that 0.93 held as a float becomes
 * 0.93000000715255737. */
void
ts_text_append_float (GString * text, gfloat value, const gchar * none)
{
  gchar digits[G_ASCII_DTOSTR_BUF_SIZE], format[] = "%.6g";

  if (!isfinite (value)) {
    g_string_append (text, none);
    return;
  }
  g_ascii_formatd (digits, sizeof digits, format, value);
  while ((gfloat) g_ascii_strtod (digits, NULL) != value && format[2] < '9') {
    format[2]++;
    g_ascii_formatd (digits, sizeof digits, format, value);
  }
  g_string_append (text, digits);
}

void
ts_text_append_json (GString * text, const gchar * string)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree gchar *valid = NULL, *quoted = NULL;

  if (string == NULL) {
    g_string_append (text, "null");
    return;
  }
  node = json_node_new (JSON_NODE_VALUE);
  valid = g_utf8_make_valid (string, -1);
  json_node_set_string (node, valid);
  quoted = json_to_string (node, FALSE);
  g_string_append (text, quoted);
}

static gboolean
is_in_xml (gunichar c)
{
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xfffe)
      || c >= 0x10000;
}

void
ts_text_append_xml (GString * text, const gchar * string)
{
  g_autofree gchar *valid = g_utf8_make_valid (string, -1);
  g_autofree gchar *escaped = NULL;
  g_autoptr (GString) known = g_string_new (NULL);

  for (const gchar * p = valid; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    g_string_append_unichar (known, is_in_xml (c) ? c : REPLACEMENT_CHARACTER);
  }
  escaped = g_markup_escape_text (known->str, known->len);
  g_string_append (text, escaped);
}

void
ts_text_append_csv (GString * text, const gchar * string)
{
  g_autofree gchar *valid = NULL;

  if (string == NULL)
    return;
  valid = g_utf8_make_valid (string, -1);
  if (strpbrk (valid, ",\"\r\n") == NULL) {
    g_string_append (text, valid);
    return;
  }
  g_string_append_c (text, '"');
  for (const gchar * p = valid; *p != '\0'; p++) {
    if (*p == '"')
      g_string_append_c (text, '"');
    g_string_append_c (text, *p);
  }
  g_string_append_c (text, '"');
}
