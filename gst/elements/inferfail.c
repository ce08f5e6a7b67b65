/* inferfail.c - what becomes of a frame of torchscriptinfer whose inference failed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All of it runs in the task of the source pad, save what is said to be the streaming
 * thread's; that waits until the task has nothing to do.
 */
#include "elementerror.h"
#include "inferelement.h"
#include "inferfallback.h"
#include "tserror.h"

#define GST_CAT_DEFAULT torchscript_infer_debug

/* Between two warnings. */
#define TELL_US (5 * G_USEC_PER_SEC)

static void
read_settings (GstTorchscriptInfer * self, TsOnError * policy, gint * max)
{
  GST_OBJECT_LOCK (self);
  *policy = self->settings.on_error;
  if (max != NULL)
    *max = self->settings.max_errors;
  GST_OBJECT_UNLOCK (self);
}

static const gchar *
get_device (const TsInferModel * model)
{
  return ts_detector_get_device (ts_infer_model_get_detector (model));
}

/* A warning, unless there was one just now.  @then says how it goes on. */
static void
warn (GstTorchscriptInfer * self, const GError * error, const gchar * then)
{
  TsInferFailures *failures = &self->failures;
  gint64 now = g_get_monotonic_time ();
  GError *warning;

  if (failures->told_us != 0 && now - failures->told_us < TELL_US) {
    GST_DEBUG_OBJECT (self, "%s; %s", error->message, then);
    return;
  }
  warning = g_error_new (error->domain, error->code, "%s; %s", error->message,
      then);
  if (failures->n_untold > 1)
    g_prefix_error (&warning, "%u frames got no answer since the last warning, "
        "the last one as ", failures->n_untold);
  failures->told_us = now;
  failures->n_untold = 0;
  failures->is_told = TRUE;
  ts_element_warning (self, warning);
}

static void
rest (GstTorchscriptInfer * self, TsInferModel * model, const GError * error)
{
  g_autofree gchar *then = g_strdup_printf ("the CPU answers in place of %s, "
      "which is tried again after %d s", get_device (model),
      (gint) (TS_FALLBACK_REST_US / G_USEC_PER_SEC));

  ts_infer_fallback_rest (model->fallback);
  warn (self, error, then);
}

static gboolean
may_fall_back (const TsInferModel * model, TsOnError policy,
    const GError * error)
{
  return policy == TS_ON_ERROR_CPU && model != NULL && model->fallback != NULL
      && ts_infer_fallback_helps (error);
}

/* Waits until it is open or cannot be opened; NULL, with @error or flushing. */
static TsInferModel *
wait_for_fallback (GstTorchscriptInfer * self, TsInferModel * failing,
    GError ** error)
{
  TsInferModel *model;
  GError *failure = NULL;
  guint seen = 0;

  do {
    model = ts_infer_fallback_get (failing->fallback, &failure);
    if (model != NULL || failure != NULL)
      break;
    ts_infer_loader_request_fallback (self->loader, failing);
  } while (ts_infer_queue_wait (self->queue, &seen));
  if (failure != NULL)
    g_propagate_error (error, failure);
  return model;
}

/* The same frame, or all parts of it, to another model; takes @model. */
static void
change_model (TsInferItem * item, TsInferModel * model)
{
  for (guint i = 0; i < item->jobs->len; i++) {
    TsJob *old = item->jobs->pdata[i], *job =
        ts_stream_take_job (model->stream);

    job->image = old->image;
    job->thresholds = old->thresholds;
    job->wants_answer = old->wants_answer;
    ts_stream_give_back (item->model->stream, old);
    item->jobs->pdata[i] = job;
  }
  ts_infer_model_unref (item->model);
  item->model = model;
}

static TsJob *
find_failed_job (const TsInferItem * item)
{
  for (guint i = 0; i < item->jobs->len; i++) {
    TsJob *job = item->jobs->pdata[i];

    if (job->error != NULL)
      return job;
  }
  return NULL;
}

gboolean
ts_infer_has_failed (const TsInferItem * item)
{
  return item->error != NULL || find_failed_job (item) != NULL;
}

/* That of the first part that failed stands for all. */
static void
take_error (TsInferItem * item)
{
  TsJob *failed = find_failed_job (item);

  if (failed == NULL)
    return;
  g_clear_error (&item->error);
  item->error = g_steal_pointer (&failed->error);
}

/* The CPU's word on a frame that the device failed on: an answer, or item->error. */
static GstFlowReturn
ask_cpu (GstTorchscriptInfer * self, TsInferItem * item)
{
  GError *error = NULL;
  TsInferModel *model;

  rest (self, item->model, item->error);
  model = wait_for_fallback (self, item->model, &error);
  if (error != NULL) {
    g_prefix_error (&item->error,
        "the CPU cannot answer in place of the device "
        "(%s), whose own error is: ", error->message);
    g_error_free (error);
    return GST_FLOW_OK;
  }
  if (model == NULL)
    return GST_FLOW_FLUSHING;
  change_model (item, model);
  if (!ts_infer_queue_run (self->queue, item))
    return GST_FLOW_FLUSHING;
  g_clear_error (&item->error);
  take_error (item);
  return GST_FLOW_OK;
}

static GstFlowReturn
end_stream (GstTorchscriptInfer * self, TsInferItem * item)
{
  ts_element_error (self, g_steal_pointer (&item->error));
  return GST_FLOW_ERROR;
}

static GstFlowReturn
pass_on (GstTorchscriptInfer * self, TsInferItem * item, TsOnError policy,
    gint max)
{
  guint n = (guint) g_atomic_int_add (&self->failures.in_a_row, 1) + 1;

  if (max >= 0 && n > (guint) max) {
    g_prefix_error (&item->error, "%u frames in a row got no answer, and "
        "max-errors allows %d; the last one: ", n, max);
    return end_stream (self, item);
  }
  self->failures.n_failed++;
  self->failures.n_untold++;
  item->fate = TS_ITEM_FAILS;
  warn (self, item->error, policy == TS_ON_ERROR_CPU ?
      "the frame goes on without an answer, as on-error=cpu says" :
      "the frame goes on without an answer, as on-error=pass-through says");
  return GST_FLOW_OK;
}

/* The frame has no answer, and the policy says what becomes of it. */
static GstFlowReturn
give_up (GstTorchscriptInfer * self, TsInferItem * item, TsOnError policy,
    gint max)
{
  ts_stats_count (self->stats, TS_COUNT_FAILED);
  return policy == TS_ON_ERROR_FAIL ? end_stream (self, item) :
      pass_on (self, item, policy, max);
}

GstFlowReturn
ts_infer_give_up (GstTorchscriptInfer * self, TsInferItem * item)
{
  TsOnError policy;
  gint max;

  read_settings (self, &policy, &max);
  take_error (item);
  return give_up (self, item, policy, max);
}

GstFlowReturn
ts_infer_fail (GstTorchscriptInfer * self, TsInferItem * item)
{
  GstFlowReturn flow = GST_FLOW_OK;
  TsOnError policy;
  gint max;

  read_settings (self, &policy, &max);
  take_error (item);
  if (may_fall_back (item->model, policy, item->error))
    flow = ask_cpu (self, item);
  if (flow != GST_FLOW_OK || item->error == NULL)
    return flow;
  return give_up (self, item, policy, max);
}

static void
tell_recovery (GstTorchscriptInfer * self, const TsInferItem * item)
{
  TsInferFailures *failures = &self->failures;
  const gchar *device = get_device (item->model);

  GST_INFO_OBJECT (self,
      "%s answers again; before, %u frames got no answer and "
      "%u got the CPU's", device, failures->n_failed, failures->n_on_cpu);
  if (failures->is_told)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_element (GST_OBJECT (self),
            gst_structure_new ("torchscript-recovered",
                "device", G_TYPE_STRING, device,
                "failed", G_TYPE_UINT, failures->n_failed,
                "on-cpu", G_TYPE_UINT, failures->n_on_cpu, NULL)));
  failures->n_failed = failures->n_on_cpu = 0;
  failures->is_told = FALSE;
}

/* An answer of the CPU ends a row of failures, but all is well only once the device
 * itself has answered, with a frame that was not on its way when it failed. */
void
ts_infer_succeed (GstTorchscriptInfer * self, const TsInferItem * item)
{
  TsInferFailures *failures = &self->failures;
  TsInferFallback *fallback = item->model->fallback;

  g_atomic_int_set (&failures->in_a_row, 0);
  if (item->model->stands_in) {
    failures->n_on_cpu++;
    ts_stats_count (self->stats, TS_COUNT_ON_CPU);
  } else if ((fallback == NULL || !ts_infer_fallback_rests (fallback))
      && (failures->n_failed > 0 || failures->n_on_cpu > 0)) {
    tell_recovery (self, item);
  }
}

/* In the streaming thread. */
gboolean
ts_infer_warm_up_fails (GstTorchscriptInfer * self, GError * error)
{
  TsOnError policy;

  read_settings (self, &policy, NULL);
  if (policy == TS_ON_ERROR_FAIL
      || g_error_matches (error, TS_ERROR, TS_ERROR_CONFIG)) {
    ts_element_error (self, error);
    return FALSE;
  }
  if (may_fall_back (self->model, policy, error)) {
    rest (self, self->model, error);
    ts_infer_loader_request_fallback (self->loader, self->model);
  } else {
    warn (self, error, "frames of this size may get no answer");
  }
  g_error_free (error);
  return TRUE;
}

/* In the streaming thread. */
TsInferModel *
ts_infer_choose_model (GstTorchscriptInfer * self, TsOnError policy)
{
  TsInferFallback *fallback = self->model->fallback;
  TsInferModel *model = NULL;

  if (policy == TS_ON_ERROR_CPU && fallback != NULL
      && ts_infer_fallback_rests (fallback))
    model = ts_infer_fallback_get (fallback, NULL);
  return model != NULL ? model : ts_infer_model_ref (self->model);
}

TsInferModel *
ts_infer_open_model (GstTorchscriptInfer * self,
    const TsInferSettings * settings, GError ** error)
{
  g_autoptr (GError) failure = NULL;
  TsInferModel *model = ts_infer_model_open (settings, 0, &failure);

  if (model == NULL && settings->on_error == TS_ON_ERROR_CPU
      && ts_infer_fallback_helps (failure)) {
    model = ts_infer_fallback_open_model (settings, 0, error);
    if (model != NULL)
      warn (self, failure, "the CPU is used until the model is opened anew");
  } else if (model == NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
  }
  return model;
}
