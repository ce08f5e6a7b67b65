/* order_boxes.c - the structure of a page of boxes, for tests in other languages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads "WIDTH HEIGHT" and a line "X1 Y1 X2 Y2 LABEL" for each box; writes a line
 * "ORDER RELATION RELATED" for each.
 */
#include <stdio.h>
#include <string.h>

#include "tspagestructure.h"

int
main (void)
{
  g_autoptr (GArray) blocks = g_array_new (FALSE, TRUE, sizeof (TsBlock));
  TsBlock b = { {0}
  };
  gfloat width, height;
  gchar label[100];

  if (scanf ("%f %f", &width, &height) != 2)
    return 1;
  while (scanf ("%f %f %f %f %99[^\n]", &b.box[0], &b.box[1], &b.box[2],
          &b.box[3], label) == 5) {
    b.role = ts_role_from_label (label);
    g_array_append_val (blocks, b);
  }
  ts_page_structure ((TsBlock *) blocks->data, blocks->len, width, height);
  for (guint i = 0; i < blocks->len; i++) {
    const TsBlock *found = &g_array_index (blocks, TsBlock, i);

    printf ("%u %d %u\n", found->order, found->relation, found->related);
  }
  return 0;
}
