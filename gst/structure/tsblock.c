/* tsblock.c - which part a class of blocks plays on a page
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsblock.h"

static const gchar *const role_names[] = {
  [TS_ROLE_TEXT] = "text",
  [TS_ROLE_FURNITURE] = "furniture",
  [TS_ROLE_FIGURE] = "figure",
  [TS_ROLE_TABLE] = "table",
  [TS_ROLE_FORMULA] = "formula",
  [TS_ROLE_CAPTION] = "caption",
  [TS_ROLE_FIGURE_CAPTION] = "figure-caption",
  [TS_ROLE_TABLE_CAPTION] = "table-caption",
  [TS_ROLE_TABLE_FOOTNOTE] = "table-footnote",
  [TS_ROLE_FORMULA_NUMBER] = "formula-number",
};

/* Text needs no line. */
static const struct
{
  const gchar *label;
  TsRole role;
} labels[] = {
  /* DocStructBench */
  {"abandon", TS_ROLE_FURNITURE},
  {"figure", TS_ROLE_FIGURE},
  {"figure_caption", TS_ROLE_FIGURE_CAPTION},
  {"table", TS_ROLE_TABLE},
  {"table_caption", TS_ROLE_TABLE_CAPTION},
  {"table_footnote", TS_ROLE_TABLE_FOOTNOTE},
  {"isolate_formula", TS_ROLE_FORMULA},
  {"formula_caption", TS_ROLE_FORMULA_NUMBER},
  /* DocLayNet; its Footnote is that of a page */
  {"caption", TS_ROLE_CAPTION},
  {"footnote", TS_ROLE_FURNITURE},
  {"formula", TS_ROLE_FORMULA},
  {"page_footer", TS_ROLE_FURNITURE},
  {"page_header", TS_ROLE_FURNITURE},
  {"picture", TS_ROLE_FIGURE},
};

TsRole
ts_role_from_label (const gchar * label)
{
  g_autofree gchar *key = NULL;

  if (label == NULL)
    return TS_ROLE_TEXT;
  key = g_strdelimit (g_ascii_strdown (label, -1), " -", '_');
  for (guint i = 0; i < G_N_ELEMENTS (labels); i++) {
    if (g_str_equal (key, labels[i].label))
      return labels[i].role;
  }
  return TS_ROLE_TEXT;
}

gboolean
ts_role_from_name (const gchar * name, TsRole * role)
{
  for (guint i = 0; i < G_N_ELEMENTS (role_names); i++) {
    if (g_str_equal (name, role_names[i])) {
      *role = i;
      return TRUE;
    }
  }
  return FALSE;
}
