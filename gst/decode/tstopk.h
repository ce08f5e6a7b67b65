/* tstopk.h - the k best of many scores, in one pass
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gfloat score;
  gint64 index;
} TsTopKItem;

/* A heap of at most @k items with the worst one at the root.  An item is better
 * if its score is higher, or equal and its index lower: a total order, so that
 * the same input always gives the same answer. */
typedef struct
{
  GArray *items;                /* of TsTopKItem */
  guint k;
} TsTopK;

void ts_top_k_init (TsTopK * self, guint k);
void ts_top_k_clear (TsTopK * self);
void ts_top_k_add (TsTopK * self, gfloat score, gint64 index);

/* Sorts the items, best first; nothing may be added afterwards. */
const TsTopKItem *ts_top_k_sort (TsTopK * self, guint * n_items);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TsTopK, ts_top_k_clear)

G_END_DECLS
