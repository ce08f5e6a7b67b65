/* tssoftmax.c - logits to probabilities
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tssoftmax.h"

#include <math.h>

/* Less the maximum no exponential overflows. */
gdouble
ts_softmax_sum (const gfloat * logits, gint64 n, gfloat * max)
{
  gdouble sum = 0.;

  *max = -INFINITY;
  for (gint64 i = 0; i < n; i++)
    *max = MAX (*max, logits[i]);
  for (gint64 i = 0; i < n; i++)
    sum += exp ((gdouble) logits[i] - *max);
  return sum;
}

gfloat
ts_softmax (const gfloat * logits, gint64 n, gint64 index)
{
  gfloat max;
  gdouble sum = ts_softmax_sum (logits, n, &max);

  return (gfloat) (exp ((gdouble) logits[index] - max) / sum);
}
