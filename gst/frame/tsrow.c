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

/* How far ahead of the fetching the source is asked for, bytes: the hardware's
 * own prefetching stumbles at each page. */
#define PREFETCH_AHEAD 2048
#define CACHE_LINE 64

/* An address behind the image does no harm: a prefetch cannot fault. */
TS_CLONED_INLINE void
prefetch (const guint8 * line, gint32 first, gint32 last)
{
  gint32 i;

  for (i = first; i < last; i += CACHE_LINE)
    __builtin_prefetch ((gpointer) ((guintptr) line + PREFETCH_AHEAD + i));
}

/* (a * weight0 + b * weight1) >> 4 in 16 bits: the weights' upper seven bits
 * and their lower four are multiplied apart. */
TS_CLONED_INLINE gint16
mix (guint16 a, guint16 b, guint16 weight0, guint16 weight1)
{
  guint16 fine = a * (weight0 & 15) + b * (weight1 & 15);

  return a * (weight0 >> 4) + b * (weight1 >> 4) + (fine >> 4);
}

/* Both neighbours of each destination pixel as 8 bytes. */
TS_CLONED_INLINE void
fetch_pairs (const guint8 * line, const gint32 * first, gint n,
    guint16 (*restrict pair)[4])
{
  gint i;

  for (i = 0; i < n; i++)
    memcpy (pair[i], line + first[i], 8);
}

TS_CLONED_INLINE guint16
low_byte (guint16 word)
{
  return GUINT16_FROM_LE (word) & 255;
}

TS_CLONED_INLINE guint16
high_byte (guint16 word)
{
  return GUINT16_FROM_LE (word) >> 8;
}

TS_CLONES static void
resample_3_bytes (const guint8 * line, const TsAxis * axis,
    gint16 * restrict out0, gint16 * restrict out1, gint16 * restrict out2)
{
  guint16 pair[BLOCK][4];
  gint i, j;

  for (i = 0; i < axis->length; i += BLOCK) {
    gint n = MIN (BLOCK, axis->length - i);
    const gint32 *first = axis->first + i;
    const gint16 *weight0 = axis->weight0 + i, *weight1 = axis->weight1 + i;

    prefetch (line, first[0], first[n - 1]);
    fetch_pairs (line, first, n, pair);
    for (j = 0; j < n; j++) {
      guint16 a = pair[j][0], b = pair[j][1], c = pair[j][2];
      guint16 w0 = weight0[j], w1 = weight1[j];

      out0[i + j] = mix (low_byte (a), high_byte (b), w0, w1);
      out1[i + j] = mix (high_byte (a), low_byte (c), w0, w1);
      out2[i + j] = mix (low_byte (b), high_byte (c), w0, w1);
    }
  }
}

TS_CLONES static void
resample_4_bytes (const guint8 * line, const TsAxis * axis,
    gint16 * restrict out0, gint16 * restrict out1, gint16 * restrict out2)
{
  guint16 pair[BLOCK][4];
  gint i, j;

  for (i = 0; i < axis->length; i += BLOCK) {
    gint n = MIN (BLOCK, axis->length - i);
    const gint32 *first = axis->first + i;
    const gint16 *weight0 = axis->weight0 + i, *weight1 = axis->weight1 + i;

    prefetch (line, first[0], first[n - 1]);
    fetch_pairs (line, first, n, pair);
    for (j = 0; j < n; j++) {
      guint16 a = pair[j][0], b = pair[j][1], c = pair[j][2], d = pair[j][3];
      guint16 w0 = weight0[j], w1 = weight1[j];

      out0[i + j] = mix (low_byte (a), low_byte (c), w0, w1);
      out1[i + j] = mix (high_byte (a), high_byte (c), w0, w1);
      out2[i + j] = mix (low_byte (b), low_byte (d), w0, w1);
    }
  }
}

TS_CLONES static void
resample_1_byte (const guint8 * line, const TsAxis * axis,
    gint16 * restrict out)
{
  guint16 pair[BLOCK];
  gint i, j;

  for (i = 0; i < axis->length; i += BLOCK) {
    gint n = MIN (BLOCK, axis->length - i);
    const gint32 *first = axis->first + i;
    const gint16 *weight0 = axis->weight0 + i, *weight1 = axis->weight1 + i;

    for (j = 0; j < n; j++)
      memcpy (pair + j, line + first[j], 2);
    for (j = 0; j < n; j++)
      out[i + j] = mix (low_byte (pair[j]), high_byte (pair[j]), weight0[j],
          weight1[j]);
  }
}

void
ts_row_resample (const guint8 * line, gint pixel_size, const TsAxis * axis,
    gint16 * const out[3])
{
  if (pixel_size == 1)
    resample_1_byte (line, axis, out[0]);
  else if (pixel_size == 3)
    resample_3_bytes (line, axis, out[0], out[1], out[2]);
  else
    resample_4_bytes (line, axis, out[0], out[1], out[2]);
}

TS_CLONED_INLINE gint
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
