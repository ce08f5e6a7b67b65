/* overlaymask.c - draws a class map as translucent colours
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "overlaymask.h"

#include <math.h>
#include <string.h>

#include "overlaystyle.h"

/* Rows a tile: even, so that no chroma sample is shared by two of them. */
#define TILE_ROWS 32
#define N_CLASSES 65536

struct _TsOverlayMaskPainter
{
  guint32 palette[N_CLASSES];   /* a colour a class, 0 for those that are not drawn */
  guint8 seen[N_CLASSES];
  gint width;                   /* pixels that there is memory for: */
  guint32 *pixels;              /* TILE_ROWS x width */
  gint *columns;                /* the cell of each pixel of a row, or -1 */
};

TsOverlayMaskPainter *
ts_overlay_mask_painter_new (void)
{
  return g_new0 (TsOverlayMaskPainter, 1);
}

void
ts_overlay_mask_painter_free (TsOverlayMaskPainter * self)
{
  g_free (self->pixels);
  g_free (self->columns);
  g_free (self);
}

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

static void
fill_palette (TsOverlayMaskPainter * self, const TsOverlayMask * mask,
    gdouble opacity, TsOverlayMaskFilter filter, gpointer user_data)
{
  memset (self->palette, 0, sizeof self->palette);
  memset (self->seen, 0, sizeof self->seen);
  for (gsize i = 0; i < (gsize) mask->columns * mask->rows; i++) {
    guint16 class_id = mask->classes[i];

    if (!self->seen[class_id] && filter (class_id, user_data))
      self->palette[class_id] = get_color (class_id, opacity);
    self->seen[class_id] = 1;
  }
}

static void
fit_to_width (TsOverlayMaskPainter * self, gint width)
{
  if (width <= self->width)
    return;
  self->pixels = g_renew (guint32, self->pixels, (gsize) width * TILE_ROWS);
  self->columns = g_renew (gint, self->columns, width);
  self->width = width;
}

static void
fill_row (const TsOverlayMaskPainter * self, const TsOverlayMask * mask,
    gint row, gint width, guint32 * out)
{
  const guint16 *cells = mask->classes + (gsize) MAX (row, 0) * mask->columns;
  const gint *columns = self->columns;

  for (gint x = 0; x < width; x++)
    out[x] = row < 0 || columns[x] < 0 ? 0 : self->palette[cells[columns[x]]];
}

void
ts_overlay_mask_painter_draw (TsOverlayMaskPainter * self,
    const TsOverlayFrame * frame, const TsOverlayMask * mask, gdouble opacity,
    TsOverlayMaskFilter filter, gpointer user_data)
{
  fill_palette (self, mask, opacity, filter, user_data);
  fit_to_width (self, frame->width);
  for (gint x = 0; x < frame->width; x++)
    self->columns[x] = find_cell (x, mask->x, mask->width, mask->columns);
  for (gint top = 0; top < frame->height; top += TILE_ROWS) {
    TsOverlayTile tile = { 0, top, frame->width,
      MIN (TILE_ROWS, frame->height - top), (const guint8 *) self->pixels,
      frame->width * 4
    };

    for (gint y = 0; y < tile.height; y++)
      fill_row (self, mask, find_cell (top + y, mask->y, mask->height,
              mask->rows), frame->width,
          self->pixels + (gsize) y * frame->width);
    ts_overlay_blend (frame, &tile);
  }
}
