/* tsboxrows.h - answers of boxes, scores and classes, one row a detection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every score is checked; a box and its class only if they are kept.  Inverted
 * boxes are dropped, and classes below params->first_class (the background).
 * Equal scores: the lower row first.
 */
#pragma once

#include "tsdecodeutil.h"

G_BEGIN_DECLS

typedef struct
{
  const TsDecoder *decoder;
  const TsOutput *boxes;        /* of any shape, four numbers a row */
  const TsOutput *scores, *classes;
  gint64 first, n;              /* rows to read */
  gint order[4];                /* where x1, y1, x2, y2 are in a row */
  gfloat scale_x, scale_y;      /* from the box's units to tensor pixels */
} TsBoxRows;

gboolean ts_box_rows_decode (const TsBoxRows * self,
    const TsDecodeParams * params, GArray * boxes, GError ** error);

G_END_DECLS
