/* tstaps.c - tables of the horizontal pass by byte permutations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstaps.h"

static gint32
position (const TsTapLayout * layout, gint pixel)
{
  return (pixel >> layout->shift) * layout->step;
}

/* Bytes that a block of samples starting at @i spans. */
static gint
get_span (const TsAxis * columns, gint source, const TsTapLayout * layout,
    gint i)
{
  gint last = MIN (i + TS_TAPS_BLOCK, columns->length) - 1;
  gint behind = MIN (columns->first[last] + 1, source - 1);

  return position (layout, behind) + layout->size
      - position (layout, columns->first[i]);
}

static void
set_tap (TsTapBlock * block, gint tap, gint32 at, gint weight)
{
  block->index[2 * tap] = block->index[2 * tap + 1] = at - block->start;
  block->weight[tap] = (gint16) weight;
}

static void
init_block (TsTapBlock * block, const TsAxis * columns, gint source,
    const TsTapLayout * layout, gint i)
{
  gint n = MIN (TS_TAPS_BLOCK, columns->length - i);
  gint span = get_span (columns, source, layout, i), j;

  block->start = position (layout, columns->first[i]);
  for (j = 0; j < n; j++) {
    gint first = columns->first[i + j];

    set_tap (block, 2 * j, position (layout, first),
        columns->weight0[i + j] * layout->gain);
    set_tap (block, 2 * j + 1, position (layout, MIN (first + 1, source - 1)),
        columns->weight1[i + j] * layout->gain);
  }
  for (j = 0; j < TS_TAPS_MAX_PIECES; j++) {
    gint bytes = CLAMP (span - j * TS_TAPS_PIECE, 0, TS_TAPS_PIECE);

    block->mask[j] = bytes > 0 ? G_MAXUINT64 >> (64 - bytes) : 0;
  }
}

static gint
count_pieces (const TsAxis * columns, gint source, const TsTapLayout * layout)
{
  gint i, span = 0;

  for (i = 0; i < columns->length; i += TS_TAPS_BLOCK)
    span = MAX (span, get_span (columns, source, layout, i));
  return MAX (2, (span + TS_TAPS_PIECE - 1) / TS_TAPS_PIECE);
}

void
ts_taps_init (TsTaps * self, const TsAxis * columns, gint source,
    const TsTapLayout * layout)
{
  gint n_blocks = (columns->length + TS_TAPS_ROW - 1) / TS_TAPS_ROW * 2, i;

  ts_taps_clear (self);
  if (!ts_taps_are_supported ())
    return;
  self->n_pieces = count_pieces (columns, source, layout);
  if (self->n_pieces > TS_TAPS_MAX_PIECES)
    return;
  self->n_blocks = n_blocks;
  self->blocks = g_aligned_alloc0 (n_blocks, sizeof (TsTapBlock),
      TS_TAPS_PIECE);
  for (i = 0; i * TS_TAPS_BLOCK < columns->length; i++)
    init_block (&self->blocks[i], columns, source, layout, i * TS_TAPS_BLOCK);
}

void
ts_taps_clear (TsTaps * self)
{
  g_clear_pointer (&self->blocks, g_aligned_free);
  self->n_blocks = 0;
}
