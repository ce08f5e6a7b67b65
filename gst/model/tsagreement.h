/* tsagreement.h - whether two forms of a module say the same
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../decode/tsdecoder.h"

G_BEGIN_DECLS

/* Of a form with the same precision: so many of 100 numbers must be this close,
 * as |a - b| <= TOLERANCE + TOLERANCE * |b|.  The rest leaves room for rows that
 * are sorted by scores next to each other. */
#define TS_AGREEMENT_PERCENT 98
#define TS_AGREEMENT_TOLERANCE 1e-3

/* Of a form with a lower one: each box above the threshold has a partner of its
 * own with the same class, this overlap and a score this close.  One whose score
 * is this close to the threshold may come or go. */
#define TS_AGREEMENT_IOU 0.9
#define TS_AGREEMENT_SCORE 0.05

gboolean ts_agreement_numbers (const TsOutput * found,
    const TsOutput * expected);

/* Arrays of TsBox. */
gboolean ts_agreement_boxes (GArray * found, GArray * expected,
    gdouble threshold);

G_END_DECLS
