/* infermodel.c - the model that an element uses, and its way into it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "infermodel.h"

#include "../runtime/tsregistry.h"
#include "inferfallback.h"

static gboolean
is_on_cpu (const TsInferModel * self)
{
  return g_str_equal (ts_detector_get_device (ts_infer_model_get_detector
          (self)), "cpu");
}

TsInferModel *
ts_infer_model_open (const TsInferSettings * settings, guint number,
    GError ** error)
{
  const TsInstanceOptions options = {
    .model = ts_infer_settings_get_options (settings),
    .batch_size = settings->batch_size,
    .batch_timeout_us = 1000 * (gint64) settings->batch_timeout,
    .scheduling = settings->scheduling,
    .n_lanes = settings->lanes,
    .all_devices = settings->devices == TS_DEVICES_ALL,
  };
  TsInstance *instance = ts_registry_acquire (settings->model_instance_id,
      number > 0, &options, error);
  TsInferModel *self;

  if (instance == NULL)
    return NULL;
  self = g_new0 (TsInferModel, 1);
  g_atomic_ref_count_init (&self->references);
  self->instance = instance;
  self->stream = ts_stream_new (instance,
      ts_infer_settings_get_max_in_flight (settings, instance));
  self->number = number;
  if (!is_on_cpu (self))
    self->fallback = ts_infer_fallback_new (settings, number);
  return self;
}

TsInferModel *
ts_infer_model_ref (TsInferModel * self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
ts_infer_model_unref (TsInferModel * self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->references))
    return;
  ts_infer_fallback_free (self->fallback);
  ts_stream_free (self->stream);
  ts_registry_release (self->instance);
  g_free (self);
}

typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean done;
} Waiter;

static void
wake (TsJob * job, gpointer user_data)
{
  Waiter *waiter = user_data;

  g_mutex_lock (&waiter->lock);
  waiter->done = TRUE;
  g_cond_signal (&waiter->cond);
  g_mutex_unlock (&waiter->lock);
}

static void
push_and_wait (TsInferModel * self, TsJob * job)
{
  Waiter waiter = { 0 };

  g_mutex_init (&waiter.lock);
  g_cond_init (&waiter.cond);
  job->done = wake;
  job->user_data = &waiter;
  ts_stream_push (self->stream, &job, 1);
  g_mutex_lock (&waiter.lock);
  while (!waiter.done)
    g_cond_wait (&waiter.cond, &waiter.lock);
  g_mutex_unlock (&waiter.lock);
  g_cond_clear (&waiter.cond);
  g_mutex_clear (&waiter.lock);
}

gboolean
ts_infer_model_warm_up (TsInferModel * self, gint width, gint height,
    guint runs, GError ** error)
{
  TsJob *job = ts_stream_take_job (self->stream);
  gboolean done;

  job->is_warm_up = TRUE;
  job->warm_up_runs = runs;
  job->image.width = width;
  job->image.height = height;
  push_and_wait (self, job);
  done = job->error == NULL;
  if (!done)
    g_propagate_error (error, g_steal_pointer (&job->error));
  ts_stream_give_back (self->stream, job);
  return done;
}

const TsDetector *
ts_infer_model_get_detector (const TsInferModel * self)
{
  return ts_instance_get_detector (self->instance);
}
