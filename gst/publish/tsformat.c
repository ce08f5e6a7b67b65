/* tsformat.c - the list of formats
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsformat.h"

static const TsFormat *const formats[] = {
  &ts_format_jsonl,
  &ts_format_dlstreamer,
  &ts_format_coco,
  &ts_format_page_xml,
  &ts_format_alto,
  &ts_format_csv,
};

static GType
register_type (void)
{
  static GEnumValue values[G_N_ELEMENTS (formats) + 1];
  /* Both plugins bring this code along; the type is one in a process. */
  GType type = g_type_from_name ("GstTorchscriptFormat");

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    values[i] = (GEnumValue) {
    i, formats[i]->description, formats[i]->name};
  return type != 0 ? type :
      g_enum_register_static ("GstTorchscriptFormat", values);
}

GType
ts_format_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, register_type ());
  return type;
}

const TsFormat *
ts_format_get (gint value)
{
  g_return_val_if_fail ((guint) value < G_N_ELEMENTS (formats), formats[0]);

  return formats[value];
}

static void
add_lines (GPtrArray * messages, const gchar * text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++) {
    if (*lines[i] != '\0')
      g_ptr_array_add (messages, g_strdup (lines[i]));
  }
}

GPtrArray *
ts_format_messages (const TsFormat * self, const TsRecord * record)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) text = g_string_new (self->head);
  gsize head = text->len;

  self->append (text, record);
  if (text->len == head)
    return messages;
  g_string_append (text, self->tail);
  if (self->lines)
    add_lines (messages, text->str);
  else
    g_ptr_array_add (messages, g_strdup (text->str));
  return messages;
}
