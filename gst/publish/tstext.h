/* tstext.h - numbers and strings in the texts that the formats write
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The shortest number that reads back as the same float, with a decimal point in
 * every locale; @none for NaN and infinity. */
void ts_text_append_float (GString * text, gfloat value, const gchar * none);

/* A JSON string with its quotes, or null for NULL.  What is no UTF-8 becomes
 * U+FFFD. */
void ts_text_append_json (GString * text, const gchar * string);

/* Likewise for XML 1.0, as the value of an attribute or an element, without
 * quotes; characters that XML does not know become U+FFFD. */
void ts_text_append_xml (GString * text, const gchar * string);

/* A field of a CSV file (RFC 4180), quoted where it must be; nothing for NULL. */
void ts_text_append_csv (GString * text, const gchar * string);

G_END_DECLS
