/* tsjob.h - one picture on its way through a shared model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../model/tsdetector.h"

G_BEGIN_DECLS

typedef struct _TsJob TsJob;
typedef struct _TsStream TsStream;

struct _TsJob
{
  /* Filled in before ts_stream_push(). */
  TsImage image;                /* its pixels stay there until it is done */
  TsThresholds thresholds;
  gboolean wants_answer;        /* the raw tensors, too */
  TsStageTimes times;           /* of what its owner did; the others are added */
  gboolean is_warm_up;          /* @warm_up_runs on a grey frame of the image's size,
                                   of which only the size counts */
  guint warm_up_runs;

  /* Called once, by whichever thread ends the job, with no lock held; it must not
   * release the stream.  From then on the job is its owner's again. */
  void (*done) (TsJob * self, gpointer user_data);
  gpointer user_data;

  /* Valid once it is done. */
  gboolean is_cancelled;        /* nothing else below is set then */
  TsResult result;
  TsAnswer *answer;             /* NULL unless wanted */
  GError *error;                /* or NULL */
  guint batch;                  /* pictures in its forward pass, itself included */

  /* Of the runtime. */
  TsStream *stream;
  gboolean more_follow;         /* it is a part of a frame, and not the last one */
  gint64 queued_us;             /* monotonic time */
  GList link;                   /* its place in a queue */
};

TsJob *ts_job_new (TsStream * stream);
void ts_job_free (TsJob * self);

/* Forgets the last answer but keeps its memory. */
void ts_job_reset (TsJob * self);

G_END_DECLS
