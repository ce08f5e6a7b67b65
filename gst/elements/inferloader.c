/* inferloader.c - a new model for a running torchscriptinfer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inferloader.h"

#include "../model/tsthread.h"
#include "../runtime/tsfilestamp.h"
#include "inferfallback.h"

#define POLL_US (G_USEC_PER_SEC / 4)

struct _TsInferLoader
{
  const TsInferLoaderFuncs *funcs;
  gpointer user_data;

  GMutex lock;                  /* guards what follows; not held while a model loads */
  GCond wake;
  GThread *thread;              /* NULL until it is needed */
  GError *no_thread;            /* why it could not start, until that is told */
  gboolean runs, requested, watches;
  gint width, height;           /* 0: no caps yet */
  TsInferModel *ready;
  TsInferModel *failing;        /* whose fallback is asked for, or NULL */
  guint number;                 /* of the last model */

  /* Of the thread, and of start() before there is one. */
  gchar *stamp;                 /* of the files of the last load */
  gchar *seen;                  /* when they were last looked at */
};

TsInferLoader *
ts_infer_loader_new (const TsInferLoaderFuncs * funcs, gpointer user_data)
{
  TsInferLoader *self = g_new0 (TsInferLoader, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  return self;
}

void
ts_infer_loader_free (TsInferLoader * self)
{
  g_free (self->stamp);
  g_free (self->seen);
  g_cond_clear (&self->wake);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gchar *
make_stamp (const TsInferSettings * settings)
{
  const gchar *paths[] = { settings->model, settings->weights,
    settings->labels
  };
  GString *stamp = g_string_new (NULL);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autofree gchar *part = paths[i] != NULL ? ts_file_stamp (paths[i]) : NULL;

    g_string_append_printf (stamp, "%s\n", part != NULL ? part : "");
  }
  return g_string_free (stamp, FALSE);
}

static void
replace (gchar ** text, gchar * by)
{
  g_free (*text);
  *text = by;
}

static TsInferModel *
open_and_warm_up (TsInferLoader * self, const TsInferSettings * settings,
    GError ** error)
{
  g_autoptr (TsInferModel) model = NULL;
  gint width, height;
  guint number;

  g_mutex_lock (&self->lock);
  width = self->width;
  height = self->height;
  number = self->number + 1;
  g_mutex_unlock (&self->lock);
  model = ts_infer_model_open (settings, number, error);
  /* At least once, which tells whether the answer fits the decoder. */
  if (model == NULL || (width > 0 && !ts_infer_model_warm_up (model, width,
              height, MAX (settings->warmup, 1), error)))
    return NULL;
  return g_steal_pointer (&model);
}

static void
set_ready (TsInferLoader * self, TsInferModel * model)
{
  g_autoptr (TsInferModel) unused = NULL;

  g_mutex_lock (&self->lock);
  unused = self->ready;
  self->ready = ts_infer_model_ref (model);
  self->number = model->number;
  g_mutex_unlock (&self->lock);
}

static void
load (TsInferLoader * self)
{
  g_autoptr (TsInferModel) model = NULL;
  TsInferSettings settings;
  GError *error = NULL;

  self->funcs->get_settings (self->user_data, &settings);
  replace (&self->stamp, make_stamp (&settings));
  model = open_and_warm_up (self, &settings, &error);
  if (model != NULL) {
    set_ready (self, model);
    self->funcs->loaded (self->user_data, model);
  } else {
    self->funcs->failed (self->user_data, settings.model, error);
  }
  ts_infer_settings_clear (&settings);
}

/* Files that differ from the last load's, and have been the same for one look: so
 * that none is read while it is written. */
static gboolean
have_files_changed (TsInferLoader * self)
{
  TsInferSettings settings;
  gchar *now;
  gboolean changed;

  self->funcs->get_settings (self->user_data, &settings);
  now = make_stamp (&settings);
  changed = *now != '\n' && g_strcmp0 (now, self->stamp) != 0
      && g_strcmp0 (now, self->seen) == 0;
  replace (&self->seen, now);
  ts_infer_settings_clear (&settings);
  return changed;
}

/* Called and left with the lock held. */
static void
wait_for_work (TsInferLoader * self)
{
  gint64 end = g_get_monotonic_time () + POLL_US;

  while (self->runs && !self->requested && self->failing == NULL) {
    if (!self->watches)
      g_cond_wait (&self->wake, &self->lock);
    else if (!g_cond_wait_until (&self->wake, &self->lock, end))
      break;
  }
}

static void
open_fallback (TsInferLoader * self, TsInferModel * model)
{
  ts_infer_fallback_open (model->fallback);
  self->funcs->fell_back (self->user_data);
  ts_infer_model_unref (model);
}

static gpointer
run (gpointer data)
{
  TsInferLoader *self = data;
  TsInferModel *failing;
  gboolean requested;

  g_mutex_lock (&self->lock);
  while (wait_for_work (self), self->runs) {
    requested = self->requested;
    self->requested = FALSE;
    failing = g_steal_pointer (&self->failing);
    g_mutex_unlock (&self->lock);
    /* Frames wait for it. */
    if (failing != NULL)
      open_fallback (self, failing);
    if (requested || (failing == NULL && have_files_changed (self)))
      load (self);
    g_mutex_lock (&self->lock);
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* The lock must be held.  A thread that does not start is tried again with the next
 * request. */
static void
wake (TsInferLoader * self)
{
  if (self->runs && self->thread == NULL
      && (self->requested || self->watches || self->failing != NULL)) {
    g_clear_error (&self->no_thread);
    self->thread = ts_thread_start ("torchscriptload", run, self,
        &self->no_thread);
  }
  g_cond_signal (&self->wake);
}

/* After wake(), when the lock is held no more. */
static void
tell_no_thread (TsInferLoader * self)
{
  TsInferSettings settings;
  GError *error;

  g_mutex_lock (&self->lock);
  error = g_steal_pointer (&self->no_thread);
  g_mutex_unlock (&self->lock);
  if (error == NULL)
    return;
  self->funcs->get_settings (self->user_data, &settings);
  self->funcs->failed (self->user_data, settings.model, error);
  ts_infer_settings_clear (&settings);
}

void
ts_infer_loader_start (TsInferLoader * self, const TsInferSettings * settings)
{
  replace (&self->stamp, make_stamp (settings));
  replace (&self->seen, NULL);
  g_mutex_lock (&self->lock);
  self->runs = TRUE;
  self->requested = FALSE;
  self->watches = settings->reload_on_change;
  self->width = self->height = 0;
  self->number = 0;
  wake (self);
  g_mutex_unlock (&self->lock);
  tell_no_thread (self);
}

void
ts_infer_loader_stop (TsInferLoader * self)
{
  GThread *thread;

  g_mutex_lock (&self->lock);
  self->runs = FALSE;
  thread = g_steal_pointer (&self->thread);
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);
  if (thread != NULL)
    g_thread_join (thread);
  g_clear_pointer (&self->ready, ts_infer_model_unref);
  g_clear_pointer (&self->failing, ts_infer_model_unref);
}

void
ts_infer_loader_request (TsInferLoader * self)
{
  g_mutex_lock (&self->lock);
  self->requested = self->runs;
  wake (self);
  g_mutex_unlock (&self->lock);
  tell_no_thread (self);
}

void
ts_infer_loader_request_fallback (TsInferLoader * self, TsInferModel * model)
{
  TsInferModel *old = NULL;

  g_mutex_lock (&self->lock);
  if (self->runs) {
    old = self->failing;
    self->failing = ts_infer_model_ref (model);
  }
  wake (self);
  g_mutex_unlock (&self->lock);
  ts_infer_model_unref (old);
}

void
ts_infer_loader_set_watch (TsInferLoader * self, gboolean watch)
{
  g_mutex_lock (&self->lock);
  self->watches = watch;
  wake (self);
  g_mutex_unlock (&self->lock);
  tell_no_thread (self);
}

void
ts_infer_loader_set_size (TsInferLoader * self, gint width, gint height)
{
  g_mutex_lock (&self->lock);
  self->width = width;
  self->height = height;
  g_mutex_unlock (&self->lock);
}

TsInferModel *
ts_infer_loader_take (TsInferLoader * self)
{
  TsInferModel *model;

  g_mutex_lock (&self->lock);
  model = g_steal_pointer (&self->ready);
  g_mutex_unlock (&self->lock);
  return model;
}
