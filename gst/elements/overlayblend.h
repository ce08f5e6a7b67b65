/* overlayblend.h - puts a small ARGB picture onto a frame of any layout
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TS_OVERLAY_PACKED,            /* 3 or 4 bytes a pixel: R, G, B, perhaps alpha */
  TS_OVERLAY_GRAY,              /* plane 0: Y' */
  TS_OVERLAY_NV12,              /* plane 0: Y', plane 1: interleaved Cb Cr, 4:2:0 */
  TS_OVERLAY_I420               /* planes Y', Cb, Cr, 4:2:0 */
} TsOverlayLayout;

/* A borrowed, writable view of a frame. */
typedef struct
{
  TsOverlayLayout layout;
  gint width, height;           /* pixels */
  guint8 *plane[3];             /* top left pixel of each plane; not owned */
  gint stride[3];               /* bytes from one row to the next */

  /* TS_OVERLAY_PACKED only: */
  gint pixel_size;              /* bytes a pixel */
  gint r, g, b;                 /* byte of each channel in a pixel */
  gint alpha;                   /* likewise, straight alpha; -1: none */

  /* The other layouts only: */
  gdouble kr, kb;               /* weights of R' and B' in Y' */
  gboolean full_range;          /* Y' in 0..255 rather than 16..235 */
} TsOverlayFrame;

/* A borrowed picture in cairo's ARGB32: native-endian words, colours
 * premultiplied by alpha. */
typedef struct
{
  gint x, y;                    /* where its top left pixel goes; may be outside */
  gint width, height;
  const guint8 *data;
  gint stride;                  /* bytes */
} TsOverlayTile;

/* Composites @tile over @frame.  Only pixels under a non-zero alpha change; a
 * chroma sample gets the mean of the pixels it stands for. */
void ts_overlay_blend (const TsOverlayFrame * frame, const TsOverlayTile * tile);

G_END_DECLS
