/* overlaypainter.h - draws boxes and their labels as small pictures
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The drawing is in frame coordinates; what comes out are tiles that cover just
 * the lines and the labels, so that the cost does not depend on the frame.
 */
#pragma once

#include "overlayblend.h"
#include "overlaystyle.h"

G_BEGIN_DECLS

typedef struct _TsOverlayPainter TsOverlayPainter;

typedef struct
{
  gint line_width;              /* pixels; 0: ts_overlay_default_line_width() */
  const gchar *font;            /* Pango font description */
  gint font_size;               /* pixels; 0: as @font says, or if it does not
                                   ts_overlay_default_font_size() */
  gdouble fill_opacity;         /* of the inside of a box, 0..1 */
} TsOverlayStyle;

typedef struct
{
  gdouble x1, y1, x2, y2;       /* pixels of the frame, continuous; may be outside */
  TsOverlayColor color;
} TsOverlayBox;

/* Gets a tile, valid during the call only. */
typedef void (*TsOverlaySink) (const TsOverlayTile * tile, gpointer user_data);

/* One thread at a time. */
TsOverlayPainter *ts_overlay_painter_new (void);
void ts_overlay_painter_free (TsOverlayPainter * self);

/* Must be called before the first drawing; cheap if nothing has changed. */
void ts_overlay_painter_set_style (TsOverlayPainter * self,
    const TsOverlayStyle * style, gint frame_width, gint frame_height);

/* Draws the lines (and the filling) of a box as tiles that do not overlap. The
 * line lies centred on the box's border, rounded to whole pixels. A box without
 * area is drawn as a dot or line; one with NaN not at all. */
void ts_overlay_painter_draw_box (TsOverlayPainter * self,
    const TsOverlayBox * box, TsOverlaySink sink, gpointer user_data);

/* Draws @text on a tab in the box's colour: on top of the box, or inside where
 * it would leave the frame at the top; moved left where it would leave it at the
 * right. Nothing is drawn for a box that is outside the frame. */
void ts_overlay_painter_draw_label (TsOverlayPainter * self,
    const TsOverlayBox * box, const gchar * text, TsOverlaySink sink,
    gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsOverlayPainter, ts_overlay_painter_free)

G_END_DECLS
