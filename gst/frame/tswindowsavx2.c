/* tswindowsavx2.c - the way of a row in planes of bytes by AVX2
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AVX2 permutes bytes within 128 bits only, so that everything here has two halves
 * that do not meet.
 */
#include "tswindows.h"

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__ ((target ("avx2")))
#define AVX2_INLINE AVX2 static inline __attribute__ ((always_inline))

/* How far ahead the source is asked for: the hardware's own prefetching stumbles at
 * each page.  An address behind the image does no harm. */
#define PREFETCH_AHEAD 8192

/* Of a cache line. */
#define LINE_FLOATS 16

AVX2_INLINE __m256i
load (gconstpointer at)
{
  return _mm256_loadu_si256 (at);
}

AVX2_INLINE __m256i
load_halves (const guint8 * low, const guint8 * high)
{
  return _mm256_inserti128_si256 (_mm256_castsi128_si256 (_mm_loadu_si128 (
              (gconstpointer) low)), _mm_loadu_si128 ((gconstpointer) high), 1);
}

AVX2_INLINE void
store (gpointer at, __m256i value)
{
  _mm256_storeu_si256 (at, value);
}

AVX2_INLINE void
prefetch (const guint8 * at, gint size)
{
  gint i;

  for (i = 0; i < size; i += 64)
    _mm_prefetch ((gconstpointer) ((guintptr) at + PREFETCH_AHEAD + i),
        _MM_HINT_T0);
}

AVX2_INLINE __m256i
repeat (__m128i half)
{
  return _mm256_broadcastsi128_si256 (half);
}

/* Of 48 bytes of pixels in each half, those of a channel are in one place of three,
 * another one in each 16 bytes: three blends put them together, out of order. */
AVX2_INLINE void
split_3_bytes (const guint8 * row, gint n, guint8 * const out[3])
{
  const __m256i third = repeat (_mm_setr_epi8 (0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1,
          2, 0, 1, 2, 0));
  const __m256i order = repeat (_mm_setr_epi8 (0, 3, 6, 9, 12, 15, 18, 21, 24,
          27, 30, 33, 36, 39, 42, 45));
  guint8 *const to[3] = { out[0], out[1], out[2] };
  gint i, c;

  for (i = 0; i < n; i += TS_WINDOW_GROUP) {
    const guint8 *at = row + 3 * (gsize) i;
    __m256i a = load_halves (at, at + 48), b = load_halves (at + 16, at + 64),
        d = load_halves (at + 32, at + 80);

    prefetch (at, 96);
    for (c = 0; c < 3; c++) {
      __m256i in_b = _mm256_cmpeq_epi8 (third, _mm256_set1_epi8 ((c + 2) % 3));
      __m256i in_d = _mm256_cmpeq_epi8 (third, _mm256_set1_epi8 ((c + 1) % 3));
      __m256i bytes = _mm256_blendv_epi8 (_mm256_blendv_epi8 (a, b, in_b), d,
          in_d);
      __m256i index = _mm256_and_si256 (_mm256_add_epi8 (order,
              _mm256_set1_epi8 (c)), _mm256_set1_epi8 (15));

      store (to[c] + i, _mm256_shuffle_epi8 (bytes, index));
    }
  }
}

/* A transposition of 4x4 groups of four bytes in each half. */
AVX2_INLINE void
split_4_bytes (const guint8 * row, gint start, gint n, guint8 * const out[3])
{
  const __m256i index = _mm256_add_epi8 (_mm256_set1_epi8 (start),
      repeat (_mm_setr_epi8 (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11,
              15)));
  guint8 *const to[3] = { out[0], out[1], out[2] };
  gint i, j;

  for (i = 0; i < n; i += TS_WINDOW_GROUP) {
    const guint8 *at = row + 4 * (gsize) i;
    __m256i v[4], low[2], high[2];

    prefetch (at, 128);
    for (j = 0; j < 4; j++)
      v[j] = _mm256_shuffle_epi8 (load_halves (at + 16 * j, at + 64 + 16 * j),
          index);
    for (j = 0; j < 2; j++) {
      low[j] = _mm256_unpacklo_epi32 (v[2 * j], v[2 * j + 1]);
      high[j] = _mm256_unpackhi_epi32 (v[2 * j], v[2 * j + 1]);
    }
    store (to[0] + i, _mm256_unpacklo_epi64 (low[0], low[1]));
    store (to[1] + i, _mm256_unpackhi_epi64 (low[0], low[1]));
    store (to[2] + i, _mm256_unpacklo_epi64 (high[0], high[1]));
  }
}

AVX2_INLINE void
split_groups (const guint8 * row, gint size, gint start, gint n,
    guint8 * const out[3])
{
  if (size == 3)
    split_3_bytes (row, n, out);
  else
    split_4_bytes (row, start, n, out);
}

/* What a row has beyond whole groups is copied first: nothing is read behind it. */
AVX2 static void
split (const guint8 * row, gint size, gint start, gint width,
    guint8 * const out[3])
{
  guint8 rest[4 * TS_WINDOW_GROUP] = { 0 };
  gint n = width / TS_WINDOW_GROUP * TS_WINDOW_GROUP;
  guint8 *const behind[3] = { out[0] + n, out[1] + n, out[2] + n };

  split_groups (row, size, start, n, out);
  if (n == width)
    return;
  memcpy (rest, row + (gsize) n * size, (gsize) (width - n) * size);
  split_groups (rest, size, start, TS_WINDOW_GROUP, behind);
}

/* Chroma in the upper bytes of words, less 128 of them. */
AVX2_INLINE void
load_chroma (const guint8 * cb, const guint8 * cr, __m256i * u, __m256i * v)
{
  const __m256i middle = _mm256_set1_epi16 (G_MININT16);

  if (cr == NULL) {
    __m256i both = load (cb);

    *u = _mm256_slli_epi16 (both, 8);
    *v = _mm256_and_si256 (both, _mm256_set1_epi16 ((gint16) 0xff00));
  } else {
    *u = _mm256_slli_epi16 (_mm256_cvtepu8_epi16 (_mm_loadu_si128 (
                (gconstpointer) cb)), 8);
    *v = _mm256_slli_epi16 (_mm256_cvtepu8_epi16 (_mm_loadu_si128 (
                (gconstpointer) cr)), 8);
  }
  *u = _mm256_xor_si256 (*u, middle);
  *v = _mm256_xor_si256 (*v, middle);
}

AVX2_INLINE __m256i
scale (__m256i words, gint16 gain)
{
  return _mm256_mulhi_epi16 (words, _mm256_set1_epi16 (gain));
}

/* All that to_level() of tscolor.c adds but the luma. */
AVX2_INLINE void
convert_chroma_groups (const TsYuv * yuv, const guint8 * cb, const guint8 * cr,
    gint n, gint at, gint16 * const term[3])
{
  const TsYuv k = *yuv;
  const __m256i rounding = _mm256_set1_epi16 (TS_YUV_ROUNDING);
  gint i;

  for (i = 0; i < n; i += TS_WINDOW_GROUP / 2) {
    __m256i u, v;

    if (cr == NULL)
      load_chroma (cb + 2 * i, NULL, &u, &v);
    else
      load_chroma (cb + i, cr + i, &u, &v);
    store (term[0] + at + i, _mm256_add_epi16 (rounding, scale (v, k.cr_to_r)));
    store (term[1] + at + i, _mm256_add_epi16 (rounding,
            _mm256_add_epi16 (scale (u, k.cb_to_g), scale (v, k.cr_to_g))));
    store (term[2] + at + i, _mm256_add_epi16 (rounding, scale (u, k.cb_to_b)));
  }
}

AVX2 static void
convert_chroma (const TsYuv * yuv, const guint8 * cb, const guint8 * cr,
    gint width, gint16 * const term[3])
{
  const gint group = TS_WINDOW_GROUP / 2, size = cr == NULL ? 2 : 1;
  guint8 rest[2][TS_WINDOW_GROUP] = { {0}, {0} };
  gint n = width / group * group;

  if (cr == NULL)
    convert_chroma_groups (yuv, cb, NULL, n, 0, term);
  else
    convert_chroma_groups (yuv, cb, cr, n, 0, term);
  if (n == width)
    return;
  memcpy (rest[0], cb + size * n, size * (width - n));
  if (cr)
    memcpy (rest[1], cr + n, width - n);
  convert_chroma_groups (yuv, rest[0], cr ? rest[1] : NULL, group, n, term);
}

/* Y' less black, times 128 and negated, as one sum of products, and then the gain
 * negated: the product is that of tscolor.c. */
AVX2_INLINE __m256i
scale_luma (const TsYuv * yuv, __m256i pairs)
{
  const __m256i weights = _mm256_set1_epi16 ((gint16) (yuv->y_black * 4 << 8
          | 128));

  return scale (_mm256_maddubs_epi16 (pairs, weights), -yuv->y_gain);
}

/* Saturation does the clipping. */
AVX2_INLINE __m256i
to_levels (__m256i luma_low, __m256i luma_high, __m256i term)
{
  __m256i low = _mm256_add_epi16 (luma_low, _mm256_unpacklo_epi16 (term, term));
  __m256i high = _mm256_add_epi16 (luma_high, _mm256_unpackhi_epi16 (term,
          term));

  return _mm256_packus_epi16 (_mm256_srai_epi16 (low, TS_YUV_FRACTION_BITS),
      _mm256_srai_epi16 (high, TS_YUV_FRACTION_BITS));
}

AVX2_INLINE void
convert_groups (const TsYuv * yuv, const guint8 * y, gint n, gint at,
    gint16 * const term[3], guint8 * const out[3])
{
  const TsYuv k = *yuv;
  const __m256i beside = _mm256_set1_epi8 (32);
  const gint16 *from[3] = { term[0], term[1], term[2] };
  guint8 *const to[3] = { out[0], out[1], out[2] };
  gint i, c;

  for (i = 0; i < n; i += TS_WINDOW_GROUP) {
    __m256i luma = load (y + i);
    __m256i low = scale_luma (&k, _mm256_unpacklo_epi8 (luma, beside));
    __m256i high = scale_luma (&k, _mm256_unpackhi_epi8 (luma, beside));

    prefetch (y + i, 32);
    for (c = 0; c < 3; c++)
      store (to[c] + at + i, to_levels (low, high,
              load (from[c] + (at + i) / 2)));
  }
}

AVX2 static void
convert (const TsYuv * yuv, const guint8 * y, gint16 * const term[3],
    gint width, guint8 * const out[3])
{
  guint8 rest[TS_WINDOW_GROUP] = { 0 };
  gint n = width / TS_WINDOW_GROUP * TS_WINDOW_GROUP;

  convert_groups (yuv, y, n, 0, term, out);
  if (n == width)
    return;
  memcpy (rest, y + n, width - n);
  convert_groups (yuv, rest, TS_WINDOW_GROUP, n, term, out);
}

/* (a * weight0 + b * weight1) >> 4 in 16 bits; every sum fits. */
AVX2_INLINE __m256i
mix (__m256i bytes, __m256i coarse, __m256i fine)
{
  return _mm256_add_epi16 (_mm256_maddubs_epi16 (bytes, coarse),
      _mm256_srli_epi16 (_mm256_maddubs_epi16 (bytes, fine), 4));
}

/* What a window with less than TS_WINDOW_SAMPLES writes too much, the next one
 * writes over. */
AVX2_INLINE void
store_windows (gint16 * out, __m256i words, gint n_samples)
{
  if (n_samples == TS_WINDOW_SAMPLES) {
    store (out, words);
    return;
  }
  _mm_storeu_si128 ((gpointer) out, _mm256_castsi256_si128 (words));
  _mm_storeu_si128 ((gpointer) (out + n_samples),
      _mm256_extracti128_si256 (words, 1));
}

/* The compiler keeps what is copied here in registers. */
AVX2_INLINE void
resample_planes (const TsWindows * self, const guint8 * const plane[3],
    gint n_planes, gint n_samples, gint16 * const out[3])
{
  const guint8 *in[3] = { plane[0], plane[1], plane[2] };
  gint16 *to[3] = { out[0], out[1], out[2] };
  const TsWindowPair *pair = self->pairs;
  gsize end = (gsize) self->n_pairs * 2 * n_samples, i;
  gint c;

  for (i = 0; i < end; i += 2 * n_samples, pair++) {
    const gssize low = pair->start[0], high = pair->start[1];
    const __m256i index = load (pair->index);
    const __m256i coarse = load (pair->coarse), fine = load (pair->fine);

    for (c = 0; c < n_planes; c++) {
      __m256i bytes = _mm256_shuffle_epi8 (load_halves (in[c] + low,
              in[c] + high), index);

      store_windows (to[c] + i, mix (bytes, coarse, fine), n_samples);
    }
  }
}

/* Constant numbers unroll the loops. */
AVX2 static void
resample (const TsWindows * self, const guint8 * const plane[3],
    gint n_planes, gint16 * const out[3])
{
  if (n_planes == 3 && self->n_samples == TS_WINDOW_SAMPLES)
    resample_planes (self, plane, 3, TS_WINDOW_SAMPLES, out);
  else if (n_planes == 3)
    resample_planes (self, plane, 3, self->n_samples, out);
  else if (self->n_samples == TS_WINDOW_SAMPLES)
    resample_planes (self, plane, 1, TS_WINDOW_SAMPLES, out);
  else
    resample_planes (self, plane, 1, self->n_samples, out);
}

typedef struct
{
  __m256i weight0, weight1;
  __m256 scale, offset, pad;
} Blend;

/* Multiplication and addition round apart, as they do in C. */
AVX2_INLINE __m256
normalize (const Blend * k, __m128i words)
{
  __m256 value = _mm256_cvtepi32_ps (_mm256_cvtepi16_epi32 (words));

  return _mm256_add_ps (_mm256_mul_ps (value, k->scale), k->offset);
}

/* OpenCV's vertical pass of 16 samples. */
AVX2_INLINE void
blend (const Blend * k, const gint16 * row0, const gint16 * row1,
    __m256 value[2])
{
  __m256i sum = _mm256_add_epi16 (_mm256_mulhi_epi16 (k->weight0, load (row0)),
      _mm256_mulhi_epi16 (k->weight1, load (row1)));
  /* (sum + 2) >> 2 in one. */
  __m256i words = _mm256_mulhrs_epi16 (sum, _mm256_set1_epi16 (1 << 13));

  value[0] = normalize (k, _mm256_castsi256_si128 (words));
  value[1] = normalize (k, _mm256_extracti128_si256 (words, 1));
}

/* Keeps those of 8 floats from @i on that are samples. */
AVX2_INLINE __m256
pad (const Blend * k, const TsRowPlan * row, gint i, __m256 values)
{
  __m256i at = _mm256_add_epi32 (_mm256_set1_epi32 (i - row->left),
      _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7));
  __m256i within = _mm256_and_si256 (_mm256_cmpgt_epi32 (at,
          _mm256_set1_epi32 (-1)),
      _mm256_cmpgt_epi32 (_mm256_set1_epi32 (row->length), at));

  return _mm256_blendv_ps (k->pad, values, _mm256_castsi256_ps (within));
}

typedef struct
{
  const gint16 *row[2];         /* as long as the tensor's row */
  gfloat *out;
} Rows;

/* A cache line at a time: one that is written in part is read before. */
AVX2_INLINE void
stream (const Rows * rows, gint i, const __m256 value[2])
{
  _mm256_stream_ps (rows->out + i, value[0]);
  _mm256_stream_ps (rows->out + i + 8, value[1]);
}

/* Floats from @i to @end, some of them padding. */
AVX2_INLINE void
write_edge (const Blend * k, const TsRowPlan * row, const Rows * rows, gint i,
    gint end)
{
  for (; i < end; i += LINE_FLOATS) {
    __m256 value[2] = { k->pad, k->pad };

    if (i < row->left + row->length && i + LINE_FLOATS > row->left) {
      blend (k, rows->row[0] + i, rows->row[1] + i, value);
      value[0] = pad (k, row, i, value[0]);
      value[1] = pad (k, row, i + 8, value[1]);
    }
    stream (rows, i, value);
  }
}

AVX2 static void
write_row (const TsRowPair * pair, const TsRowPlan * row, gfloat * out)
{
  const Rows rows = {
    {pair->row[0] - row->left, pair->row[1] - row->left}, out
  };
  const Blend k = {
    _mm256_set1_epi16 (pair->weight[0]), _mm256_set1_epi16 (pair->weight[1]),
    _mm256_set1_ps (row->scale), _mm256_set1_ps (row->offset),
    _mm256_set1_ps (row->pad)
  };
  const gint right = (row->left + row->length) & -LINE_FLOATS;
  gint i = MIN ((row->left + LINE_FLOATS - 1) & -LINE_FLOATS, right);

  write_edge (&k, row, &rows, 0, i);
  for (; i < right; i += LINE_FLOATS) {
    __m256 value[2];

    blend (&k, rows.row[0] + i, rows.row[1] + i, value);
    stream (&rows, i, value);
  }
  write_edge (&k, row, &rows, right, row->width);
}

static void
finish (void)
{
  _mm_sfence ();
}

const TsWindowFuncs *
ts_window_funcs_get (void)
{
  static const TsWindowFuncs funcs = {
    split, convert_chroma, convert, resample, write_row, finish
  };

  return __builtin_cpu_supports ("avx2") ? &funcs : NULL;
}
