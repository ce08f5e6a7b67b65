/* overlaystyle.h - which colour a class has
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint8 r, g, b;               /* R'G'B', full range */
} TsOverlayColor;

/* The colour of a class: fixed for 0 to 9 (the ten classes of DocLayout),
 * computed for all others. */
TsOverlayColor ts_overlay_class_color (gint class_id);

/* Black or white, whichever contrasts more with @background. */
TsOverlayColor ts_overlay_text_color (TsOverlayColor background);

/* What a property's 0 means, in pixels, for a frame of this size. */
gint ts_overlay_default_line_width (gint frame_width, gint frame_height);
gint ts_overlay_default_font_size (gint frame_width, gint frame_height);

G_END_DECLS
