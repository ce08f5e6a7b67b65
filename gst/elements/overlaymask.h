/* overlaymask.h - draws a class map as translucent colours
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "overlayblend.h"

G_BEGIN_DECLS

/* A borrowed class map; x, y, width and height are its place in the frame,
 * pixels. */
typedef struct
{
  const guint16 *classes;       /* row by row */
  gint columns, rows;
  gdouble x, y, width, height;
} TsOverlayMask;

/* Memory that masks are drawn with, one after the other. */
typedef struct _TsOverlayMaskPainter TsOverlayMaskPainter;

/* Whether a class is drawn. */
typedef gboolean (*TsOverlayMaskFilter) (gint class_id, gpointer user_data);

/* One thread at a time. */
TsOverlayMaskPainter *ts_overlay_mask_painter_new (void);
void ts_overlay_mask_painter_free (TsOverlayMaskPainter * self);

/* Colours every pixel of @frame as its cell's class says, with the nearest cell
 * and @opacity (0..1). */
void ts_overlay_mask_painter_draw (TsOverlayMaskPainter * self,
    const TsOverlayFrame * frame, const TsOverlayMask * mask, gdouble opacity,
    TsOverlayMaskFilter filter, gpointer user_data);

G_END_DECLS
