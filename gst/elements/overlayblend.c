/* overlayblend.c - puts a small ARGB picture onto a frame of any layout
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "overlayblend.h"

#include <math.h>

#define ALPHA(p) ((gint) ((p) >> 24))
#define RED(p) ((gint) (((p) >> 16) & 0xff))
#define GREEN(p) ((gint) (((p) >> 8) & 0xff))
#define BLUE(p) ((gint) ((p) & 0xff))

/* Fixed-point unit: a multiple of 255, so that alpha / 255 stays exact. */
#define UNIT (255 * 256)

/* The part of a tile that lies on the frame, in frame coordinates. */
typedef struct
{
  gint x1, y1, x2, y2;
} Area;

/* One of Y', Cb, Cr as weights of premultiplied R', G', B' and of alpha. */
typedef struct
{
  gint r, g, b, a;
} Weights;

typedef struct
{
  Weights cb, cr;
} ChromaWeights;

static const guint32 *
tile_pixel (const TsOverlayTile * tile, gint x, gint y)
{
  return (const guint32 *) (tile->data + (gsize) (y - tile->y) * tile->stride)
      + (x - tile->x);
}

/* Rounds @v / 255 to the nearest for 0 <= @v <= 65025. */
static inline gint
div255 (gint v)
{
  v += 128;
  return (v + (v >> 8)) >> 8;
}

/* "Over" on a pixel that is not opaque itself; colours in @d are straight. */
static void
blend_translucent (guint8 * d, const TsOverlayFrame * frame, guint32 p)
{
  gint rest = d[frame->alpha] * (255 - ALPHA (p));
  gint sum = ALPHA (p) * 255 + rest;

  d[frame->r] = (RED (p) * 65025 + d[frame->r] * rest + sum / 2) / sum;
  d[frame->g] = (GREEN (p) * 65025 + d[frame->g] * rest + sum / 2) / sum;
  d[frame->b] = (BLUE (p) * 65025 + d[frame->b] * rest + sum / 2) / sum;
  d[frame->alpha] = (sum + 127) / 255;
}

static inline gint
blend_channel (gint source, gint d, gint rest)
{
  return source + div255 (d * rest);
}

static void
blend_packed_row (const TsOverlayFrame * frame, guint8 * d, const guint32 * p,
    gint n)
{
  /* Locals, since a write to the pixels might alias the frame. */
  const gint r = frame->r, g = frame->g, b = frame->b, alpha = frame->alpha;
  const gint pixel_size = frame->pixel_size;

  for (; n > 0; n--, p++, d += pixel_size) {
    gint rest = 255 - ALPHA (*p);

    if (rest == 255)
      continue;
    if (rest > 0 && alpha >= 0 && d[alpha] != 255) {
      blend_translucent (d, frame, *p);
      continue;
    }
    if (alpha >= 0)
      d[alpha] = 255;
    d[r] = rest == 0 ? RED (*p) : blend_channel (RED (*p), d[r], rest);
    d[g] = rest == 0 ? GREEN (*p) : blend_channel (GREEN (*p), d[g], rest);
    d[b] = rest == 0 ? BLUE (*p) : blend_channel (BLUE (*p), d[b], rest);
  }
}

static void
blend_packed (const TsOverlayFrame * frame, const TsOverlayTile * tile,
    const Area * area)
{
  gint y;

  for (y = area->y1; y < area->y2; y++)
    blend_packed_row (frame, frame->plane[0] + (gsize) y * frame->stride[0]
        + (gsize) area->x1 * frame->pixel_size,
        tile_pixel (tile, area->x1, y), area->x2 - area->x1);
}

static Weights
weights (gdouble r, gdouble g, gdouble b, gdouble scale, gdouble offset)
{
  Weights w = {
    (gint) lrint (r * scale * UNIT), (gint) lrint (g * scale * UNIT),
    (gint) lrint (b * scale * UNIT), (gint) lrint (offset / 255.0 * UNIT)
  };

  return w;
}

static Weights
luma_weights (const TsOverlayFrame * f)
{
  gdouble scale = f->full_range ? 1.0 : 219.0 / 255.0;

  return weights (f->kr, 1.0 - f->kr - f->kb, f->kb, scale,
      f->full_range ? 0.0 : 16.0);
}

/* Cb = (B' - Y') / (2 (1 - kb)), Cr likewise (ITU-R BT.601, BT.709). */
static Weights
cb_weights (const TsOverlayFrame * f)
{
  gdouble scale = (f->full_range ? 1.0 : 224.0 / 255.0) / (2.0 * (1.0 - f->kb));

  return weights (-f->kr, -(1.0 - f->kr - f->kb), 1.0 - f->kb, scale, 128.0);
}

static Weights
cr_weights (const TsOverlayFrame * f)
{
  gdouble scale = (f->full_range ? 1.0 : 224.0 / 255.0) / (2.0 * (1.0 - f->kr));

  return weights (1.0 - f->kr, -(1.0 - f->kr - f->kb), -f->kb, scale, 128.0);
}

static void
blend_luma (const TsOverlayFrame * frame, const TsOverlayTile * tile,
    const Area * area)
{
  const Weights w = luma_weights (frame);
  guint32 last = 0;
  gint x, y, luma = 0, opaque = 0;

  for (y = area->y1; y < area->y2; y++) {
    const guint32 *p = tile_pixel (tile, area->x1, y);
    guint8 *d = frame->plane[0] + (gsize) y * frame->stride[0] + area->x1;

    for (x = area->x1; x < area->x2; x++, p++, d++) {
      if (ALPHA (*p) == 0)
        continue;
      if (*p != last) {         /* lines are long runs of one colour */
        last = *p;
        luma = w.r * RED (last) + w.g * GREEN (last) + w.b * BLUE (last)
            + w.a * ALPHA (last) + UNIT / 2;
        opaque = luma / UNIT;
      }
      *d = ALPHA (last) == 255 ? opaque :
          (luma + (255 - ALPHA (last)) * 256 * *d) / UNIT;
    }
  }
}

/* Sums of a tile's channels over the pixels of one chroma sample; pixels
 * outside the tile count as clear, those outside the frame do not count. */
typedef struct
{
  gint r, g, b, a, n;
} Cell;

static Cell
sum_cell (const TsOverlayFrame * frame, const TsOverlayTile * tile,
    const Area * area, gint x, gint y)
{
  gint x_end = MIN (x + 2, frame->width), y_end = MIN (y + 2, frame->height);
  Cell cell = { 0, 0, 0, 0, (x_end - x) * (y_end - y) };
  gint i, j;

  for (j = MAX (y, area->y1); j < MIN (y_end, area->y2); j++) {
    for (i = MAX (x, area->x1); i < MIN (x_end, area->x2); i++) {
      guint32 p = *tile_pixel (tile, i, j);

      cell.r += RED (p);
      cell.g += GREEN (p);
      cell.b += BLUE (p);
      cell.a += ALPHA (p);
    }
  }
  return cell;
}

static inline guint8
blend_chroma_sample (guint8 d, const Cell * c, const Weights * w)
{
  gint sum = w->r * c->r + w->g * c->g + w->b * c->b + w->a * c->a
      + (255 * c->n - c->a) * 256 * d;

  sum = (sum + UNIT * c->n / 2) / (UNIT * c->n);
  return CLAMP (sum, 0, 255);
}

/* Whether all pixels of a chroma sample are in the tile and the same. */
static inline gboolean
cell_is_uniform (const TsOverlayTile * tile, const Area * area, gint x, gint y,
    guint32 * pixel)
{
  const guint32 *top, *bottom;

  if (x < area->x1 || y < area->y1 || x + 2 > area->x2 || y + 2 > area->y2)
    return FALSE;
  top = tile_pixel (tile, x, y);
  bottom = tile_pixel (tile, x, y + 1);
  *pixel = top[0];
  return top[1] == top[0] && bottom[0] == top[0] && bottom[1] == top[0];
}

/* One row of samples; @step bytes from one to the next. */
static void
blend_chroma_row (const TsOverlayFrame * frame, const TsOverlayTile * tile,
    const Area * area, const ChromaWeights * w, gint y, guint8 * u, guint8 * v,
    gint step)
{
  guint32 pixel = 0, last = 0;
  guint8 last_u = 0, last_v = 0;
  gint x;

  for (x = area->x1 & ~1; x < area->x2; x += 2) {
    gboolean uniform = cell_is_uniform (tile, area, x, y, &pixel);
    gsize i = (gsize) (x / 2) * step;

    if (uniform && pixel == 0)
      continue;
    if (!uniform || ALPHA (pixel) < 255) {
      Cell cell = sum_cell (frame, tile, area, x, y);

      if (cell.a == 0)
        continue;
      u[i] = blend_chroma_sample (u[i], &cell, &w->cb);
      v[i] = blend_chroma_sample (v[i], &cell, &w->cr);
      continue;
    }
    if (pixel != last) {        /* lines are long runs of one colour */
      const Cell one = { RED (pixel), GREEN (pixel), BLUE (pixel), 255, 1 };

      last = pixel;
      last_u = blend_chroma_sample (0, &one, &w->cb);
      last_v = blend_chroma_sample (0, &one, &w->cr);
    }
    u[i] = last_u;
    v[i] = last_v;
  }
}

static void
blend_chroma (const TsOverlayFrame * frame, const TsOverlayTile * tile,
    const Area * area)
{
  const ChromaWeights w = { cb_weights (frame), cr_weights (frame) };
  gint y;

  for (y = area->y1 & ~1; y < area->y2; y += 2) {
    guint8 *u = frame->plane[1] + (gsize) (y / 2) * frame->stride[1];

    if (frame->layout == TS_OVERLAY_NV12)
      blend_chroma_row (frame, tile, area, &w, y, u, u + 1, 2);
    else
      blend_chroma_row (frame, tile, area, &w, y, u,
          frame->plane[2] + (gsize) (y / 2) * frame->stride[2], 1);
  }
}

void
ts_overlay_blend (const TsOverlayFrame * frame, const TsOverlayTile * tile)
{
  const Area area = {
    MAX (tile->x, 0), MAX (tile->y, 0),
    MIN (tile->x + tile->width, frame->width),
    MIN (tile->y + tile->height, frame->height)
  };

  if (area.x1 >= area.x2 || area.y1 >= area.y2)
    return;

  if (frame->layout == TS_OVERLAY_PACKED) {
    blend_packed (frame, tile, &area);
    return;
  }
  blend_luma (frame, tile, &area);
  if (frame->layout != TS_OVERLAY_GRAY)
    blend_chroma (frame, tile, &area);
}
