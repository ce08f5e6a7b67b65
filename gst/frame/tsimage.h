/* tsimage.h - a borrowed view of an image's pixels
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first step of a frame's way.  Knows nothing of buffers: the element maps
 * one and fills this in, a program without a pipeline does the same by hand.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TS_PIXEL_RGB,
  TS_PIXEL_BGR,
  TS_PIXEL_RGBX,                /* 4 bytes, R first; X (or alpha) is ignored */
  TS_PIXEL_BGRX,
  TS_PIXEL_XRGB,
  TS_PIXEL_XBGR,
  TS_PIXEL_GRAY8,
  TS_PIXEL_NV12,                /* plane 0: Y, plane 1: interleaved Cb Cr, 4:2:0 */
  TS_PIXEL_I420                 /* planes Y, Cb, Cr, 4:2:0 */
} TsPixelFormat;

/* How Y'CbCr becomes R'G'B'; ignored for the other formats. */
typedef enum
{
  TS_MATRIX_BT601,
  TS_MATRIX_BT709,
  TS_MATRIX_BT2020
} TsColorMatrix;

typedef struct
{
  TsPixelFormat format;
  gint width, height;           /* pixels, both > 0 */
  const guint8 *plane[3];       /* top left pixel of each plane; not owned */
  gint stride[3];               /* bytes from one row to the next */
  TsColorMatrix matrix;
  gboolean full_range;          /* Y' in 0..255 rather than 16..235; GRAY8 is always full */
  gint x, y;                    /* where it lies in the frame that it is a part of;
                                   what is found is told in that frame's pixels */
} TsImage;

G_END_DECLS
