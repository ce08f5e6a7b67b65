/* tswindows.c - tables of the horizontal pass by windows of 16 bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tswindows.h"

/* With fewer samples a window costs more than fetching the neighbours one by one. */
#define MIN_SAMPLES 4

#define MAX_COARSE 127

static gint
get_span (const TsAxis * columns, gint source, gint i, gint n_samples)
{
  gint last = MIN (i + n_samples, columns->length) - 1;

  return MIN (columns->first[last] + 1, source - 1) - columns->first[i] + 1;
}

static gboolean
fits (const TsAxis * columns, gint source, gint n_samples)
{
  gint i;

  for (i = 0; i < columns->length; i += n_samples)
    if (get_span (columns, source, i, n_samples) > TS_WINDOW_BYTES)
      return FALSE;
  return TRUE;
}

static void
set_neighbour (TsWindowPair * pair, gint at, gint index, gint weight)
{
  gint coarse = MIN (weight / 16, MAX_COARSE);

  pair->index[at] = index;
  pair->coarse[at] = coarse;
  pair->fine[at] = weight - 16 * coarse;
}

/* The window of @half that starts with sample @i. */
static void
init_window (TsWindowPair * pair, gint half, const TsAxis * columns,
    gint source, gint i, gint n_samples)
{
  gint start = columns->first[MIN (i, columns->length - 1)], j;

  pair->start[half] = start;
  for (j = 0; j < n_samples && i + j < columns->length; j++) {
    gint first = columns->first[i + j], at = half * TS_WINDOW_BYTES + 2 * j;

    set_neighbour (pair, at, first - start, columns->weight0[i + j]);
    set_neighbour (pair, at + 1, MIN (first + 1, source - 1) - start,
        columns->weight1[i + j]);
  }
}

void
ts_windows_init (TsWindows * self, const TsAxis * columns, gint source)
{
  gint n = TS_WINDOW_SAMPLES, i;

  ts_windows_clear (self);
  while (n >= MIN_SAMPLES && !fits (columns, source, n))
    n--;
  if (n < MIN_SAMPLES)
    return;
  self->n_samples = n;
  self->n_pairs = (columns->length + 2 * n - 1) / (2 * n);
  self->pairs = g_aligned_alloc0 (self->n_pairs, sizeof (TsWindowPair),
      G_ALIGNOF (TsWindowPair));
  for (i = 0; i < 2 * self->n_pairs; i++)
    init_window (&self->pairs[i / 2], i % 2, columns, source, i * n, n);
}

void
ts_windows_clear (TsWindows * self)
{
  g_clear_pointer (&self->pairs, g_aligned_free);
  self->n_pairs = 0;
}
