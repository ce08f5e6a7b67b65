/* tsrow.c - the two passes of the resampling, a row at a time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit by bit OpenCV's INTER_LINEAR for 8 bits: its horizontal pass sums
 * pixel * weight, its vertical pass is ((b0 * (S0 >> 4)) >> 16) +
 * ((b1 * (S1 >> 4)) >> 16) + 2 >> 2.  The first >> 4 is done by the horizontal
 * pass here, so that the rows between the two fit in 16 bits.
 */
#include "tsrow.h"

#include <string.h>

#include "tsclones.h"

/* Pixels fetched before the arithmetic: fetching is scalar, the arithmetic is
 * not, and apart they run at the speed of each. */
#define BLOCK 256

/* Both neighbours of each destination pixel, first byte lowest. */
static inline void
fetch_pairs (const guint8 * line, const gint32 * first, gint n, guint64 * pair)
{
  gint i;

  for (i = 0; i < n; i++) {
    guint64 bytes;

    memcpy (&bytes, line + first[i], sizeof bytes);
    pair[i] = GUINT64_FROM_LE (bytes);
  }
}

static inline void
mix_pairs (const guint64 * restrict pair, gint pixel_bits,
    const gint32 * restrict weight0, const gint32 * restrict weight1, gint n,
    gint16 * restrict out0, gint16 * restrict out1, gint16 * restrict out2)
{
  gint i;

  for (i = 0; i < n; i++) {
    guint32 a = (guint32) pair[i];
    guint32 b = (guint32) (pair[i] >> pixel_bits);
    gint32 w0 = weight0[i], w1 = weight1[i];

    out0[i] = ((gint) (a & 255) * w0 + (gint) (b & 255) * w1) >> 4;
    out1[i] = ((gint) (a >> 8 & 255) * w0 + (gint) (b >> 8 & 255) * w1) >> 4;
    out2[i] = ((gint) (a >> 16 & 255) * w0 + (gint) (b >> 16 & 255) * w1) >> 4;
  }
}

static inline void
resample_pixels (const guint8 * line, gint pixel_bits, const TsAxis * axis,
    gint16 * const out[3])
{
  guint64 pair[BLOCK];
  gint i;

  for (i = 0; i < axis->length; i += BLOCK) {
    gint n = MIN (BLOCK, axis->length - i);

    fetch_pairs (line, axis->first + i, n, pair);
    mix_pairs (pair, pixel_bits, axis->weight0 + i, axis->weight1 + i, n,
        out[0] + i, out[1] + i, out[2] + i);
  }
}

TS_CLONES static void
resample_3_bytes (const guint8 * line, const TsAxis * axis,
    gint16 * const out[3])
{
  resample_pixels (line, 24, axis, out);
}

TS_CLONES static void
resample_4_bytes (const guint8 * line, const TsAxis * axis,
    gint16 * const out[3])
{
  resample_pixels (line, 32, axis, out);
}

TS_CLONES static void
resample_1_byte (const guint8 * restrict line, const TsAxis * axis,
    gint16 * restrict out)
{
  guint16 pair[BLOCK];
  gint i, j;

  for (i = 0; i < axis->length; i += BLOCK) {
    gint n = MIN (BLOCK, axis->length - i);
    const gint32 *first = axis->first + i;
    const gint32 *weight0 = axis->weight0 + i, *weight1 = axis->weight1 + i;

    for (j = 0; j < n; j++) {
      guint16 bytes;

      memcpy (&bytes, line + first[j], sizeof bytes);
      pair[j] = GUINT16_FROM_LE (bytes);
    }
    for (j = 0; j < n; j++)
      out[i + j] = ((pair[j] & 255) * weight0[j]
          + (pair[j] >> 8) * weight1[j]) >> 4;
  }
}

void
ts_row_resample (const guint8 * line, gint pixel_size, const TsAxis * axis,
    gint16 * const out[3])
{
  if (pixel_size == 1)
    resample_1_byte (line, axis, out[0]);
  else if (pixel_size == 3)
    resample_3_bytes (line, axis, out);
  else
    resample_4_bytes (line, axis, out);
}

static inline gint
blend (gint16 s0, gint16 s1, gint16 weight0, gint16 weight1)
{
  gint16 high0 = (s0 * weight0) >> 16, high1 = (s1 * weight1) >> 16;

  return (gint16) (high0 + high1 + 2) >> 2;
}

TS_CLONES void
ts_row_blend (const TsRowPair * pair, gint length, gfloat scale,
    gfloat offset, gfloat * restrict out)
{
  const gint16 *restrict s0 = pair->row[0], *restrict s1 = pair->row[1];
  gint16 weight0 = pair->weight[0], weight1 = pair->weight[1];
  gint i;

  for (i = 0; i < length; i++)
    out[i] = blend (s0[i], s1[i], weight0, weight1) * scale + offset;
}

TS_CLONES void
ts_row_blend_interleaved (const TsRowPair pair[3], gint length,
    const gfloat scale[3], const gfloat offset[3], gfloat * restrict out)
{
  gint16 weight0 = pair[0].weight[0], weight1 = pair[0].weight[1];
  const gint16 *restrict a0 = pair[0].row[0], *restrict a1 = pair[0].row[1];
  const gint16 *restrict b0 = pair[1].row[0], *restrict b1 = pair[1].row[1];
  const gint16 *restrict c0 = pair[2].row[0], *restrict c1 = pair[2].row[1];
  gfloat scale_a = scale[0], scale_b = scale[1], scale_c = scale[2];
  gfloat offset_a = offset[0], offset_b = offset[1], offset_c = offset[2];
  gint i;

  for (i = 0; i < length; i++) {
    out[3 * i] = blend (a0[i], a1[i], weight0, weight1) * scale_a + offset_a;
    out[3 * i + 1] = blend (b0[i], b1[i], weight0, weight1) * scale_b
        + offset_b;
    out[3 * i + 2] = blend (c0[i], c1[i], weight0, weight1) * scale_c
        + offset_c;
  }
}
