/* inferlatency.c - how long torchscriptinfer holds a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inferlatency.h"

/* Times vary; a pipeline should not be told of each of these changes. */
#define MARGIN_PERCENT 125
#define SMALL (5 * GST_MSECOND)

void
ts_infer_latency_init (TsInferLatency * self)
{
  g_mutex_init (&self->lock);
  ts_infer_latency_reset (self, 0);
}

void
ts_infer_latency_clear (TsInferLatency * self)
{
  g_mutex_clear (&self->lock);
}

void
ts_infer_latency_reset (TsInferLatency * self, GstClockTime estimate)
{
  g_mutex_lock (&self->lock);
  self->told = estimate;
  self->longest = 0;
  self->n = 0;
  g_mutex_unlock (&self->lock);
}

static GstClockTime
with_margin (GstClockTime time)
{
  return time * MARGIN_PERCENT / 100;
}

/* The lock must be held. */
static gboolean
is_worth_telling (TsInferLatency * self)
{
  gboolean window_ends = ++self->n >= TS_LATENCY_WINDOW;
  GstClockTime now = with_margin (self->longest);
  gboolean fell = window_ends && now < self->told / 2
      && self->told - now > SMALL;

  if (self->longest > self->told + SMALL || fell)
    self->told = now;
  else
    now = GST_CLOCK_TIME_NONE;
  if (window_ends) {
    self->longest = 0;
    self->n = 0;
  }
  return GST_CLOCK_TIME_IS_VALID (now);
}

gboolean
ts_infer_latency_add (TsInferLatency * self, GstClockTime time)
{
  gboolean tell;

  g_mutex_lock (&self->lock);
  self->longest = MAX (self->longest, time);
  tell = is_worth_telling (self);
  g_mutex_unlock (&self->lock);
  return tell;
}

GstClockTime
ts_infer_latency_get (TsInferLatency * self)
{
  GstClockTime told;

  g_mutex_lock (&self->lock);
  told = self->told;
  g_mutex_unlock (&self->lock);
  return told;
}
