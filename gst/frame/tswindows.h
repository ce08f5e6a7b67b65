/* tswindows.h - the way of a row in planes of bytes, for CPUs with AVX2
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line becomes one plane of bytes a channel.  Eight destination samples or fewer
 * come from a window of 16 bytes of a plane, and a table says which of its bytes
 * are whose neighbours.  The samples equal those of ts_row_resample() bit by bit.
 */
#pragma once

#include "tscolor.h"
#include "tsrow.h"

G_BEGIN_DECLS

/* Samples that a window may have; rows of samples have room for more. */
#define TS_WINDOW_SAMPLES 8
#define TS_WINDOW_BYTES 16

/* Pixels are converted in groups of this many: planes have room for multiples, and
 * for another group behind them. */
#define TS_WINDOW_GROUP 32

/* Two windows, one after the other.  Weights are 16 * coarse + fine. */
typedef struct
{
  guint8 index[2 * TS_WINDOW_BYTES] __attribute__ ((aligned (32)));
  gint8 coarse[2 * TS_WINDOW_BYTES], fine[2 * TS_WINDOW_BYTES];
  gint32 start[2];              /* bytes from the plane's */
} TsWindowPair;

typedef struct
{
  gint n_pairs;                 /* 0: there is no table */
  gint n_samples;               /* of each window */
  TsWindowPair *pairs;
} TsWindows;

/* Makes the table for @columns, in samples of a plane of @source.  There is none if
 * the scale is so small that a window would have few samples. */
void ts_windows_init (TsWindows * self, const TsAxis * columns, gint source);
void ts_windows_clear (TsWindows * self);

/* What the CPU's instructions do. */
typedef struct
{
  /* The bytes of packed pixels of @size (3 or 4) bytes, from the one at @start on. */
  void (*split) (const guint8 * row, gint size, gint start, gint width,
      guint8 * const out[3]);

  /* What @width samples of chroma add to R', G', B'; @cr is NULL if it alternates
   * with @cb. */
  void (*convert_chroma) (const TsYuv * yuv, const guint8 * cb,
      const guint8 * cr, gint width, gint16 * const term[3]);

  /* ts_yuv_to_rgbx() with a plane for each colour; each term is for two pixels. */
  void (*convert) (const TsYuv * yuv, const guint8 * y, gint16 * const term[3],
      gint width, guint8 * const out[3]);

  /* The horizontal pass of @n_planes (1 or 3).  Reads up to TS_WINDOW_BYTES behind
   * a plane's last sample, and writes as many behind the last of a row. */
  void (*resample) (const TsWindows * self, const guint8 * const plane[3],
      gint n_planes, gint16 * const out[3]);

  /* As ts_row_blend(), with the padding round it, past the caches: @out is aligned
   * to 64 bytes, the width a multiple of 16.  The rows have room for 16 samples more
   * on both sides.  finish() must follow. */
  void (*write_row) (const TsRowPair * pair, const TsRowPlan * row,
      gfloat * out);

  /* Makes what bypassed the caches visible before anything that follows. */
  void (*finish) (void);
} TsWindowFuncs;

/* NULL if this CPU cannot run them. */
const TsWindowFuncs *ts_window_funcs_get (void);

G_END_DECLS
