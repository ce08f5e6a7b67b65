/* tspagestructure.c - reading order and relations of the blocks of a page
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tspagestructure.h"

#include <string.h>

#include "tsreadingorder.h"
#include "tsrelations.h"

#define SAME_LINE 0.5f
/* So much of what two boxes cover together is common to both. */
#define SAME_THING 0.7f

/* Captions, notes and numbers are read with what they belong to, so that they
 * and their host are one unit on the page; @host is its id. */
static guint
host_of (const TsBlock * blocks, guint i)
{
  return blocks[i].relation != TS_RELATION_NONE ? blocks[i].related : i;
}

static void
grow (gfloat box[4], const gfloat by[4])
{
  box[0] = MIN (box[0], by[0]);
  box[1] = MIN (box[1], by[1]);
  box[2] = MAX (box[2], by[2]);
  box[3] = MAX (box[3], by[3]);
}

/* The boxes of all units, to be put in order. */
static GArray *
find_units (const TsBlock * blocks, guint n_blocks)
{
  GArray *units = g_array_new (FALSE, FALSE, sizeof (TsOrderBox));

  for (guint i = 0; i < n_blocks; i++) {
    TsOrderBox unit = {.id = i };

    if (blocks[i].role == TS_ROLE_FURNITURE || host_of (blocks, i) != i)
      continue;
    memcpy (unit.box, blocks[i].box, sizeof unit.box);
    for (guint j = 0; j < n_blocks; j++) {
      if (host_of (blocks, j) == i)
        grow (unit.box, blocks[j].box);
    }
    g_array_append_val (units, unit);
  }
  return units;
}

/* Line by line, and on a line from left to right. */
static gboolean
is_before (const gfloat a[4], const gfloat b[4])
{
  gfloat overlap = MIN (a[3], b[3]) - MAX (a[1], b[1]);

  if (overlap > SAME_LINE * MIN (a[3] - a[1], b[3] - b[1]))
    return a[0] < b[0];
  return a[1] < b[1];
}

/* Numbers the blocks of the unit @host from @order on; gives the next number. */
static guint
number_unit (TsBlock * blocks, guint n_blocks, guint host, guint order)
{
  while (TRUE) {
    TsBlock *first = NULL;

    for (guint i = 0; i < n_blocks; i++) {
      if (blocks[i].order == 0 && host_of (blocks, i) == host
          && (first == NULL || is_before (blocks[i].box, first->box)))
        first = &blocks[i];
    }
    if (first == NULL)
      return order;
    first->order = order++;
  }
}

static void
find_structure (TsBlock * blocks, guint n_blocks, gfloat width, gfloat height)
{
  g_autoptr (GArray) units = NULL;
  guint order = 1;

  ts_relations_find (blocks, n_blocks, height);
  units = find_units (blocks, n_blocks);
  ts_reading_order_sort ((TsOrderBox *) units->data, units->len, width, height);
  for (guint i = 0; i < units->len; i++)
    order = number_unit (blocks, n_blocks,
        g_array_index (units, TsOrderBox, i).id, order);
}

static gfloat
area (const gfloat box[4])
{
  return MAX (box[2] - box[0], 0) * MAX (box[3] - box[1], 0);
}

/* Detectors without suppression find things twice. */
static gboolean
is_twin (const TsBlock * a, const TsBlock * b)
{
  const gfloat both[4] = {
    MAX (a->box[0], b->box[0]), MAX (a->box[1], b->box[1]),
    MIN (a->box[2], b->box[2]), MIN (a->box[3], b->box[3])
  };
  gfloat inside = area (both);

  return a->role == b->role
      && inside > SAME_THING * (area (a->box) + area (b->box) - inside);
}

/* The index in @unique of the twin of @block, which is added if there is none. */
static guint
find_twin (GArray * unique, const TsBlock * block)
{
  guint i;

  for (i = 0; i < unique->len; i++) {
    if (is_twin (&g_array_index (unique, TsBlock, i), block))
      return i;
  }
  g_array_append_vals (unique, block, 1);
  return i;
}

void
ts_page_structure (TsBlock * blocks, guint n_blocks, gfloat width,
    gfloat height)
{
  g_autoptr (GArray) unique = g_array_new (FALSE, FALSE, sizeof (TsBlock));
  g_autofree guint *twins = g_new (guint, n_blocks);
  g_autofree guint *originals = g_new (guint, n_blocks);

  for (guint i = 0; i < n_blocks; i++) {
    guint n_unique = unique->len;

    blocks[i].order = 0;
    twins[i] = find_twin (unique, &blocks[i]);
    if (unique->len > n_unique)
      originals[twins[i]] = i;
  }
  find_structure ((TsBlock *) unique->data, unique->len, width, height);
  for (guint i = 0; i < n_blocks; i++) {
    const TsBlock *found = &g_array_index (unique, TsBlock, twins[i]);

    blocks[i].order = found->order;
    blocks[i].relation = found->relation;
    blocks[i].related = found->relation == TS_RELATION_NONE ? 0 :
        originals[found->related];
  }
}
