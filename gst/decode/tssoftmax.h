/* tssoftmax.h - logits to probabilities
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The sum of exp (x - max) over @n finite @logits, and that maximum. */
gdouble ts_softmax_sum (const gfloat * logits, gint64 n, gfloat * max);

/* The softmax value of one of them. */
gfloat ts_softmax (const gfloat * logits, gint64 n, gint64 index);

G_END_DECLS
