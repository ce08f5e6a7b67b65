/* tscolor.c - rows of other colour formats to R'G'B' or to luma
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tscolor.h"

#include <math.h>

#include "tsclones.h"

/* Luma alone can afford 32 bits, and with these is exact. */
#define LUMA_BITS 16

static gint16
coefficient (gdouble value, gint input_shift)
{
  return (gint16) lrint (ldexp (value,
          16 + TS_YUV_FRACTION_BITS - input_shift));
}

/* ITU-R BT.601, BT.709, BT.2020 (non-constant luminance): R' = Y' + 2 (1 - Kr)
 * Cr and so on; limited range has Y' in 16..235 and chroma in 16..240. */
void
ts_yuv_init (TsYuv * self, TsColorMatrix matrix, gboolean full_range)
{
  static const gdouble luma[][2] = {
    [TS_MATRIX_BT601] = {0.299, 0.114},
    [TS_MATRIX_BT709] = {0.2126, 0.0722},
    [TS_MATRIX_BT2020] = {0.2627, 0.0593},
  };
  gdouble kr = luma[matrix][0], kb = luma[matrix][1], kg = 1 - kr - kb;
  gdouble y_gain = full_range ? 1 : 255. / 219;
  gdouble c_gain = full_range ? 1 : 255. / 224;
  gdouble r = 2 * (1 - kr) * c_gain, b = 2 * (1 - kb) * c_gain;

  self->y_black = full_range ? 0 : 16;
  self->luma_gain = lrint (ldexp (y_gain, LUMA_BITS));
  self->y_gain = coefficient (y_gain, TS_YUV_LUMA_SHIFT);
  self->cr_to_r = coefficient (r, TS_YUV_CHROMA_SHIFT);
  self->cb_to_b = coefficient (b, TS_YUV_CHROMA_SHIFT);
  self->cr_to_g = coefficient (-r * kr / kg, TS_YUV_CHROMA_SHIFT);
  self->cb_to_g = coefficient (-b * kb / kg, TS_YUV_CHROMA_SHIFT);
}

TS_CLONES void
ts_chroma_spread (const guint8 * restrict chroma, gint step, gint width,
    guint8 * restrict out)
{
  gint i, pairs = width / 2;

  /* Two loops, so that each has a constant step. */
  if (step == 1)
    for (i = 0; i < pairs; i++)
      out[2 * i] = out[2 * i + 1] = chroma[i];
  else
    for (i = 0; i < pairs; i++)
      out[2 * i] = out[2 * i + 1] = chroma[2 * i];
  if (width % 2)
    out[width - 1] = chroma[pairs * step];
}

TS_CLONED_INLINE gint16
multiply_high (gint16 a, gint16 b)
{
  return (a * b) >> 16;
}

/* To the nearest level. */
TS_CLONED_INLINE guint8
to_level (gint16 sum)
{
  gint16 level = (gint16) (sum + TS_YUV_ROUNDING) >> TS_YUV_FRACTION_BITS;

  return CLAMP (level, 0, 255);
}

TS_CLONES void
ts_yuv_to_rgbx (const TsYuv * self, const guint8 * restrict y,
    const guint8 * restrict cb, const guint8 * restrict cr, gint width,
    guint32 * restrict out)
{
  const TsYuv k = *self;
  gint i;

  for (i = 0; i < width; i++) {
    gint16 luma =
        multiply_high ((y[i] - k.y_black) * (1 << TS_YUV_LUMA_SHIFT), k.y_gain);
    gint16 u = (cb[i] - 128) * (1 << TS_YUV_CHROMA_SHIFT);
    gint16 v = (cr[i] - 128) * (1 << TS_YUV_CHROMA_SHIFT);
    guint32 r = to_level (luma + multiply_high (v, k.cr_to_r));
    guint32 g = to_level (luma + multiply_high (u, k.cb_to_g)
        + multiply_high (v, k.cr_to_g));
    guint32 b = to_level (luma + multiply_high (u, k.cb_to_b));

    out[i] = GUINT32_TO_LE (r | g << 8 | b << 16);
  }
}

TS_CLONES void
ts_yuv_to_luma (const TsYuv * self, const guint8 * restrict y, gint width,
    guint8 * restrict out)
{
  gint32 black = self->y_black, gain = self->luma_gain;
  gint i;

  for (i = 0; i < width; i++) {
    gint32 level = ((y[i] - black) * gain + (1 << (LUMA_BITS - 1)))
        >> LUMA_BITS;

    out[i] = CLAMP (level, 0, 255);
  }
}

TS_CLONED_INLINE void
rgb_to_luma (const guint8 * restrict pixels, gint pixel_size, gint red,
    gint blue, gint width, guint8 * restrict out)
{
  gint i;

  for (i = 0; i < width; i++) {
    const guint8 *p = pixels + (gsize) i * pixel_size;

    out[i] = (p[red] * 9798 + p[1] * 19235 + p[blue] * 3735 + (1 << 14)) >> 15;
  }
}

TS_CLONES void
ts_rgb_to_luma (const guint8 * pixels, gint pixel_size, gint red, gint blue,
    gint width, guint8 * out)
{
  /* A constant pixel size lets the compiler vectorise. */
  if (pixel_size == 3)
    rgb_to_luma (pixels, 3, red, blue, width, out);
  else
    rgb_to_luma (pixels, 4, red, blue, width, out);
}
