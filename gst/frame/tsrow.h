/* tsrow.h - the two passes of the resampling, a row at a time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsaxis.h"

G_BEGIN_DECLS

/* Bytes behind a row that the horizontal pass may read (and ignore). */
#define TS_ROW_SLACK 16

/* The horizontal pass: resamples @line, whose pixels have @pixel_size bytes (1,
 * 3 or 4), to @axis->length samples per channel.  @axis->first counts bytes.
 * @out gets the first byte of each pixel in out[0], the second in out[1] ...;
 * one channel for a pixel of one byte, else three.  Samples are pixels * 128. */
void ts_row_resample (const guint8 * line, gint pixel_size,
    const TsAxis * axis, gint16 * const out[3]);

/* The two rows of the vertical pass, and their weights. */
typedef struct
{
  const gint16 *row[2];
  gint weight[2];
} TsRowPair;

/* A row of one channel of the tensor. */
typedef struct
{
  gint width;                   /* floats */
  gint left, length;            /* the samples within, the rest is padding */
  gfloat scale, offset, pad;
} TsRowPlan;

/* The vertical pass and the normalisation: a channel of the tensor's row. */
void ts_row_blend (const TsRowPair * pair, gint length, gfloat scale,
    gfloat offset, gfloat * out);

/* The same for three channels that alternate in the tensor. */
void ts_row_blend_interleaved (const TsRowPair pair[3], gint length,
    const gfloat scale[3], const gfloat offset[3], gfloat * out);

G_END_DECLS
