/* tsrowtest.h - compares rows that stand in the order of their scores
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsdecoder.h"

G_BEGIN_DECLS

/* A row may be missing if its score is above the lowest of the others by at most this
 * share: another one took the last place. */
#define TS_ROW_TEST_CUT 0.1

/* Whether a number is so near to the expected one that they count as the same. */
typedef gboolean (*TsRowTestNear) (gfloat found, gfloat expected);

/* Whether @found, [B, N, 6] with x1, y1, x2, y2, score, class in a row, has the rows of
 * @expected, of the same shape, for each of B, in any order.  Where two scores are
 * nearly the same, a rounding decides which row comes first, or comes at all. */
gboolean ts_row_test_agrees (const TsOutput * found, const gfloat * expected,
    TsRowTestNear near);

G_END_DECLS
