/* tsblock.h - a block of a page, and what part it plays there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TS_ROLE_TEXT,                 /* paragraphs, lists, headings, all unknown */
  TS_ROLE_FURNITURE,            /* page headers, footers, numbers: not read */
  TS_ROLE_FIGURE,
  TS_ROLE_TABLE,
  TS_ROLE_FORMULA,
  TS_ROLE_CAPTION,              /* of a figure or a table */
  TS_ROLE_FIGURE_CAPTION,
  TS_ROLE_TABLE_CAPTION,
  TS_ROLE_TABLE_FOOTNOTE,
  TS_ROLE_FORMULA_NUMBER
} TsRole;

typedef enum
{
  TS_RELATION_NONE,
  TS_RELATION_CAPTION_OF,
  TS_RELATION_FOOTNOTE_OF,
  TS_RELATION_NUMBER_OF
} TsRelation;

/* The box is left, top, right and bottom edge in pixels of the page. */
typedef struct
{
  gfloat box[4];
  TsRole role;

  /* What ts_page_structure() finds. */
  guint order;                  /* from 1; 0: not part of the text */
  TsRelation relation;
  guint related;                /* index of the block it belongs to */
} TsBlock;

/* The role that blocks with this class name play; upper and lower case, spaces,
 * dashes and underscores do not matter.  Knows the class names of DocLayout-YOLO
 * (DocStructBench), DocLayNet and PubLayNet; others, and NULL, are text. */
TsRole ts_role_from_label (const gchar * label);

/* The role of this name ("text", "furniture", ...); FALSE if there is none. */
gboolean ts_role_from_name (const gchar * name, TsRole * role);

/* All names, separated by commas, for messages. */
#define TS_ROLE_NAMES "text, furniture, figure, table, formula, caption, " \
    "figure-caption, table-caption, table-footnote, formula-number"

G_END_DECLS
