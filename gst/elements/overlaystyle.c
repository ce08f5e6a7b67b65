/* overlaystyle.c - which colour a class has
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "overlaystyle.h"

#include <math.h>

#define GOLDEN_RATIO_CONJUGATE 0.6180339887498949
#define SATURATION 0.75
#define VALUE 0.95

/* The "tab10" palette, made to be told apart on white paper. */
static const TsOverlayColor doclayout_colors[] = {
  {0xd6, 0x27, 0x28},           /* title */
  {0x1f, 0x77, 0xb4},           /* plain text */
  {0x7f, 0x7f, 0x7f},           /* abandon */
  {0x2c, 0xa0, 0x2c},           /* figure */
  {0x17, 0xbe, 0xcf},           /* figure_caption */
  {0xff, 0x7f, 0x0e},           /* table */
  {0xbc, 0xbd, 0x22},           /* table_caption */
  {0x8c, 0x56, 0x4b},           /* table_footnote */
  {0x94, 0x67, 0xbd},           /* isolate_formula */
  {0xe3, 0x77, 0xc2},           /* formula_caption */
};

/* One channel of HSV to RGB; @n is 5, 3, 1 for R, G, B. */
static guint8
hsv_channel (gdouble hue, gint n)
{
  gdouble k = fmod (n + hue * 6.0, 6.0);
  gdouble weight = CLAMP (MIN (k, 4.0 - k), 0.0, 1.0);

  return (guint8) lrint (255.0 * VALUE * (1.0 - SATURATION * weight));
}

TsOverlayColor
ts_overlay_class_color (gint class_id)
{
  TsOverlayColor color;
  gdouble hue;

  if (class_id >= 0 && class_id < (gint) G_N_ELEMENTS (doclayout_colors))
    return doclayout_colors[class_id];

  /* Steps of the golden ratio keep every next hue far from those before. */
  hue = fmod ((guint) class_id * GOLDEN_RATIO_CONJUGATE, 1.0);
  color.r = hsv_channel (hue, 5);
  color.g = hsv_channel (hue, 3);
  color.b = hsv_channel (hue, 1);
  return color;
}

static gdouble
linear (guint8 channel)
{
  gdouble v = channel / 255.0;

  return v <= 0.04045 ? v / 12.92 : pow ((v + 0.055) / 1.055, 2.4);
}

TsOverlayColor
ts_overlay_text_color (TsOverlayColor background)
{
  const TsOverlayColor black = { 0, 0, 0 }, white = { 255, 255, 255 };
  gdouble luminance = 0.2126 * linear (background.r)
      + 0.7152 * linear (background.g) + 0.0722 * linear (background.b);
  /* WCAG's contrast ratio: (lighter + 0.05) / (darker + 0.05). */
  gdouble on_black = (luminance + 0.05) / 0.05;
  gdouble on_white = 1.05 / (luminance + 0.05);

  return on_black >= on_white ? black : white;
}

gint
ts_overlay_default_line_width (gint frame_width, gint frame_height)
{
  return MAX (1, (gint) lrint ((frame_width + frame_height) / 1000.0));
}

gint
ts_overlay_default_font_size (gint frame_width, gint frame_height)
{
  return MAX (8, (gint) lrint ((frame_width + frame_height) / 180.0));
}
