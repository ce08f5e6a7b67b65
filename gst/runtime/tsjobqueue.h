/* tsjobqueue.h - which frames of which streams go into the next batch
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Knows no locks and no threads: the instance guards it.
 */
#pragma once

#include "tsjob.h"

G_BEGIN_DECLS

/* What waits of one stream, in its order. */
typedef struct
{
  GQueue jobs;                  /* of TsJob */
  guint n_frames;               /* whose last job waits, or was taken and is not done */
  guint max_frames;             /* that its user has at most */
} TsJobLine;

typedef struct
{
  GPtrArray *lines;             /* of TsJobLine, not owned */
  guint next;                   /* the line whose turn it is */
  guint n_jobs;                 /* waiting in all lines */
} TsJobQueue;

/* Whether two frames may share a batch. */
typedef gboolean (*TsJobFits) (const TsJob * one, const TsJob * other,
    gpointer user_data);

void ts_job_queue_init (TsJobQueue * self);
void ts_job_queue_clear (TsJobQueue * self);

void ts_job_queue_add_line (TsJobQueue * self, TsJobLine * line);
/* The line must be empty. */
void ts_job_queue_remove_line (TsJobQueue * self, TsJobLine * line);

void ts_job_queue_push (TsJobQueue * self, TsJobLine * line, TsJob * job);

/* A job that was taken from @line is done. */
void ts_job_queue_done (TsJobLine * line, const TsJob * job);

/* Takes all that wait in @line. */
void ts_job_queue_steal (TsJobQueue * self, TsJobLine * line, GQueue * jobs);

/* Takes up to @max jobs into @jobs: one of each line in turn, starting with the
 * line after the one that was first the last time, then a second of each, and so
 * on.  A line whose first job does not fit that of the batch waits for the next one,
 * so that its order stays.  A warm-up goes alone.  Gives their number. */
guint ts_job_queue_take (TsJobQueue * self, guint max, TsJobFits fits,
    gpointer user_data, TsJob ** jobs);

/* Whether waiting could bring more jobs: some line's user may still push. */
gboolean ts_job_queue_may_grow (const TsJobQueue * self);

/* When the longest waiting job was pushed; 0 if none waits. */
gint64 ts_job_queue_get_oldest_us (const TsJobQueue * self);

G_END_DECLS
