/* tsinstance.c - one loaded model that several streams share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsinstance.h"

#include "tsjobqueue.h"
#include "tsthread.h"

/* One that the model is loaded onto. */
typedef struct
{
  TsDetector *detector;         /* the first lane's */
  guint n_lanes, n_waiting, n_busy;     /* guarded by the instance's lock */
  guint n_warm_ups, n_warm;     /* of the instance's, those that it has begun and those
                                   that it is through with; likewise */
  gboolean has_lanes;           /* no more are to be added; of the first one's thread */
} Device;

typedef struct
{
  TsInstance *instance;
  Device *device;
  TsDetector *detector;         /* used by the thread only */
  GThread *thread;
} Lane;

/* What all devices have to be warmed up for. */
typedef struct
{
  guint number;                 /* 1 is the first; 0: none yet */
  gint width, height;
  guint runs;
} WarmUp;

struct _TsInstance
{
  TsInstanceOptions options;    /* without the model's; n_lanes is settled */
  GPtrArray *devices;           /* of Device, one at least */

  GMutex lock;                  /* guards what follows; never held while a lane
                                   computes or a job's done() runs */
  GCond work;                   /* there may be something to take, or to end */
  TsJobQueue queue;
  GPtrArray *lanes;             /* of Lane; those of a device after its first come once
                                   that has run */
  WarmUp warm_up;               /* the last one */
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
  guint n;                      /* 0: only warm_up is to be done */
  WarmUp warm_up;
} Turn;

static gpointer run_lane (gpointer data);

/* The lock must be held.  Takes @detector if it works. */
static gboolean
add_lane (TsInstance * self, Device * device, TsDetector * detector,
    GError ** error)
{
  Lane *lane = g_new0 (Lane, 1);

  lane->instance = self;
  lane->device = device;
  lane->detector = detector;
  lane->thread = ts_thread_start ("torchscript", run_lane, lane, error);
  if (!lane->thread) {
    g_free (lane);
    return FALSE;
  }
  device->n_lanes++;
  g_ptr_array_add (self->lanes, lane);
  return TRUE;
}

/* The process of an isolated module runs one thing at a time. */
static guint
choose_cpu_lanes (const TsInstanceOptions * options)
{
  guint n_cores = ts_thread_count_processors ();
  guint threads = options->model.threads;

  if (threads == 0)
    threads = 1 + (n_cores - 1) / TS_INSTANCE_MAX_CPU_LANES;
  if (options->model.safety.isolated)
    return 1;
  if (options->n_lanes)
    return options->n_lanes;
  if (options->scheduling == TS_SCHEDULING_LATENCY)
    return 1;
  return CLAMP (n_cores / threads, 1, TS_INSTANCE_MAX_CPU_LANES);
}

static gboolean
is_on_cpu (const TsDetector * detector)
{
  return g_str_equal (ts_detector_get_device (detector), "cpu");
}

/* Forks without the lock, as that may compute; the device's first lane does it, alone
 * there.  The lanes that there are do what those that cannot start would have done. */
static void
add_lanes (TsInstance * self, Lane * lane)
{
  Device *device = lane->device;

  if (lane->detector != device->detector || device->has_lanes)
    return;
  /* There all lanes run one module, whose form may still change. */
  if (is_on_cpu (lane->detector) && ts_detector_may_be_tuned (lane->detector))
    return;
  for (guint i = device->n_lanes;
      !device->has_lanes && i < self->options.n_lanes; i++) {
    TsDetector *fork = ts_detector_fork (lane->detector);

    g_mutex_lock (&self->lock);
    device->has_lanes = self->ends || !fork
        || !add_lane (self, device, fork, NULL);
    g_mutex_unlock (&self->lock);
    if (device->has_lanes)
      ts_detector_free (fork);
  }
  device->has_lanes = TRUE;
}

static void
add_device (TsInstance * self, TsDetector * detector)
{
  Device *device = g_new0 (Device, 1);

  device->detector = detector;
  g_ptr_array_add (self->devices, device);
}

/* Those that do not exist end the list. */
static gboolean
open_other_devices (TsInstance * self, const TsDetectorOptions * options,
    GError ** error)
{
  const Device *first = g_ptr_array_index (self->devices, 0);
  const gchar *taken = ts_detector_get_device (first->detector);

  if (!g_str_has_prefix (taken, "cuda:"))
    return TRUE;
  for (guint i = 0;; i++) {
    g_autofree gchar *name = g_strdup_printf ("cuda:%u", i);
    TsDetectorOptions other = *options;
    TsDetector *detector;

    if (!ts_detector_has_device (first->detector, name))
      return TRUE;
    if (g_str_equal (name, taken))
      continue;
    other.device = name;
    detector = ts_detector_open (&other, error);
    if (!detector)
      return FALSE;
    add_device (self, detector);
  }
}

static void
init (TsInstance * self, const TsInstanceOptions * options)
{
  self->options = *options;
  self->options.model = (TsDetectorOptions) {
  NULL};
  self->options.batch_size = CLAMP (options->batch_size, 1,
      TS_INSTANCE_MAX_BATCH);
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  ts_job_queue_init (&self->queue);
  self->lanes = g_ptr_array_new_with_free_func (g_free);
  self->devices = g_ptr_array_new_with_free_func (g_free);
}

static gboolean
start_lanes (TsInstance * self, GError ** error)
{
  gboolean done = TRUE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; done && i < self->devices->len; i++) {
    Device *device = g_ptr_array_index (self->devices, i);

    done = add_lane (self, device, device->detector, error);
  }
  g_mutex_unlock (&self->lock);
  return done;
}

/* Settles n_lanes.  A module that a run may change gets one lane, and on the CPU all
 * cores: there it is loaded anew, as the threads are those of the load. */
static TsDetector *
open_detector (TsInstanceOptions * options, GError ** error)
{
  TsDetector *detector;
  TsModelUse use;

  options->model.cpu_lanes = choose_cpu_lanes (options);
  detector = ts_detector_open (&options->model, error);
  if (!detector)
    return NULL;
  ts_detector_get_use (detector, &use);
  if (use.keeps_state)
    options->n_lanes = 1;
  else if (is_on_cpu (detector))
    options->n_lanes = options->model.cpu_lanes;
  else if (options->n_lanes == 0)
    options->n_lanes = 2;
  if (!is_on_cpu (detector) || options->n_lanes == options->model.cpu_lanes)
    return detector;
  ts_detector_free (detector);
  options->model.cpu_lanes = options->n_lanes;
  return ts_detector_open (&options->model, error);
}

TsInstance *
ts_instance_new (const TsInstanceOptions * options, GError ** error)
{
  TsInstanceOptions settled = *options;
  TsDetector *detector = open_detector (&settled, error);
  TsInstance *self;

  if (!detector)
    return NULL;
  self = g_new0 (TsInstance, 1);
  init (self, &settled);
  add_device (self, detector);
  if ((!options->all_devices
          || open_other_devices (self, &settled.model, error))
      && start_lanes (self, error))
    return self;
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
  for (guint i = 0; i < self->devices->len; i++) {
    Device *device = g_ptr_array_index (self->devices, i);

    /* Else a lane had it. */
    if (device->n_lanes == 0)
      ts_detector_free (device->detector);
  }
  g_ptr_array_unref (self->lanes);
  g_ptr_array_unref (self->devices);
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

/* Whether a lane of a device with less to do waits, too. */
static gboolean
should_leave (const TsInstance * self, const Device * device)
{
  for (guint i = 0; i < self->devices->len; i++) {
    const Device *other = g_ptr_array_index (self->devices, i);

    if (other->n_waiting > 0 && other->n_busy < device->n_busy)
      return TRUE;
  }
  return FALSE;
}

/* Waits until something may have changed, or @deadline. */
static void
wait (TsInstance * self, Device * device, gint64 deadline)
{
  device->n_waiting++;
  if (deadline == G_MAXINT64)
    g_cond_wait (&self->work, &self->lock);
  else
    g_cond_wait_until (&self->work, &self->lock, deadline);
  device->n_waiting--;
}

/* Whether this lane is to warm its device up for what another one was warmed up for. */
static gboolean
take_warm_up (TsInstance * self, Device * device, Turn * turn)
{
  if (device->n_warm_ups == self->warm_up.number)
    return FALSE;
  device->n_warm_ups = self->warm_up.number;
  turn->warm_up = self->warm_up;
  return TRUE;
}

/* All devices follow the one that gets the job. */
static void
spread_warm_up (TsInstance * self, Device * device, Turn * turn)
{
  const TsJob *job = turn->jobs[0];

  self->warm_up = (WarmUp) {
  self->warm_up.number + 1, job->image.width, job->image.height,
        job->warm_up_runs};
  turn->warm_up = self->warm_up;
  device->n_warm_ups = self->warm_up.number;
  g_cond_broadcast (&self->work);
}

static void
take_jobs (TsInstance * self, Lane * lane, Turn * turn)
{
  turn->n = ts_job_queue_take (&self->queue, self->options.batch_size, fits,
      lane->detector, turn->jobs);
  if (turn->n > 0 && turn->jobs[0]->is_warm_up)
    spread_warm_up (self, lane->device, turn);
}

/* Waits for something to do and takes it; FALSE: the instance ends. */
static gboolean
take_turn (TsInstance * self, Lane * lane, Turn * turn)
{
  turn->n = 0;
  while (!self->ends) {
    gint64 deadline = self->queue.n_jobs ? get_deadline_us (self) : G_MAXINT64;

    if (take_warm_up (self, lane->device, turn))
      return TRUE;
    if (deadline > g_get_monotonic_time ()) {
      wait (self, lane->device, deadline);
    } else if (should_leave (self, lane->device)) {
      g_cond_broadcast (&self->work);
      wait (self, lane->device, G_MAXINT64);
    } else {
      take_jobs (self, lane, turn);
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
warm_up (const TsInstance * self, TsDetector * detector, const WarmUp * wanted,
    GError ** error)
{
  if (!ts_detector_warm_up (detector, wanted->width, wanted->height,
          wanted->runs, error))
    return FALSE;
  if (wanted->runs > 0 && self->options.batch_size > 1)
    ts_detector_warm_up_batch (detector, wanted->width, wanted->height,
        self->options.batch_size);
  return TRUE;
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
add_times (TsStageTimes * self, const TsStageTimes * others)
{
  for (guint i = 0; i < TS_N_STAGES; i++)
    if (others->start_us[i] != 0) {
      self->start_us[i] = others->start_us[i];
      self->ns[i] = others->ns[i];
    }
}

static void
hand_over (Turn * turn, gint64 taken_us)
{
  for (guint i = 0; i < turn->n; i++) {
    TsBatchItem *item = &turn->items[i];
    TsJob *job = turn->jobs[i];

    job->answer = item->answer;
    job->error = item->error;
    add_times (&job->times, &item->times);
    job->times.start_us[TS_STAGE_WAIT] = job->queued_us;
    job->times.ns[TS_STAGE_WAIT] = 1000 * (taken_us - job->queued_us);
    job->batch = turn->n;
  }
}

static void
compute (const TsInstance * self, TsDetector * detector, Turn * turn)
{
  gint64 now = g_get_monotonic_time ();
  TsJob *first = turn->n > 0 ? turn->jobs[0] : NULL;

  if (!first) {
    /* If that fails, the frames that come here say why. */
    warm_up (self, detector, &turn->warm_up, NULL);
  } else if (first->is_warm_up) {
    warm_up (self, detector, &turn->warm_up, &first->error);
  } else {
    run_batch (detector, turn);
    hand_over (turn, now);
  }
}

static gboolean
is_warm_up (const Turn * turn)
{
  return turn->n == 0 || turn->jobs[0]->is_warm_up;
}

/* Whether the module has run, so that the detector can be forked. */
static gboolean
has_run (const Turn * turn)
{
  return !is_warm_up (turn) || turn->warm_up.runs > 0;
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
  gint64 forward_ns = turn->n ? turn->jobs[0]->times.ns[TS_STAGE_FORWARD] : 0;

  for (guint i = 0; i < turn->n; i++)
    ts_job_queue_done (&turn->jobs[i]->stream->line, turn->jobs[i]);
  update_note (&self->size_note, ts_detector_get_size_note (detector));
  update_note (&self->tune_note, ts_detector_get_tune_note (detector));
  update_note (&self->batch_note, ts_detector_get_batch_note (detector));
  /* Follows a rise at once and a fall slowly. */
  self->forward_ns = MAX (forward_ns, self->forward_ns - self->forward_ns / 16);
}

static gboolean
all_are_warm (const TsInstance * self, guint number)
{
  for (guint i = 0; i < self->devices->len; i++)
    if (((Device *) g_ptr_array_index (self->devices, i))->n_warm < number)
      return FALSE;
  return TRUE;
}

/* A device that is still being warmed up would leave the frames to the others, and stop
 * them wherever it needs all devices alone.  So who asked waits for all of them. */
static void
end_warm_up (TsInstance * self, Device * device, const Turn * turn)
{
  device->n_warm = MAX (device->n_warm, turn->warm_up.number);
  g_cond_broadcast (&self->work);
  while (turn->n > 0 && !self->ends
      && !all_are_warm (self, turn->warm_up.number))
    g_cond_wait (&self->work, &self->lock);
}

static gpointer
run_lane (gpointer data)
{
  Lane *lane = data;
  TsInstance *self = lane->instance;
  g_autofree Turn *turn = g_new0 (Turn, 1);

  g_mutex_lock (&self->lock);
  while (take_turn (self, lane, turn)) {
    lane->device->n_busy++;
    g_mutex_unlock (&self->lock);
    compute (self, lane->detector, turn);
    if (has_run (turn))
      add_lanes (self, lane);
    g_mutex_lock (&self->lock);
    account (self, lane->detector, turn);
    lane->device->n_busy--;
    if (is_warm_up (turn))
      end_warm_up (self, lane->device, turn);
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
  const Device *first = g_ptr_array_index (self->devices, 0);

  return first->detector;
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

guint
ts_instance_get_n_devices (const TsInstance * self)
{
  return self->devices->len;
}

guint
ts_instance_get_max_lanes (const TsInstance * self)
{
  return self->devices->len * self->options.n_lanes;
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
ts_stream_new (TsInstance * instance, guint max_frames)
{
  TsStream *self = g_new0 (TsStream, 1);

  self->instance = instance;
  self->line.max_frames = max_frames;
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
ts_stream_push (TsStream * self, TsJob * const *jobs, guint n_jobs)
{
  TsInstance *instance = self->instance;
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (&instance->lock);
  for (guint i = 0; i < n_jobs; i++) {
    jobs[i]->queued_us = now;
    jobs[i]->more_follow = i + 1 < n_jobs;
    ts_job_queue_push (&instance->queue, &self->line, jobs[i]);
  }
  if (n_jobs > 1)
    g_cond_broadcast (&instance->work);
  else
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
