/* tstapsvbmi.c - the horizontal pass by AVX-512's permutations of bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstaps.h"

#include <immintrin.h>

#define VBMI __attribute__ ((target \
        ("avx512f,avx512bw,avx512vl,avx512vbmi")))
#define VBMI_INLINE VBMI static inline __attribute__ ((always_inline))

/* A sample as the low or the high byte of a word. */
#define LOW_BYTES G_GUINT64_CONSTANT (0x5555555555555555)
#define HIGH_BYTES G_GUINT64_CONSTANT (0xaaaaaaaaaaaaaaaa)

/* How far ahead the line is asked for: the hardware's own prefetching stumbles
 * at each page.  An address behind the image does no harm. */
#define PREFETCH_AHEAD 12288

gboolean
ts_taps_are_supported (void)
{
  return __builtin_cpu_supports ("avx512f")
      && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512vl")
      && __builtin_cpu_supports ("avx512vbmi");
}

/* The stretch of a line that a block comes from. */
typedef struct
{
  __m512i piece[TS_TAPS_MAX_PIECES];
} Stretch;

VBMI_INLINE Stretch
load (const TsTapBlock * block, const guint8 * line, gint n_pieces)
{
  const guint8 *at = line + block->start;
  Stretch s;
  gint i;

  for (i = 0; i < n_pieces; i++) {
    s.piece[i] = _mm512_maskz_loadu_epi8 (block->mask[i],
        at + i * TS_TAPS_PIECE);
    _mm_prefetch ((gconstpointer) ((guintptr) at + i * TS_TAPS_PIECE
            + PREFETCH_AHEAD), _MM_HINT_T1);
  }
  return s;
}

/* Both neighbours of 16 samples as words. */
VBMI_INLINE __m512i
choose (const Stretch * s, __m512i index, guint64 bytes, gint n_pieces)
{
  __m512i low = _mm512_maskz_permutex2var_epi8 (bytes, s->piece[0], index,
      s->piece[1]);
  __mmask64 far;

  if (n_pieces == 2)
    return low;
  far = _mm512_movepi8_mask (index) & bytes;
  if (n_pieces == 3)
    return _mm512_mask_permutexvar_epi8 (low, far, index, s->piece[2]);
  return _mm512_mask_blend_epi8 (far, low,
      _mm512_permutex2var_epi8 (s->piece[2], index, s->piece[3]));
}

/* The upper or the lower halves of 32 sums, in order. */
VBMI_INLINE __m512i
join (__m512i sums0, __m512i sums1, gboolean upper)
{
  const __m512i ramp = _mm512_set_epi16 (62, 60, 58, 56, 54, 52, 50, 48, 46, 44,
      42, 40, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6,
      4, 2, 0);

  return _mm512_permutex2var_epi16 (sums0, _mm512_add_epi16 (ramp,
          _mm512_set1_epi16 (upper)), sums1);
}

/* The weighted sum of two bytes p, divided by 16.  With 127 - p in the upper
 * bytes of words and weights times -16 the sum of products is that of
 * (p - 127) * weight, times 4096: its upper half is the result but for an
 * offset, and everything fits in its signed type. */
VBMI_INLINE __m512i
flip (__m512i bytes)
{
  return _mm512_xor_si512 (bytes, _mm512_set1_epi8 (127));
}

VBMI_INLINE __m512i
unflip (__m512i words)
{
  return _mm512_add_epi16 (words, _mm512_set1_epi16 (127 * 2048 / 16));
}

VBMI_INLINE void
resample (const TsTaps * self, const guint8 * line, gint n_channels,
    gint n_pieces, gint16 * const out[3])
{
  gint i, j, c;

  for (i = 0; i < self->n_blocks; i += 2) {
    __m512i sums[2][3];

    for (j = 0; j < 2; j++) {
      const TsTapBlock *block = &self->blocks[i + j];
      Stretch s = load (block, line, n_pieces);
      __m512i index = _mm512_load_si512 (block->index);
      __m512i weights = _mm512_load_si512 (block->weight);

      for (c = 0; c < n_pieces; c++)
        s.piece[c] = flip (s.piece[c]);
      for (c = 0; c < n_channels; c++)
        sums[j][c] = _mm512_madd_epi16 (choose (&s, _mm512_add_epi8 (index,
                    _mm512_set1_epi8 (c)), HIGH_BYTES, n_pieces), weights);
    }
    for (c = 0; c < n_channels; c++)
      _mm512_storeu_si512 (out[c] + i * TS_TAPS_BLOCK,
          unflip (join (sums[0][c], sums[1][c], TRUE)));
  }
}

/* Constant numbers of channels and of pieces unroll the loops. */
VBMI void
ts_taps_resample (const TsTaps * self, const guint8 * line, gint n_channels,
    gint16 * const out[3])
{
  if (n_channels == 1 && self->n_pieces == 2)
    resample (self, line, 1, 2, out);
  else if (n_channels == 1)
    resample (self, line, 1, 4, out);
  else if (self->n_pieces == 2)
    resample (self, line, 3, 2, out);
  else if (self->n_pieces == 3)
    resample (self, line, 3, 3, out);
  else
    resample (self, line, 3, 4, out);
}

VBMI_INLINE __m512i
scale (__m512i words, gint16 gain)
{
  return _mm512_mulhi_epi16 (words, _mm512_set1_epi16 (gain));
}

/* A chroma sample in the upper byte, less 128 of them. */
VBMI_INLINE __m512i
center (__m512i words)
{
  return _mm512_xor_si512 (words, _mm512_set1_epi16 (G_MININT16));
}

/* Levels run from 0 to TOP.  Moved up by ABOVE_TOP they end where 16 bits do, and
 * saturating arithmetic clips them.  Half of that is in each of the two terms,
 * neither of which has room for all of it. */
#define TOP ((256 << TS_YUV_FRACTION_BITS) - 1)
#define ABOVE_TOP (G_MAXINT16 - TOP)

VBMI_INLINE void
store_term (__m512i words, gint16 * out)
{
  _mm512_store_si512 (out, _mm512_add_epi16 (words,
          _mm512_set1_epi16 (ABOVE_TOP / 2)));
}

VBMI_INLINE void
convert_chroma (const TsTaps * taps, const TsYuv * yuv, const guint8 * cb,
    const guint8 * cr, gboolean interleaved, TsTapChroma * out)
{
  const TsYuv k = *yuv;
  gint i;

  for (i = 0; i < taps->n_blocks; i++) {
    const TsTapBlock *block = &taps->blocks[i];
    Stretch s = load (block, cb, 2), t = interleaved ? s : load (block, cr, 2);
    __m512i index = _mm512_load_si512 (block->index);
    __m512i next = interleaved ? _mm512_add_epi8 (index, _mm512_set1_epi8 (1)) :
        index;
    __m512i u = center (choose (&s, index, HIGH_BYTES, 2));
    __m512i v = center (choose (&t, next, HIGH_BYTES, 2));

    store_term (scale (v, k.cr_to_r), out[i].term[0]);
    store_term (_mm512_add_epi16 (scale (u, k.cb_to_g), scale (v, k.cr_to_g)),
        out[i].term[1]);
    store_term (scale (u, k.cb_to_b), out[i].term[2]);
  }
}

VBMI void
ts_taps_convert_chroma (const TsTaps * taps, const TsYuv * yuv,
    const guint8 * cb, const guint8 * cr, TsTapChroma * out)
{
  if (cr == NULL)
    convert_chroma (taps, yuv, cb, cr, TRUE, out);
  else
    convert_chroma (taps, yuv, cb, cr, FALSE, out);
}

/* Y' with all that to_level() of tscolor.c adds. */
VBMI_INLINE __m512i
scale_luma (const TsYuv * yuv, __m512i y)
{
  __m512i black = _mm512_set1_epi16 (yuv->y_black << TS_YUV_LUMA_SHIFT);
  __m512i above = _mm512_sub_epi16 (_mm512_slli_epi16 (y, TS_YUV_LUMA_SHIFT),
      black);

  return _mm512_add_epi16 (scale (above, yuv->y_gain),
      _mm512_set1_epi16 (TS_YUV_ROUNDING + ABOVE_TOP / 2));
}

VBMI_INLINE __m512i
to_level (__m512i luma, const gint16 * chroma)
{
  __m512i sum = _mm512_adds_epi16 (luma, _mm512_load_si512 (chroma));

  return _mm512_srli_epi16 (_mm512_subs_epu16 (sum,
          _mm512_set1_epi16 (ABOVE_TOP)), TS_YUV_FRACTION_BITS);
}

VBMI void
ts_taps_resample_yuv (const TsTaps * taps, const TsYuv * yuv,
    const guint8 * line, const TsTapChroma * chroma, gint16 * const out[3])
{
  const TsYuv k = *yuv;
  gint i, j, c;

  for (i = 0; i < taps->n_blocks; i += 2) {
    __m512i sums[2][3];

    for (j = 0; j < 2; j++) {
      const TsTapBlock *block = &taps->blocks[i + j];
      Stretch s = load (block, line, 2);
      __m512i weights = _mm512_load_si512 (block->weight);
      __m512i luma = scale_luma (&k, choose (&s,
              _mm512_load_si512 (block->index), LOW_BYTES, 2));

      for (c = 0; c < 3; c++)
        sums[j][c] = _mm512_srai_epi32 (_mm512_madd_epi16 (to_level (luma,
                    chroma[i + j].term[c]), weights), 4);
    }
    for (c = 0; c < 3; c++)
      _mm512_storeu_si512 (out[c] + i * TS_TAPS_BLOCK,
          join (sums[0][c], sums[1][c], FALSE));
  }
}

/* Floats of the tensor from 32 samples of the vertical pass. */
typedef struct
{
  __m512 left, right;
} Floats;

typedef struct
{
  __m512i weight0, weight1;
  __m512 scale, offset;
} Blend;

/* Multiplication and addition round apart, as they do in C. */
VBMI_INLINE __m512
normalize (const Blend * k, __m256i words)
{
  __m512 value = _mm512_cvtepi32_ps (_mm512_cvtepi16_epi32 (words));

  return _mm512_add_ps (_mm512_mul_ps (value, k->scale), k->offset);
}

/* OpenCV's vertical pass. */
VBMI_INLINE Floats
blend (const Blend * k, const gint16 * row0, const gint16 * row1)
{
  __m512i sum = _mm512_add_epi16 (_mm512_mulhi_epi16 (_mm512_loadu_si512 (row0),
          k->weight0), _mm512_mulhi_epi16 (_mm512_loadu_si512 (row1),
          k->weight1));
  __m512i words = _mm512_srai_epi16 (_mm512_add_epi16 (sum,
          _mm512_set1_epi16 (2)), 2);
  Floats f = { normalize (k, _mm512_castsi512_si256 (words)),
    normalize (k, _mm512_extracti64x4_epi64 (words, 1))
  };

  return f;
}

VBMI_INLINE __m512
pad (__m512 values, __m512 padding, guint64 samples)
{
  return _mm512_mask_mov_ps (padding, (__mmask16) samples, values);
}

/* Which of 32 floats from @i on are samples. */
VBMI_INLINE guint32
find_samples (const TsRowPlan * row, gint i)
{
  gint64 from = CLAMP (row->left - i, 0, TS_TAPS_ROW);
  gint64 to = CLAMP (row->left + row->length - i, 0, TS_TAPS_ROW);

  return (G_GUINT64_CONSTANT (1) << to) - (G_GUINT64_CONSTANT (1) << from);
}

/* A line that is written in part is read before, so lines are completed. */
VBMI_INLINE void
write_row (const TsRowPair * pair, const TsRowPlan * row, gboolean stream,
    gfloat * out)
{
  const gint16 *row0 = pair->row[0] - row->left;
  const gint16 *row1 = pair->row[1] - row->left;
  const Blend k = {
    _mm512_set1_epi16 (pair->weight[0]), _mm512_set1_epi16 (pair->weight[1]),
    _mm512_set1_ps (row->scale), _mm512_set1_ps (row->offset)
  };
  const __m512 padding = _mm512_set1_ps (row->pad);
  gint i;

  for (i = 0; i < row->width; i += TS_TAPS_ROW) {
    guint32 samples = find_samples (row, i);
    Floats f = { padding, padding };

    if (samples != 0)
      f = blend (&k, row0 + i, row1 + i);
    if (samples != G_MAXUINT32) {
      f.left = pad (f.left, padding, samples);
      f.right = pad (f.right, padding, samples >> 16);
    }
    if (stream) {
      _mm512_stream_ps (out + i, f.left);
      _mm512_stream_ps (out + i + 16, f.right);
    } else if (i + TS_TAPS_ROW <= row->width) {
      _mm512_storeu_ps (out + i, f.left);
      _mm512_storeu_ps (out + i + 16, f.right);
    } else {
      guint32 rest = (1u << (row->width - i)) - 1;

      _mm512_mask_storeu_ps (out + i, (__mmask16) rest, f.left);
      _mm512_mask_storeu_ps (out + i + 16, (__mmask16) (rest >> 16), f.right);
    }
  }
}

VBMI void
ts_taps_write_row (const TsRowPair * pair, const TsRowPlan * row,
    gboolean stream, gfloat * out)
{
  if (stream && (guintptr) out % TS_TAPS_PIECE == 0
      && row->width % TS_TAPS_ROW == 0)
    write_row (pair, row, TRUE, out);
  else
    write_row (pair, row, FALSE, out);
}

void
ts_taps_finish (void)
{
  _mm_sfence ();
}
