/* tsstats.c - what happened to the frames of one stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsstats.h"

struct _TsStats
{
  GMutex lock;
  TsStatsNumbers numbers;       /* guarded by the lock */
};

TsStats *
ts_stats_new (void)
{
  TsStats *self = g_new0 (TsStats, 1);

  g_mutex_init (&self->lock);
  return self;
}

void
ts_stats_free (TsStats * self)
{
  if (!self)
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
ts_stats_count (TsStats * self, TsCount count)
{
  g_mutex_lock (&self->lock);
  self->numbers.counts[count]++;
  g_mutex_unlock (&self->lock);
}

void
ts_stats_add_latency (TsStats * self, gint64 ns)
{
  g_mutex_lock (&self->lock);
  ts_histogram_add (&self->numbers.latency, ns);
  g_mutex_unlock (&self->lock);
}

void
ts_stats_add_job (TsStats * self, const TsStageTimes * times, guint batch)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < TS_N_STAGES; i++)
    if (times->start_us[i] != 0)
      ts_histogram_add (&self->numbers.stages[i], times->ns[i]);
  self->numbers.batches[MIN (batch, TS_STATS_MAX_BATCH)]++;
  g_mutex_unlock (&self->lock);
}

void
ts_stats_get (TsStats * self, TsStatsNumbers * numbers)
{
  g_mutex_lock (&self->lock);
  *numbers = self->numbers;
  g_mutex_unlock (&self->lock);
}

const gchar *
ts_stage_name (TsStage stage)
{
  static const gchar *const names[TS_N_STAGES] = {
    [TS_STAGE_MAP] = "map",[TS_STAGE_TENSOR] = "tensor",
    [TS_STAGE_UPLOAD] = "upload",[TS_STAGE_WAIT] = "wait",
    [TS_STAGE_FORWARD] = "forward",[TS_STAGE_DECODE] = "decode",
    [TS_STAGE_ATTACH] = "attach"
  };

  return names[stage];
}

const gchar *
ts_count_name (TsCount count)
{
  static const gchar *const names[TS_N_COUNTS] = {
    [TS_COUNT_IN] = "in",[TS_COUNT_ANSWERED] = "answered",
    [TS_COUNT_SKIPPED] = "skipped",[TS_COUNT_REUSED] = "reused",
    [TS_COUNT_FAILED] = "failed",[TS_COUNT_ON_CPU] = "on-cpu"
  };

  return names[count];
}
