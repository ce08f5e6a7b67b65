/* tsinstance.h - one loaded model that several streams share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An instance has one worker thread a lane; a lane is a TsDetector, and all lanes
 * share the module and its weights.  Frames of all streams go through together, in
 * batches.  A worker computes and tells that a job is done, and nothing else: it
 * never waits for the user of a stream.
 */
#pragma once

#include "tsjob.h"

G_BEGIN_DECLS

#define TS_INSTANCE_MAX_BATCH 64
#define TS_INSTANCE_MAX_CPU_LANES 8     /* each has tensors of its own */

typedef struct _TsInstance TsInstance;

typedef enum
{
  TS_SCHEDULING_LATENCY,        /* a free lane takes what is there */
  TS_SCHEDULING_THROUGHPUT      /* it waits for a full batch, until the oldest frame
                                   has waited for batch_timeout_us, or nobody could
                                   push another one */
} TsScheduling;

typedef struct
{
  TsDetectorOptions model;
  guint batch_size;             /* 1 to TS_INSTANCE_MAX_BATCH */
  gint64 batch_timeout_us;
  TsScheduling scheduling;
  guint n_lanes;                /* of a device; 0: two on a card, so that copying and
                                   computing overlap; on the CPU one, for throughput
                                   one a core, TS_INSTANCE_MAX_CPU_LANES at most, as
                                   the threads of one forward pass wait for each
                                   other; one with isolation */
  gboolean all_devices;         /* a model on a CUDA device is loaded onto all of them */
} TsInstanceOptions;

/* Loads the model; errors as ts_detector_open().  With all_devices a device that is
 * there must take it. */
TsInstance *ts_instance_new (const TsInstanceOptions * options,
    GError ** error);

/* All its streams must be free. */
void ts_instance_free (TsInstance * self);

/* For the model's name, labels, kind, device and tensor ids, which never change. */
const TsDetector *ts_instance_get_detector (const TsInstance * self);

/* What was found out by running it (ts_detector_get_size_note() and so on), or
 * NULL; free with g_free(). */
gchar *ts_instance_dup_size_note (TsInstance * self);
gchar *ts_instance_dup_batch_note (TsInstance * self);
gchar *ts_instance_dup_tune_note (TsInstance * self);

/* How many jobs of all streams wait. */
guint ts_instance_get_n_waiting (TsInstance * self);

/* Lanes that there are by now. */
guint ts_instance_get_n_lanes (TsInstance * self);

/* Lanes that there will be, and the devices that have them. */
guint ts_instance_get_max_lanes (const TsInstance * self);
guint ts_instance_get_n_devices (const TsInstance * self);

/* How long a forward pass takes, the longest of the last ones in @ns; 0: none has
 * been yet. */
gint64 ts_instance_get_forward_ns (TsInstance * self);

/* A user's way in.  @max_frames is of how many frames it will have pushed jobs and not
 * got them back at any time.  Each stream belongs to one user, whose threads may all
 * call it. */
TsStream *ts_stream_new (TsInstance * instance, guint max_frames);

/* Every job must be back. */
void ts_stream_free (TsStream * self);

/* A job to fill in, from those that were given back; and back. */
TsJob *ts_stream_take_job (TsStream * self);
void ts_stream_give_back (TsStream * self, TsJob * job);

/* Pushes the jobs of one frame: one, or one for each part of it.  The answers come in
 * any order, but a stream's jobs go into the module in theirs.  When it comes back all
 * may be done. */
void ts_stream_push (TsStream * self, TsJob * const *jobs, guint n_jobs);

/* Ends the jobs that no lane has taken yet as cancelled, in this thread; the others
 * end as ever. */
void ts_stream_cancel (TsStream * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsInstance, ts_instance_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsStream, ts_stream_free)

G_END_DECLS
