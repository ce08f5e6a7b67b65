/* tsreadingorder.c - the order in which boxes on a page are read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A recursive X-Y cut (Nagy and Seth, 1984) that looks for columns first.  Where
 * something spans the columns, the page is cut into slabs at every horizontal
 * gap, and neighbouring slabs that share a gutter are put together again, so that
 * gaps which happen to be at the same height in two columns do not cut both.
 */
#include "tsreadingorder.h"

#include <string.h>

/* Boxes are taken to be smaller by this part of the page on each side (but
 * never by more than a quarter of themselves), since those of a detector overlap
 * a little where there was a gap. */
#define SLACK 0.006f
/* Two sides of a gap are columns if they stand beside each other for so much of
 * the lower one. */
#define BESIDE 0.5f

enum
{ X, Y };

/* A box's shrunken extent along an axis. */
typedef struct
{
  gfloat start, end;
} TsExtent;

typedef struct
{
  gfloat size[2];               /* of the page */
} TsPage;

static TsExtent
extent (const TsPage * page, const TsOrderBox * b, guint axis)
{
  gfloat length = b->box[axis + 2] - b->box[axis];
  gfloat slack = MIN (SLACK * page->size[axis], length / 4);

  return (TsExtent) {
  b->box[axis] + slack, b->box[axis + 2] - slack};
}

static gint
compare_along (gconstpointer a, gconstpointer b, gpointer axis)
{
  const gfloat *p = ((const TsOrderBox *) a)->box;
  const gfloat *q = ((const TsOrderBox *) b)->box;
  guint first = GPOINTER_TO_UINT (axis), second = 1 - first;

  if (p[first] != q[first])
    return p[first] < q[first] ? -1 : 1;
  return (p[second] > q[second]) - (p[second] < q[second]);
}

static void
sort_along (TsOrderBox * boxes, guint n, guint axis)
{
  g_qsort_with_data (boxes, n, sizeof *boxes, compare_along,
      GUINT_TO_POINTER (axis));
}

/* The extent of all boxes together. */
static TsExtent
range (const TsPage * page, const TsOrderBox * boxes, guint n, guint axis)
{
  TsExtent all = extent (page, &boxes[0], axis);

  for (guint i = 1; i < n; i++) {
    TsExtent e = extent (page, &boxes[i], axis);

    all.start = MIN (all.start, e.start);
    all.end = MAX (all.end, e.end);
  }
  return all;
}

static gboolean
stand_beside (const TsPage * page, const TsOrderBox * boxes, guint cut, guint n)
{
  TsExtent left = range (page, boxes, cut, Y);
  TsExtent right = range (page, boxes + cut, n - cut, Y);
  gfloat overlap = MIN (left.end, right.end) - MAX (left.start, right.start);

  return overlap >= BESIDE * MIN (left.end - left.start,
      right.end - right.start);
}

/* Sorts @boxes by their left edges and gives how many stand left of the widest
 * gap; 0: no gap.  With @columns only a gap between columns counts. */
static guint
find_gutter (const TsPage * page, TsOrderBox * boxes, guint n, gboolean columns)
{
  gfloat end, widest = 0;
  guint cut = 0;

  sort_along (boxes, n, X);
  end = extent (page, &boxes[0], X).end;
  for (guint i = 1; i < n; i++) {
    TsExtent e = extent (page, &boxes[i], X);

    if (e.start - end > widest
        && (!columns || stand_beside (page, boxes, i, n))) {
      widest = e.start - end;
      cut = i;
    }
    end = MAX (end, e.end);
  }
  return cut;
}

/* How many of @boxes, which are sorted by their top edges, are above the first
 * horizontal gap; @n: there is none. */
static guint
find_slab (const TsPage * page, const TsOrderBox * boxes, guint n)
{
  gfloat end = extent (page, &boxes[0], Y).end;

  for (guint i = 1; i < n; i++) {
    TsExtent e = extent (page, &boxes[i], Y);

    if (e.start >= end)
      return i;
    end = MAX (end, e.end);
  }
  return n;
}

/* How many of @boxes, beginning with a slab of @slab, hold as many slabs as share
 * a gutter between columns; 0: there are no columns here. */
static guint
find_columns (const TsPage * page, const TsOrderBox * boxes, guint slab,
    guint n)
{
  g_autofree TsOrderBox *copy = g_new (TsOrderBox, n);
  guint end = slab, found = 0;

  while (TRUE) {
    memcpy (copy, boxes, end * sizeof *copy);
    if (end > 1 && find_gutter (page, copy, end, FALSE) == 0)
      return found;
    if (find_gutter (page, copy, end, TRUE) > 0)
      found = end;
    if (end == n)
      return found;
    end += find_slab (page, boxes + end, n - end);
  }
}

static void
order (const TsPage * page, TsOrderBox * boxes, guint n)
{
  guint cut, slab;

  if (n < 2)
    return;
  cut = find_gutter (page, boxes, n, TRUE);
  if (cut > 0) {
    order (page, boxes, cut);
    order (page, boxes + cut, n - cut);
    return;
  }
  sort_along (boxes, n, Y);
  slab = find_slab (page, boxes, n);
  if (slab == n)
    return;
  cut = find_columns (page, boxes, slab, n);
  cut = cut > 0 ? cut : slab;
  order (page, boxes, cut);
  order (page, boxes + cut, n - cut);
}

void
ts_reading_order_sort (TsOrderBox * boxes, guint n_boxes, gfloat page_width,
    gfloat page_height)
{
  const TsPage page = { {page_width, page_height} };

  order (&page, boxes, n_boxes);
}
