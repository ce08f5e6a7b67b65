/* tsrowtest.c - compares rows that stand in the order of their scores
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsrowtest.h"

#define ROW 6
#define SCORE 4

static gboolean
is_near (const gfloat * a, const gfloat * b, TsRowTestNear near)
{
  for (gint i = 0; i < ROW; i++)
    if (!near (a[i], b[i]))
      return FALSE;
  return TRUE;
}

static gfloat
find_lowest (const gfloat * rows, gsize n_rows)
{
  gfloat lowest = G_MAXFLOAT;

  for (gsize i = 0; i < n_rows; i++)
    lowest = MIN (lowest, rows[i * ROW + SCORE]);
  return lowest;
}

/* Whether each of @rows is among @others, or may be missing there. */
static gboolean
are_among (const gfloat * rows, const gfloat * others, gsize n_rows,
    TsRowTestNear near)
{
  const gdouble cut = (1. + TS_ROW_TEST_CUT) * find_lowest (others, n_rows);

  for (gsize i = 0; i < n_rows; i++) {
    const gfloat *row = rows + i * ROW;
    gsize k = 0;

    while (k < n_rows && !is_near (row, others + k * ROW, near))
      k++;
    /* A score that is NaN is not below the cut. */
    if (k == n_rows && !(row[SCORE] <= cut))
      return FALSE;
  }
  return TRUE;
}

gboolean
ts_row_test_agrees (const TsOutput * found, const gfloat * expected,
    TsRowTestNear near)
{
  const gsize n_rows = found->n_dims == 3 ? found->shape[1] : 0;

  if (found->n_dims != 3 || found->shape[2] != ROW)
    return FALSE;
  for (gint64 b = 0; b < found->shape[0]; b++) {
    const gsize start = b * n_rows * ROW;

    if (!are_among (found->data + start, expected + start, n_rows, near)
        || !are_among (expected + start, found->data + start, n_rows, near))
      return FALSE;
  }
  return TRUE;
}
