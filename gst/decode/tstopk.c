/* tstopk.c - the k best of many scores, in one pass
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstopk.h"

static gboolean
is_better (const TsTopKItem * a, const TsTopKItem * b)
{
  return a->score > b->score || (a->score == b->score && a->index < b->index);
}

void
ts_top_k_init (TsTopK * self, guint k)
{
  self->items = g_array_new (FALSE, FALSE, sizeof (TsTopKItem));
  self->k = k;
}

void
ts_top_k_clear (TsTopK * self)
{
  g_clear_pointer (&self->items, g_array_unref);
}

static void
sift_up (TsTopKItem * heap, guint child)
{
  TsTopKItem item = heap[child];

  while (child > 0) {
    guint parent = (child - 1) / 2;

    if (!is_better (&heap[parent], &item))
      break;
    heap[child] = heap[parent];
    child = parent;
  }
  heap[child] = item;
}

static void
sift_down (TsTopKItem * heap, guint n)
{
  TsTopKItem item = heap[0];
  guint parent = 0;

  for (guint child = 1; child < n; child = 2 * parent + 1) {
    if (child + 1 < n && is_better (&heap[child], &heap[child + 1]))
      child++;
    if (!is_better (&item, &heap[child]))
      break;
    heap[parent] = heap[child];
    parent = child;
  }
  heap[parent] = item;
}

void
ts_top_k_add (TsTopK * self, gfloat score, gint64 index)
{
  TsTopKItem item = { score, index };
  TsTopKItem *heap = (TsTopKItem *) (gpointer) self->items->data;

  if (self->items->len < self->k) {
    g_array_append_val (self->items, item);
    sift_up ((TsTopKItem *) (gpointer) self->items->data, self->items->len - 1);
  } else if (self->k > 0 && is_better (&item, &heap[0])) {
    heap[0] = item;
    sift_down (heap, self->items->len);
  }
}

static gint
compare_best_first (gconstpointer a, gconstpointer b)
{
  return is_better (a, b) ? -1 : is_better (b, a);
}

const TsTopKItem *
ts_top_k_sort (TsTopK * self, guint * n_items)
{
  g_array_sort (self->items, compare_best_first);
  *n_items = self->items->len;
  return (const TsTopKItem *) (gconstpointer) self->items->data;
}
