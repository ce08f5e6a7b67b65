/* inferlate.h - which frames a model looks at when it cannot look at all
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "inferqueue.h"

G_BEGIN_DECLS

typedef struct
{
  GMutex lock;                  /* guards what follows: QoS comes from other threads */
  GstClockTime earliest;        /* running time from which frames are in time */
  guint64 n_frames;             /* since the last reset */
  GstClockTime next;            /* running time from which max-rate lets one through */
} TsInferLate;

void ts_infer_late_init (TsInferLate * self);
void ts_infer_late_clear (TsInferLate * self);

/* Forgets what it knows, after a flush or at a start. */
void ts_infer_late_reset (TsInferLate * self);

/* What a QoS event says: a frame of @timestamp was @diff late (or early, < 0). */
void ts_infer_late_update (TsInferLate * self, GstClockTime timestamp,
    GstClockTimeDiff diff);

/* What becomes of a frame of this running time, or GST_CLOCK_TIME_NONE.  Frames that
 * inference-interval and max-rate leave out go on as on-late says; "process" for
 * them is "skip". */
TsItemFate ts_infer_late_decide (TsInferLate * self,
    const TsInferSettings * settings, GstClockTime running_time);

G_END_DECLS
