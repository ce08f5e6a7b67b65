/* inferreload.c - torchscriptinfer changes its model while it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "elementerror.h"
#include "inferelement.h"

#define GST_CAT_DEFAULT torchscript_infer_debug

static void
get_settings (gpointer element, TsInferSettings * settings)
{
  GstTorchscriptInfer *self = element;

  GST_OBJECT_LOCK (self);
  ts_infer_settings_copy (&self->settings, settings);
  GST_OBJECT_UNLOCK (self);
}

static void
loaded (gpointer element, TsInferModel * model)
{
  const gchar *name =
      ts_detector_get_name (ts_infer_model_get_detector (model));

  GST_INFO_OBJECT (element, "model %u is %s", model->number, name);
  gst_element_post_message (element, gst_message_new_element (element,
          gst_structure_new ("torchscript-model-loaded", "model",
              G_TYPE_STRING, name, "number", G_TYPE_UINT, model->number,
              NULL)));
  g_signal_emit_by_name (element, "model-loaded", name, model->number);
}

static void
failed (gpointer element, const gchar * path, GError * error)
{
  g_autofree gchar *text = g_strdup (error->message);

  ts_element_warning (element, error);
  g_signal_emit_by_name (element, "model-failed", path, text);
}

static void
fell_back (gpointer element)
{
  GstTorchscriptInfer *self = element;

  ts_infer_queue_wake (self->queue);
}

static const TsInferLoaderFuncs funcs =
    { get_settings, loaded, failed, fell_back };

void
ts_infer_reload_init (GstTorchscriptInfer * self)
{
  self->loader = ts_infer_loader_new (&funcs, self);
}

/* Several that are set at once come here at once. */
void
ts_infer_reload_notify (GstTorchscriptInfer * self, guint n_pspecs,
    GParamSpec ** pspecs)
{
  gboolean watch;
  guint i;

  for (i = 0; i < n_pspecs; i++) {
    if (ts_infer_settings_is_of_model (pspecs[i])) {
      ts_infer_loader_request (self->loader);
      break;
    }
  }
  GST_OBJECT_LOCK (self);
  watch = self->settings.reload_on_change;
  GST_OBJECT_UNLOCK (self);
  ts_infer_loader_set_watch (self->loader, watch);
}

/* Frames on their way keep the model that they were given to. */
void
ts_infer_reload_swap (GstTorchscriptInfer * self)
{
  TsInferModel *model = ts_infer_loader_take (self->loader);
  TsInferModel *old;
  guint max_in_flight;

  if (model == NULL)
    return;
  GST_OBJECT_LOCK (self);
  old = self->model;
  self->model = model;
  max_in_flight = ts_infer_settings_get_max_in_flight (&self->settings,
      model->instance);
  GST_OBJECT_UNLOCK (self);
  ts_infer_queue_set_max (self->queue, max_in_flight);
  ts_infer_model_unref (old);
  self->refused_width = self->refused_height = 0;
}
