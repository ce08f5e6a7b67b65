/* tsstats.h - what happened to the frames of one stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../model/tsstage.h"
#include "tshistogram.h"

G_BEGIN_DECLS

#define TS_STATS_MAX_BATCH 64

typedef enum
{
  TS_COUNT_IN,                  /* frames that came */
  TS_COUNT_ANSWERED,            /* got an answer of their own */
  TS_COUNT_SKIPPED,             /* went on without one */
  TS_COUNT_REUSED,              /* went on with that of an earlier frame */
  TS_COUNT_FAILED,              /* their inference ended in an error */
  TS_COUNT_ON_CPU,              /* of those answered, by the CPU for a failed device */
  TS_N_COUNTS
} TsCount;

/* A copy of the numbers at one time. */
typedef struct
{
  guint64 counts[TS_N_COUNTS];
  TsHistogram stages[TS_N_STAGES];
  TsHistogram latency;          /* from coming in to going out */
  guint64 batches[TS_STATS_MAX_BATCH + 1];      /* frames by their batch's size */
} TsStatsNumbers;

/* Any thread may use it at any time; a frame takes its lock a few times. */
typedef struct _TsStats TsStats;

TsStats *ts_stats_new (void);
void ts_stats_free (TsStats * self);

void ts_stats_count (TsStats * self, TsCount count);
void ts_stats_add_latency (TsStats * self, gint64 ns);

/* A job's times, and the number of frames that it shared its forward pass with,
 * itself included. */
void ts_stats_add_job (TsStats * self, const TsStageTimes * times, guint batch);

void ts_stats_get (TsStats * self, TsStatsNumbers * numbers);

/* "tensor"; static. */
const gchar *ts_stage_name (TsStage stage);
const gchar *ts_count_name (TsCount count);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsStats, ts_stats_free)

G_END_DECLS
