/* tshistogram.h - how long something takes, in a fixed amount of memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sixteen steps from one power of two to the next: a percentile is at most 1/16
 * too high.  Up to 2^40 ns, which is 18 minutes; what is longer counts as that. */
#define TS_HISTOGRAM_STEPS 16
#define TS_HISTOGRAM_BUCKETS (37 * TS_HISTOGRAM_STEPS)

/* All zero: empty. */
typedef struct
{
  guint64 n;
  gdouble sum_ns;
  gint64 max_ns;
  guint32 buckets[TS_HISTOGRAM_BUCKETS];
} TsHistogram;

void ts_histogram_add (TsHistogram * self, gint64 ns);

/* Both are 0 if it is empty.  @part is 0..1; of the bucket that it falls into, the
 * upper end, but no more than the longest time. */
gdouble ts_histogram_get_mean (const TsHistogram * self);
gint64 ts_histogram_get_percentile (const TsHistogram * self, gdouble part);

G_END_DECLS
