/* tsrelations.c - captions, notes and numbers, and what they belong to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsrelations.h"

/* A caption farther away than this part of the page's height is another's. */
#define MAX_DISTANCE 0.12f
/* Captions stand where they are used to: under figures, above tables, and notes
 * under tables.  The other side counts as so much farther. */
#define OTHER_SIDE 1.5f
/* A number stands on its formula's line: so much of the lower one overlaps. */
#define SAME_LINE 0.3f

/* One way to tie a block to a host. */
typedef struct
{
  guint block, host;
  gfloat cost;                  /* pixels */
} TsLink;

static gfloat
gap (gfloat start_a, gfloat end_a, gfloat start_b, gfloat end_b)
{
  return MAX (MAX (start_a - end_b, start_b - end_a), 0);
}

static TsRelation
relation_of (TsRole role, TsRole host)
{
  switch (role) {
    case TS_ROLE_CAPTION:
      return host == TS_ROLE_FIGURE || host == TS_ROLE_TABLE ?
          TS_RELATION_CAPTION_OF : TS_RELATION_NONE;
    case TS_ROLE_FIGURE_CAPTION:
      return host == TS_ROLE_FIGURE ? TS_RELATION_CAPTION_OF : TS_RELATION_NONE;
    case TS_ROLE_TABLE_CAPTION:
      return host == TS_ROLE_TABLE ? TS_RELATION_CAPTION_OF : TS_RELATION_NONE;
    case TS_ROLE_TABLE_FOOTNOTE:
      return host == TS_ROLE_TABLE ? TS_RELATION_FOOTNOTE_OF : TS_RELATION_NONE;
    case TS_ROLE_FORMULA_NUMBER:
      return host == TS_ROLE_FORMULA ? TS_RELATION_NUMBER_OF : TS_RELATION_NONE;
    default:
      return TS_RELATION_NONE;
  }
}

/* How far a number is from a formula on its line; negative: not on its line. */
static gfloat
number_cost (const gfloat a[4], const gfloat b[4])
{
  gfloat overlap = MIN (a[3], b[3]) - MAX (a[1], b[1]);

  if (overlap < SAME_LINE * MIN (a[3] - a[1], b[3] - b[1]))
    return -1;
  return gap (a[0], a[2], b[0], b[2]);
}

/* How far a caption or note is from a figure or table; negative: too far. */
static gfloat
caption_cost (const TsBlock * block, const TsBlock * host, gfloat page_height)
{
  const gfloat *a = block->box, *b = host->box;
  gfloat dx = gap (a[0], a[2], b[0], b[2]), dy = gap (a[1], a[3], b[1], b[3]);
  gboolean below = a[1] + a[3] > b[1] + b[3];
  gboolean used_below = block->role == TS_ROLE_TABLE_FOOTNOTE
      || host->role == TS_ROLE_FIGURE;

  if (dx + dy > MAX_DISTANCE * page_height)
    return -1;
  return (dx + dy) * (below == used_below ? 1 : OTHER_SIDE);
}

static gint
compare_links (gconstpointer a, gconstpointer b)
{
  gfloat difference = ((const TsLink *) a)->cost - ((const TsLink *) b)->cost;

  return (difference > 0) - (difference < 0);
}

/* Every link that is possible, cheapest first. */
static GArray *
find_links (const TsBlock * blocks, guint n_blocks, gfloat page_height)
{
  GArray *links = g_array_new (FALSE, FALSE, sizeof (TsLink));

  for (guint i = 0; i < n_blocks; i++) {
    for (guint j = 0; j < n_blocks; j++) {
      TsLink link = { i, j, -1 };

      if (relation_of (blocks[i].role, blocks[j].role) == TS_RELATION_NONE)
        continue;
      link.cost = blocks[i].role == TS_ROLE_FORMULA_NUMBER ?
          number_cost (blocks[i].box, blocks[j].box) :
          caption_cost (&blocks[i], &blocks[j], page_height);
      if (link.cost >= 0)
        g_array_append_val (links, link);
    }
  }
  g_array_sort (links, compare_links);
  return links;
}

/* Ties blocks by the cheapest links; a host takes one block of a role if
 * @exclusive, any number otherwise. */
static void
take_links (const GArray * links, TsBlock * blocks, guint n_blocks,
    gboolean exclusive)
{
  g_autofree guint *taken = g_new0 (guint, n_blocks);

  for (guint i = 0; i < n_blocks; i++) {
    if (blocks[i].relation != TS_RELATION_NONE)
      taken[blocks[i].related] |= 1u << blocks[i].role;
  }
  for (guint i = 0; i < links->len; i++) {
    const TsLink *link = &g_array_index (links, TsLink, i);
    TsBlock *block = &blocks[link->block];
    guint role = 1u << block->role;

    if (block->relation != TS_RELATION_NONE
        || (exclusive && (taken[link->host] & role)))
      continue;
    block->relation = relation_of (block->role, blocks[link->host].role);
    block->related = link->host;
    taken[link->host] |= role;
  }
}

void
ts_relations_find (TsBlock * blocks, guint n_blocks, gfloat page_height)
{
  g_autoptr (GArray) links = find_links (blocks, n_blocks, page_height);

  for (guint i = 0; i < n_blocks; i++) {
    blocks[i].relation = TS_RELATION_NONE;
    blocks[i].related = 0;
  }
  /* Two captions between two figures are one for each; what is left over then
   * is a second note, or a caption in two parts. */
  take_links (links, blocks, n_blocks, TRUE);
  take_links (links, blocks, n_blocks, FALSE);
}
