/* overlaymask.c - draws a class map as translucent colours
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "overlaymask.h"

#include <math.h>

#include "overlaystyle.h"

/* Rows a tile: even, so that no chroma sample is shared by two of them. */
#define TILE_ROWS 32
#define N_CLASSES 65536

/* The cell under the middle of a pixel, or -1. */
static gint
find_cell (gint pixel, gdouble start, gdouble length, gint n_cells)
{
  gdouble cell = floor ((pixel + 0.5 - start) * n_cells / length);

  return cell >= 0 && cell < n_cells ? (gint) cell : -1;
}

/* cairo's ARGB32, premultiplied. */
static guint32
get_color (gint class_id, gdouble opacity)
{
  TsOverlayColor color = ts_overlay_class_color (class_id);

  return (guint32) lrint (255 * opacity) << 24
      | (guint32) lrint (color.r * opacity) << 16
      | (guint32) lrint (color.g * opacity) << 8
      | (guint32) lrint (color.b * opacity);
}

/* A colour a class, 0 for those that are not drawn. */
static guint32 *
make_palette (const TsOverlayMask * mask, gdouble opacity,
    TsOverlayMaskFilter filter, gpointer user_data)
{
  guint32 *palette = g_new0 (guint32, N_CLASSES);
  g_autofree guint8 *seen = g_malloc0 (N_CLASSES);

  for (gsize i = 0; i < (gsize) mask->columns * mask->rows; i++) {
    guint16 class_id = mask->classes[i];

    if (!seen[class_id] && filter (class_id, user_data))
      palette[class_id] = get_color (class_id, opacity);
    seen[class_id] = 1;
  }
  return palette;
}

static void
fill_row (const TsOverlayMask * mask, gint row, const gint * columns,
    gint width, const guint32 * palette, guint32 * out)
{
  const guint16 *cells = mask->classes + (gsize) MAX (row, 0) * mask->columns;

  for (gint x = 0; x < width; x++)
    out[x] = row < 0 || columns[x] < 0 ? 0 : palette[cells[columns[x]]];
}

void
ts_overlay_draw_mask (const TsOverlayFrame * frame, const TsOverlayMask * mask,
    gdouble opacity, TsOverlayMaskFilter filter, gpointer user_data)
{
  g_autofree guint32 *palette =
      make_palette (mask, opacity, filter, user_data);
  g_autofree guint32 *pixels = g_new (guint32, (gsize) frame->width
      * TILE_ROWS);
  g_autofree gint *columns = g_new (gint, frame->width);

  for (gint x = 0; x < frame->width; x++)
    columns[x] = find_cell (x, mask->x, mask->width, mask->columns);
  for (gint top = 0; top < frame->height; top += TILE_ROWS) {
    TsOverlayTile tile = { 0, top, frame->width,
      MIN (TILE_ROWS, frame->height - top), (const guint8 *) pixels,
      frame->width * 4
    };

    for (gint y = 0; y < tile.height; y++)
      fill_row (mask, find_cell (top + y, mask->y, mask->height, mask->rows),
          columns, frame->width, palette, pixels + (gsize) y * frame->width);
    ts_overlay_blend (frame, &tile);
  }
}
