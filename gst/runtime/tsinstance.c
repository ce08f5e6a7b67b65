/* tsinstance.c - one loaded model that several streams share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsinstance.h"

#include <string.h>

#include "tsjobqueue.h"
#include "tsthread.h"

typedef struct
{
  TsInstance *instance;
  TsDetector *detector;         /* used by the thread only */
  GThread *thread;
} Lane;

struct _TsInstance
{
  TsInstanceOptions options;    /* without the model's */
  TsDetector *detector;         /* the first lane's */

  GMutex lock;                  /* guards what follows; never held while a lane
                                   computes or a job's done() runs */
  GCond work;                   /* there may be something to take, or to end */
  TsJobQueue queue;
  GPtrArray *lanes;             /* of Lane; those after the first come once it has run */
  gchar *size_note, *batch_note, *tune_note;
  gint64 forward_ns;
  gboolean ends;
};

struct _TsStream
{
  TsInstance *instance;
  TsJobLine line;               /* guarded by the instance's lock */
  GQueue spare;                 /* jobs given back; likewise */
};

/* A turn of a lane: what it took, and room for what the detector needs. */
typedef struct
{
  TsJob *jobs[TS_INSTANCE_MAX_BATCH];
  TsBatchItem items[TS_INSTANCE_MAX_BATCH];
  guint n;
} Turn;

static gpointer run_lane (gpointer data);

/* Takes @detector if it works. */
static gboolean
add_lane (TsInstance * self, TsDetector * detector, GError ** error)
{
  Lane *lane = g_new0 (Lane, 1);

  lane->instance = self;
  lane->detector = detector;
  lane->thread = ts_thread_start ("torchscript", run_lane, lane, error);
  if (!lane->thread) {
    g_free (lane);
    return FALSE;
  }
  g_ptr_array_add (self->lanes, lane);
  return TRUE;
}

static guint
choose_lanes (const TsInstance * self)
{
  if (self->options.n_lanes)
    return self->options.n_lanes;
  return g_str_equal (ts_detector_get_device (self->detector), "cpu") ? 1 : 2;
}

/* Its lock must be held.  The lanes that there are do what those that cannot start
 * would have done. */
static void
add_lanes (TsInstance * self, TsDetector * origin)
{
  while (!self->ends && self->lanes->len < choose_lanes (self)) {
    TsDetector *fork = ts_detector_fork (origin);

    if (fork && add_lane (self, fork, NULL))
      continue;
    ts_detector_free (fork);
    self->options.n_lanes = self->lanes->len;
  }
}

TsInstance *
ts_instance_new (const TsInstanceOptions * options, GError ** error)
{
  TsDetector *detector = ts_detector_open (&options->model, error);
  gboolean runs;
  TsInstance *self;

  if (!detector)
    return NULL;
  self = g_new0 (TsInstance, 1);
  self->options = *options;
  self->options.model = (TsDetectorOptions) {
  NULL};
  self->options.batch_size = CLAMP (options->batch_size, 1,
      TS_INSTANCE_MAX_BATCH);
  self->detector = detector;
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  ts_job_queue_init (&self->queue);
  self->lanes = g_ptr_array_new_with_free_func (g_free);
  g_mutex_lock (&self->lock);
  runs = add_lane (self, detector, error);
  g_mutex_unlock (&self->lock);
  if (runs)
    return self;
  ts_detector_free (detector);
  ts_instance_free (self);
  return NULL;
}

void
ts_instance_free (TsInstance * self)
{
  if (!self)
    return;
  g_mutex_lock (&self->lock);
  self->ends = TRUE;
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->lock);
  /* No lane is added from here on. */
  for (guint i = 0; i < self->lanes->len; i++) {
    Lane *lane = g_ptr_array_index (self->lanes, i);

    g_thread_join (lane->thread);
    ts_detector_free (lane->detector);
  }
  g_ptr_array_unref (self->lanes);
  ts_job_queue_clear (&self->queue);
  g_cond_clear (&self->work);
  g_mutex_clear (&self->lock);
  g_free (self->size_note);
  g_free (self->batch_note);
  g_free (self->tune_note);
  g_free (self);
}

static gboolean
fits (const TsJob * one, const TsJob * other, gpointer detector)
{
  return ts_detector_fits_batch (detector, &one->image, &other->image);
}

/* How long a lane should wait for more before it takes what is there. */
static gint64
get_deadline_us (const TsInstance * self)
{
  if (self->options.scheduling == TS_SCHEDULING_LATENCY
      || self->queue.n_jobs >= self->options.batch_size || self->batch_note
      || !ts_job_queue_may_grow (&self->queue))
    return 0;
  return ts_job_queue_get_oldest_us (&self->queue)
      + self->options.batch_timeout_us;
}

/* Waits for jobs and takes them; FALSE: the instance ends. */
static gboolean
take_turn (TsInstance * self, TsDetector * detector, Turn * turn)
{
  turn->n = 0;
  while (!self->ends) {
    gint64 deadline = self->queue.n_jobs ? get_deadline_us (self) : G_MAXINT64;

    if (deadline <= g_get_monotonic_time ()) {
      turn->n = ts_job_queue_take (&self->queue, self->options.batch_size, fits,
          detector, turn->jobs);
      return TRUE;
    }
    if (deadline == G_MAXINT64)
      g_cond_wait (&self->work, &self->lock);
    else
      g_cond_wait_until (&self->work, &self->lock, deadline);
  }
  return FALSE;
}

static void
warm_up (TsDetector * detector, TsJob * job, guint batch_size)
{
  gint width = job->image.width, height = job->image.height;

  if (ts_detector_warm_up (detector, width, height, job->warm_up_runs,
          &job->error) && job->warm_up_runs > 0 && batch_size > 1)
    ts_detector_warm_up_batch (detector, width, height, batch_size);
}

static void
run_batch (TsDetector * detector, Turn * turn)
{
  for (guint i = 0; i < turn->n; i++) {
    TsJob *job = turn->jobs[i];

    turn->items[i] = (TsBatchItem) {
    .image = &job->image,.thresholds = &job->thresholds,.wants_answer =
          job->wants_answer,.result = &job->result};
  }
  ts_detector_run_batch (detector, turn->items, turn->n);
}

static void
hand_over (Turn * turn, gint64 taken_us)
{
  for (guint i = 0; i < turn->n; i++) {
    TsBatchItem *item = &turn->items[i];
    TsJob *job = turn->jobs[i];

    job->answer = item->answer;
    job->error = item->error;
    memcpy (job->time_ns, item->time_ns, sizeof job->time_ns);
    job->time_ns[TS_STAGE_WAIT] = 1000 * (taken_us - job->queued_us);
    job->batch = turn->n;
  }
}

static void
compute (const TsInstance * self, TsDetector * detector, Turn * turn)
{
  gint64 now = g_get_monotonic_time ();

  if (turn->jobs[0]->is_warm_up) {
    warm_up (detector, turn->jobs[0], self->options.batch_size);
  } else {
    run_batch (detector, turn);
    hand_over (turn, now);
  }
}

static void
update_note (gchar ** note, const gchar * now)
{
  if (now && !*note)
    *note = g_strdup (now);
}

/* The lock must be held. */
static void
account (TsInstance * self, TsDetector * detector, const Turn * turn)
{
  gint64 forward_ns = turn->jobs[0]->time_ns[TS_STAGE_FORWARD];

  for (guint i = 0; i < turn->n; i++)
    turn->jobs[i]->stream->line.n_running--;
  update_note (&self->size_note, ts_detector_get_size_note (detector));
  update_note (&self->tune_note, ts_detector_get_tune_note (detector));
  update_note (&self->batch_note, ts_detector_get_batch_note (detector));
  /* Follows a rise at once and a fall slowly. */
  self->forward_ns = MAX (forward_ns, self->forward_ns - self->forward_ns / 16);
  if (!turn->jobs[0]->is_warm_up || turn->jobs[0]->warm_up_runs > 0)
    add_lanes (self, detector);
}

static gpointer
run_lane (gpointer data)
{
  Lane *lane = data;
  TsInstance *self = lane->instance;
  g_autofree Turn *turn = g_new0 (Turn, 1);

  g_mutex_lock (&self->lock);
  while (take_turn (self, lane->detector, turn)) {
    g_mutex_unlock (&self->lock);
    compute (self, lane->detector, turn);
    g_mutex_lock (&self->lock);
    account (self, lane->detector, turn);
    g_mutex_unlock (&self->lock);
    for (guint i = 0; i < turn->n; i++)
      turn->jobs[i]->done (turn->jobs[i], turn->jobs[i]->user_data);
    g_mutex_lock (&self->lock);
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

const TsDetector *
ts_instance_get_detector (const TsInstance * self)
{
  return self->detector;
}

static gchar *
dup_locked (TsInstance * self, gchar * const *text)
{
  gchar *copy;

  g_mutex_lock (&self->lock);
  copy = g_strdup (*text);
  g_mutex_unlock (&self->lock);
  return copy;
}

gchar *
ts_instance_dup_tune_note (TsInstance * self)
{
  return dup_locked (self, &self->tune_note);
}

gchar *
ts_instance_dup_size_note (TsInstance * self)
{
  return dup_locked (self, &self->size_note);
}

gchar *
ts_instance_dup_batch_note (TsInstance * self)
{
  return dup_locked (self, &self->batch_note);
}

guint
ts_instance_get_n_waiting (TsInstance * self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->queue.n_jobs;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
ts_instance_get_n_lanes (TsInstance * self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->lanes->len;
  g_mutex_unlock (&self->lock);
  return n;
}

gint64
ts_instance_get_forward_ns (TsInstance * self)
{
  gint64 ns;

  g_mutex_lock (&self->lock);
  ns = self->forward_ns;
  g_mutex_unlock (&self->lock);
  return ns;
}

TsStream *
ts_stream_new (TsInstance * instance, guint max_jobs)
{
  TsStream *self = g_new0 (TsStream, 1);

  self->instance = instance;
  self->line.max_jobs = max_jobs;
  g_mutex_lock (&instance->lock);
  ts_job_queue_add_line (&instance->queue, &self->line);
  g_mutex_unlock (&instance->lock);
  return self;
}

void
ts_stream_free (TsStream * self)
{
  TsInstance *instance = self ? self->instance : NULL;
  GList *link;

  if (!self)
    return;
  g_mutex_lock (&instance->lock);
  ts_job_queue_remove_line (&instance->queue, &self->line);
  /* A lane may be waiting for this stream's next frame. */
  g_cond_broadcast (&instance->work);
  g_mutex_unlock (&instance->lock);
  while ((link = g_queue_pop_head_link (&self->spare)))
    ts_job_free (link->data);
  g_free (self);
}

TsJob *
ts_stream_take_job (TsStream * self)
{
  GList *link;

  g_mutex_lock (&self->instance->lock);
  link = g_queue_pop_head_link (&self->spare);
  g_mutex_unlock (&self->instance->lock);
  return link ? link->data : ts_job_new (self);
}

void
ts_stream_give_back (TsStream * self, TsJob * job)
{
  ts_job_reset (job);
  g_mutex_lock (&self->instance->lock);
  g_queue_push_tail_link (&self->spare, &job->link);
  g_mutex_unlock (&self->instance->lock);
}

void
ts_stream_push (TsStream * self, TsJob * job)
{
  TsInstance *instance = self->instance;

  job->queued_us = g_get_monotonic_time ();
  g_mutex_lock (&instance->lock);
  ts_job_queue_push (&instance->queue, &self->line, job);
  g_cond_signal (&instance->work);
  g_mutex_unlock (&instance->lock);
}

void
ts_stream_cancel (TsStream * self)
{
  GQueue cancelled = G_QUEUE_INIT;
  GList *link;

  g_mutex_lock (&self->instance->lock);
  ts_job_queue_steal (&self->instance->queue, &self->line, &cancelled);
  g_mutex_unlock (&self->instance->lock);
  while ((link = g_queue_pop_head_link (&cancelled))) {
    TsJob *job = link->data;

    job->is_cancelled = TRUE;
    job->done (job, job->user_data);
  }
}
