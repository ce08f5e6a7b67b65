/* tstaps.h - the horizontal pass as byte permutations, for CPUs that have them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sixteen destination samples at a time: the stretch of the line that they come
 * from is loaded once, and a table says which of its bytes are whose neighbours.
 * The samples equal those of ts_row_resample() bit by bit.
 */
#pragma once

#include "tscolor.h"
#include "tsrow.h"

G_BEGIN_DECLS

/* Destination samples a block. */
#define TS_TAPS_BLOCK 16

/* Rows of samples have room for multiples of this. */
#define TS_TAPS_ROW 32

/* Bytes of a line that a block can choose from, in pieces of one register. */
#define TS_TAPS_PIECE 64
#define TS_TAPS_MAX_PIECES 4

typedef struct
{
  /* Of both neighbours of each sample; the index twice.  Aligned, and so is the
   * next block. */
  guint8 index[4 * TS_TAPS_BLOCK] __attribute__ ((aligned (64)));
  gint16 weight[2 * TS_TAPS_BLOCK];
  guint64 mask[TS_TAPS_MAX_PIECES];     /* the bytes of each piece to load */
  gint32 start;                 /* of the first piece, bytes from the line's */
} TsTapBlock;

typedef struct
{
  gint n_blocks;                /* even; 0: there is no table */
  gint n_pieces;                /* 2 to TS_TAPS_MAX_PIECES, enough for each block */
  TsTapBlock *blocks;
} TsTaps;

/* Where the samples of a line are: that of pixel x at (x >> shift) * step, and
 * @size bytes are read there.  The weights are multiplied by @gain. */
typedef struct
{
  gint shift, step, size, gain;
} TsTapLayout;

/* Whether this CPU can run the functions below. */
gboolean ts_taps_are_supported (void);

/* Makes the table for @columns, in pixels of a line of @source pixels.  There is
 * none if the CPU lacks the instructions or the scale is so small that a block
 * spans more than all pieces. */
void ts_taps_init (TsTaps * self, const TsAxis * columns, gint source,
    const TsTapLayout * layout);
void ts_taps_clear (TsTaps * self);

/* As ts_row_resample(), without reading behind the last pixel; the gain is
 * TS_TAPS_PIXEL_GAIN. */
#define TS_TAPS_PIXEL_GAIN -16
void ts_taps_resample (const TsTaps * self, const guint8 * line,
    gint n_channels, gint16 * const out[3]);

/* What the chroma of both neighbours adds to R', G', B'. */
typedef struct
{
  gint16 term[3][2 * TS_TAPS_BLOCK] __attribute__ ((aligned (64)));
} TsTapChroma;

/* Fills a row of chroma for each block; @cr is NULL if it alternates with @cb.
 * @taps has two pieces. */
void ts_taps_convert_chroma (const TsTaps * taps, const TsYuv * yuv,
    const guint8 * cb, const guint8 * cr, TsTapChroma * out);

/* ts_yuv_to_rgbx() and ts_row_resample() in one, of the pixels that count only;
 * out[0] gets R.  @taps has two pieces and a gain of 1. */
void ts_taps_resample_yuv (const TsTaps * taps, const TsYuv * yuv,
    const guint8 * line, const TsTapChroma * chroma, gint16 * const out[3]);

/* As ts_row_blend(), with the padding round it.  The rows have room for
 * TS_TAPS_ROW samples more on both sides.  With @stream the row bypasses the
 * caches if it has whole lines of them; ts_taps_finish() must follow. */
void ts_taps_write_row (const TsRowPair * pair, const TsRowPlan * row,
    gboolean stream, gfloat * out);

/* Makes what bypassed the caches visible before anything that follows. */
void ts_taps_finish (void);

G_END_DECLS
