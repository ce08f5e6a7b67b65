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

/* The array of the last heap of this thread, so that frames reuse its memory. */
static GPrivate spare = G_PRIVATE_INIT ((GDestroyNotify) g_array_unref);

void
ts_top_k_init (TsTopK * self, guint k)
{
  self->items = g_private_get (&spare);
  g_private_set (&spare, NULL);
  if (self->items == NULL)
    self->items = g_array_new (FALSE, FALSE, sizeof (TsTopKItem));
  g_array_set_size (self->items, 0);
  self->k = k;
}

void
ts_top_k_clear (TsTopK * self)
{
  if (self->items != NULL)
    g_private_replace (&spare, g_steal_pointer (&self->items));
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

/* What the root gives up, the worst, goes to the end. */
static void
sort_heap (TsTopKItem * heap, guint n)
{
  while (n > 1) {
    TsTopKItem worst = heap[0];

    n--;
    heap[0] = heap[n];
    sift_down (heap, n);
    heap[n] = worst;
  }
}

const TsTopKItem *
ts_top_k_sort (TsTopK * self, guint * n_items)
{
  TsTopKItem *heap = (TsTopKItem *) (gpointer) self->items->data;

  *n_items = self->items->len;
  sort_heap (heap, *n_items);
  return heap;
}
