/* tsreadingorder.h - the order in which boxes on a page are read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A box to put in order: left, top, right and bottom edge, and what it stands
 * for. */
typedef struct
{
  gfloat box[4];
  guint id;
} TsOrderBox;

/* Sorts @boxes into reading order, column by column. */
void ts_reading_order_sort (TsOrderBox * boxes, guint n_boxes, gfloat page_width,
    gfloat page_height);

G_END_DECLS
