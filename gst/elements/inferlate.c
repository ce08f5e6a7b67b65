/* inferlate.c - which frames a model looks at when it cannot look at all
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inferlate.h"

void
ts_infer_late_init (TsInferLate * self)
{
  g_mutex_init (&self->lock);
  ts_infer_late_reset (self);
}

void
ts_infer_late_clear (TsInferLate * self)
{
  g_mutex_clear (&self->lock);
}

void
ts_infer_late_reset (TsInferLate * self)
{
  g_mutex_lock (&self->lock);
  self->earliest = GST_CLOCK_TIME_NONE;
  self->next = GST_CLOCK_TIME_NONE;
  self->n_frames = 0;
  g_mutex_unlock (&self->lock);
}

/* A frame that was late is the sign that the next ones will be: twice the lateness
 * makes room to catch up, as GStreamer's decoders do. */
void
ts_infer_late_update (TsInferLate * self, GstClockTime timestamp,
    GstClockTimeDiff diff)
{
  GstClockTime earliest = GST_CLOCK_TIME_NONE;

  if (GST_CLOCK_TIME_IS_VALID (timestamp) && diff > 0)
    earliest = timestamp + 2 * diff;
  else if (GST_CLOCK_TIME_IS_VALID (timestamp)
      && (GstClockTimeDiff) timestamp + diff > 0)
    earliest = timestamp + diff;
  g_mutex_lock (&self->lock);
  self->earliest = earliest;
  g_mutex_unlock (&self->lock);
}

static gboolean
is_late (const TsInferLate * self, GstClockTime time)
{
  return GST_CLOCK_TIME_IS_VALID (self->earliest)
      && GST_CLOCK_TIME_IS_VALID (time) && time < self->earliest;
}

/* A step behind in time starts anew, as a segment may go back. */
static gboolean
is_too_soon (TsInferLate * self, gfloat max_rate, GstClockTime time)
{
  GstClockTime step;

  if (max_rate <= 0 || !GST_CLOCK_TIME_IS_VALID (time))
    return FALSE;
  step = (GstClockTime) (GST_SECOND / max_rate);
  if (GST_CLOCK_TIME_IS_VALID (self->next) && time < self->next
      && self->next - time <= step)
    return TRUE;
  /* On the grid where it can be, so that the mean rate is the one asked for. */
  if (GST_CLOCK_TIME_IS_VALID (self->next) && time >= self->next
      && time - self->next < step)
    self->next += step;
  else
    self->next = time + step;
  return FALSE;
}

TsItemFate
ts_infer_late_decide (TsInferLate * self, const TsInferSettings * settings,
    GstClockTime running_time)
{
  gboolean late, left_out;

  g_mutex_lock (&self->lock);
  late = settings->on_late != TS_ON_LATE_PROCESS
      && is_late (self, running_time);
  left_out = self->n_frames++ % settings->inference_interval != 0;
  if (!late && !left_out)
    left_out = is_too_soon (self, settings->max_rate, running_time);
  g_mutex_unlock (&self->lock);
  if (!late && !left_out)
    return TS_ITEM_ANSWERS;
  return settings->on_late == TS_ON_LATE_REUSE ? TS_ITEM_REUSES : TS_ITEM_SKIPS;
}
