/* inferfallback.c - the CPU in place of a device that fails
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inferfallback.h"

#include "tserror.h"

struct _TsInferFallback
{
  TsInferSettings settings;     /* of the model on the device */
  guint number;

  GMutex lock;                  /* guards what follows; not held while a model loads */
  TsInferModel *model;          /* NULL: not opened */
  GError *error;                /* why it could not be, or NULL */
  gint64 failed_us;             /* when that was */
  gint64 rests_until_us;        /* of the device */
};

gboolean
ts_infer_fallback_helps (const GError * error)
{
  return g_error_matches (error, TS_ERROR, TS_ERROR_MEMORY)
      || g_error_matches (error, TS_ERROR, TS_ERROR_DEVICE);
}

/* Frames wait for it, so that nothing is measured first; a form that was asked for
 * may be one of the device alone. */
TsInferModel *
ts_infer_fallback_open_model (const TsInferSettings * settings, guint number,
    GError ** error)
{
  TsInferSettings on_cpu;
  TsInferModel *model;
  gchar *id;

  ts_infer_settings_copy (settings, &on_cpu);
  g_free (on_cpu.device);
  on_cpu.device = g_strdup ("cpu");
  on_cpu.tune = TS_TUNE_OFF;
  on_cpu.precision = TS_PRECISION_AUTO;
  id = on_cpu.model_instance_id;
  if (id != NULL) {
    on_cpu.model_instance_id = g_strconcat (id, " on the CPU", NULL);
    g_free (id);
  }
  model = ts_infer_model_open (&on_cpu, number, error);
  ts_infer_settings_clear (&on_cpu);
  return model;
}

TsInferFallback *
ts_infer_fallback_new (const TsInferSettings * settings, guint number)
{
  TsInferFallback *self = g_new0 (TsInferFallback, 1);

  g_mutex_init (&self->lock);
  ts_infer_settings_copy (settings, &self->settings);
  self->number = number;
  return self;
}

void
ts_infer_fallback_free (TsInferFallback * self)
{
  if (self == NULL)
    return;
  ts_infer_model_unref (self->model);
  g_clear_error (&self->error);
  ts_infer_settings_clear (&self->settings);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* A failure counts for a while, or each frame would load the model anew.  The lock must
 * be held. */
static gboolean
has_just_failed (const TsInferFallback * self)
{
  return self->error != NULL
      && g_get_monotonic_time () - self->failed_us < TS_FALLBACK_REST_US;
}

static gboolean
is_settled (TsInferFallback * self)
{
  gboolean settled;

  g_mutex_lock (&self->lock);
  settled = self->model != NULL || has_just_failed (self);
  g_mutex_unlock (&self->lock);
  return settled;
}

void
ts_infer_fallback_open (TsInferFallback * self)
{
  TsInferModel *model;
  GError *error = NULL;

  if (is_settled (self))
    return;
  model = ts_infer_fallback_open_model (&self->settings, self->number, &error);
  if (model != NULL)
    model->stands_in = TRUE;
  g_mutex_lock (&self->lock);
  g_clear_error (&self->error);
  self->model = model;
  self->error = error;
  self->failed_us = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
}

TsInferModel *
ts_infer_fallback_get (TsInferFallback * self, GError ** error)
{
  TsInferModel *model = NULL;

  g_mutex_lock (&self->lock);
  if (self->model != NULL)
    model = ts_infer_model_ref (self->model);
  else if (has_just_failed (self))
    g_propagate_error (error, g_error_copy (self->error));
  g_mutex_unlock (&self->lock);
  return model;
}

void
ts_infer_fallback_rest (TsInferFallback * self)
{
  g_mutex_lock (&self->lock);
  self->rests_until_us = g_get_monotonic_time () + TS_FALLBACK_REST_US;
  g_mutex_unlock (&self->lock);
}

gboolean
ts_infer_fallback_rests (TsInferFallback * self)
{
  gboolean rests;

  g_mutex_lock (&self->lock);
  rests = g_get_monotonic_time () < self->rests_until_us;
  g_mutex_unlock (&self->lock);
  return rests;
}
