/* tscolor.h - rows of other colour formats to R'G'B' or to luma
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsimage.h"

G_BEGIN_DECLS

/* Every term keeps 5 fractional bits, so that their sum fits in 16 bits: the
 * upper half of the product of a coefficient and of a sample, moved up by its
 * shift.  That half is floored; three floors and the rounded coefficients err by
 * less than 0.15 levels together.  The rounding adds half a level and half a
 * floor for each of two terms. */
#define TS_YUV_FRACTION_BITS 5
#define TS_YUV_LUMA_SHIFT 7
#define TS_YUV_CHROMA_SHIFT 8
#define TS_YUV_ROUNDING ((1 << (TS_YUV_FRACTION_BITS - 1)) + 1)

/* Y'CbCr to R'G'B' or luma in fixed point. */
typedef struct
{
  gint32 luma_gain;
  gint16 y_black, y_gain, cr_to_r, cb_to_g, cr_to_g, cb_to_b;
} TsYuv;

void ts_yuv_init (TsYuv * self, TsColorMatrix matrix, gboolean full_range);

/* Repeats each chroma sample, @step bytes apart, for two of @width pixels. */
void ts_chroma_spread (const guint8 * chroma, gint step, gint width,
    guint8 * out);

/* One chroma sample a pixel; within one level of the formula in real numbers.
 * Writes the bytes R, G, B and 0 for each pixel. */
void ts_yuv_to_rgbx (const TsYuv * self, const guint8 * y, const guint8 * cb,
    const guint8 * cr, gint width, guint32 * out);

/* Y' stretched to 0..255, to the nearest level. */
void ts_yuv_to_luma (const TsYuv * self, const guint8 * y, gint width,
    guint8 * out);

/* OpenCV's RGB2GRAY (BT.601, 15 bits); @red and @blue are byte offsets in a
 * pixel, green is at 1. */
void ts_rgb_to_luma (const guint8 * pixels, gint pixel_size, gint red,
    gint blue, gint width, guint8 * out);

G_END_DECLS
