/* gsttorchscriptinfer.c - runs a TorchScript model on video frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-torchscriptinfer
 * @title: torchscriptinfer
 * @short_description: finds objects in video with a TorchScript model
 *
 * Runs a PyTorch model, saved with `torch.jit.save`, on every frame and attaches
 * its answer: boxes as #GstTorchscriptDetectionMeta, mirrored to
 * #GstVideoRegionOfInterestMeta; classes of the whole frame as
 * #GstTorchscriptClassificationMeta; a segmentation as #GstTorchscriptMaskMeta;
 * and the raw tensors as #GstTorchscriptTensorMeta if
 * #GstTorchscriptInfer:output-tensors says so. The video itself passes through
 * untouched.
 *
 * With #GstTorchscriptInfer:inference-on set to `detections` the model looks at each
 * detection that another element has found, and its answers name that as their parent.
 *
 * #GstTorchscriptInfer:model is an mlpkg package or a bare `.pt` file. Colour
 * conversion, scaling, padding and normalisation happen inside, as the package
 * says, so that no converter is needed in front.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=page.png ! decodebin ! torchscriptinfer \
 *     model=models/doclayout-n.mlpkg ! videoconvert ! \
 *     video/x-raw,format=RGB ! detectionoverlay ! pngenc ! \
 *     filesink location=boxes.png
 * ]|
 *
 * Since: 0.1
 */
#include "inferelement.h"

#include "elementerror.h"
#include "inferstats.h"
#include "videoimage.h"

GST_DEBUG_CATEGORY (torchscript_infer_debug);
#define GST_CAT_DEFAULT torchscript_infer_debug

G_DEFINE_FINAL_TYPE (GstTorchscriptInfer, gst_torchscript_infer,
    GST_TYPE_ELEMENT);
GST_ELEMENT_REGISTER_DEFINE (torchscriptinfer, "torchscriptinfer",
    GST_RANK_NONE, GST_TYPE_TORCHSCRIPT_INFER);

guint ts_infer_signal_detections;

/* The first id after those of the settings. */
static guint prop_stats;

#define VIDEO_CAPS GST_VIDEO_CAPS_MAKE (TS_VIDEO_FORMATS)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));

static void
gst_torchscript_infer_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (object);

  GST_OBJECT_LOCK (self);
  if (!ts_infer_settings_set (&self->settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (self);
}

/* The model is asked without the lock. */
GstStructure *
ts_infer_get_stats (GstTorchscriptInfer * self)
{
  g_autoptr (TsInferModel) model = NULL;
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  if (self->model != NULL)
    model = ts_infer_model_ref (self->model);
  GST_OBJECT_UNLOCK (self);
  stats = ts_infer_stats_to_structure (self->stats, model,
      ts_infer_queue_get_level (self->queue));
  gst_structure_set (stats, "failed-in-a-row", G_TYPE_UINT,
      (guint) g_atomic_int_get (&self->failures.in_a_row), NULL);
  return stats;
}

static void
gst_torchscript_infer_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (object);

  if (id == prop_stats) {
    g_value_take_boxed (value, ts_infer_get_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  if (!ts_infer_settings_get (&self->settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_torchscript_infer_dispatch_properties_changed (GObject * object,
    guint n_pspecs, GParamSpec ** pspecs)
{
  G_OBJECT_CLASS (gst_torchscript_infer_parent_class)
      ->dispatch_properties_changed (object, n_pspecs, pspecs);
  ts_infer_reload_notify (GST_TORCHSCRIPT_INFER (object), n_pspecs, pspecs);
}

static void
tell_model (GstTorchscriptInfer * self)
{
  const TsDetector *detector = ts_infer_model_get_detector (self->model);
  const gchar *warning = ts_detector_get_runtime_warning (detector);

  GST_INFO_OBJECT (self, "model %s on %s (%s), %s",
      ts_detector_get_name (detector), ts_detector_get_device (detector),
      ts_detector_get_device_reason (detector),
      ts_detector_get_runtime (detector));
  if (warning != NULL)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS, ("%s", warning), (NULL));
}

/* Before there is anything to measure. */
static GstClockTime
estimate_latency (const TsInferSettings * settings)
{
  return settings->scheduling == TS_SCHEDULING_THROUGHPUT
      && settings->batch_size > 1 ? settings->batch_timeout * GST_MSECOND : 0;
}

static gboolean
open_model (GstTorchscriptInfer * self, const TsInferSettings * settings)
{
  GError *error = NULL;
  TsInferModel *model = ts_infer_open_model (self, settings, &error);

  GST_OBJECT_LOCK (self);
  self->model = model;
  GST_OBJECT_UNLOCK (self);
  if (model == NULL) {
    ts_element_error (self, error);
    return FALSE;
  }
  tell_model (self);
  ts_infer_queue_set_max (self->queue,
      ts_infer_settings_get_max_in_flight (settings, model->instance));
  ts_infer_latency_reset (&self->latency, estimate_latency (settings));
  return TRUE;
}

/* Takes the settings as they are now, without holding the lock while a file is read
 * and a module is loaded. */
static gboolean
start (GstTorchscriptInfer * self)
{
  TsInferSettings settings;
  gboolean opened;

  GST_OBJECT_LOCK (self);
  ts_infer_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);
  /* What else there is of them is as ts_infer_src_reset() left it. */
  self->failures.told_us = 0;
  self->failures.n_untold = 0;
  opened = open_model (self, &settings);
  if (opened)
    ts_infer_loader_start (self->loader, &settings);
  ts_infer_settings_clear (&settings);
  self->n_results = 0;
  self->refused_width = self->refused_height = 0;
  ts_infer_late_reset (&self->late);
  return opened;
}

/* Neither thread runs any more. */
static void
stop (GstTorchscriptInfer * self)
{
  TsInferModel *model;

  ts_infer_loader_stop (self->loader);
  ts_infer_src_reset (self);
  GST_OBJECT_LOCK (self);
  model = g_steal_pointer (&self->model);
  GST_OBJECT_UNLOCK (self);
  ts_infer_model_unref (model);
  gst_video_info_init (&self->info);
  self->info.finfo = NULL;
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
}

static GstStateChangeReturn
gst_torchscript_infer_change_state (GstElement * element,
    GstStateChange transition)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self))
    return GST_STATE_CHANGE_FAILURE;
  result = GST_ELEMENT_CLASS (gst_torchscript_infer_parent_class)->change_state
      (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && result == GST_STATE_CHANGE_FAILURE))
    stop (self);
  return result;
}

static void
gst_torchscript_infer_finalize (GObject * object)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (object);

  ts_infer_queue_free (self->queue);
  ts_infer_loader_free (self->loader);
  ts_infer_late_clear (&self->late);
  ts_infer_latency_clear (&self->latency);
  ts_stats_free (self->stats);
  ts_infer_regions_clear (&self->regions);
  g_array_unref (self->last_boxes);
  g_array_unref (self->last_regions);
  ts_tracker_free (self->tracker);
  ts_infer_settings_clear (&self->settings);
  G_OBJECT_CLASS (gst_torchscript_infer_parent_class)->finalize (object);
}

static void
add_sink_pad (GstTorchscriptInfer * self)
{
  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, ts_infer_sink_chain);
  gst_pad_set_event_full_function (self->sinkpad, ts_infer_sink_event);
  gst_pad_set_query_function (self->sinkpad, ts_infer_sink_query);
  gst_pad_set_activatemode_function (self->sinkpad, ts_infer_sink_activate);
  GST_PAD_SET_PROXY_CAPS (self->sinkpad);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
}

static void
add_src_pad (GstTorchscriptInfer * self)
{
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_event_function (self->srcpad, ts_infer_src_event);
  gst_pad_set_query_function (self->srcpad, ts_infer_src_query);
  gst_pad_set_activatemode_function (self->srcpad, ts_infer_src_activate);
  GST_PAD_SET_PROXY_CAPS (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
gst_torchscript_infer_init (GstTorchscriptInfer * self)
{
  ts_infer_settings_init (&self->settings);
  self->queue = ts_infer_queue_new ();
  ts_infer_late_init (&self->late);
  ts_infer_latency_init (&self->latency);
  self->stats = ts_stats_new ();
  ts_infer_reload_init (self);
  ts_infer_regions_init (&self->regions);
  self->last_boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  self->last_regions = g_array_new (FALSE, FALSE, sizeof (TsInferRegion));
  self->tracker = ts_tracker_new ();
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  add_sink_pad (self);
  add_src_pad (self);
}

static void
install_signals (GType type)
{
  g_signal_new ("model-loaded", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_UINT);
  g_signal_new ("model-failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  ts_infer_signal_detections =
      g_signal_new ("detections", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 1, GST_TYPE_BUFFER | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
gst_torchscript_infer_class_init (GstTorchscriptInferClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (torchscript_infer_debug, "torchscriptinfer", 0,
      "TorchScript inference");

  object_class->set_property = gst_torchscript_infer_set_property;
  object_class->get_property = gst_torchscript_infer_get_property;
  object_class->finalize = gst_torchscript_infer_finalize;
  object_class->dispatch_properties_changed =
      gst_torchscript_infer_dispatch_properties_changed;
  prop_stats = ts_infer_settings_install (object_class);
  g_object_class_install_property (object_class, prop_stats,
      g_param_spec_boxed ("stats", "Statistics",
          "What happened to the frames since the element was made, and how long "
          "each step of their way takes", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  install_signals (G_TYPE_FROM_CLASS (klass));
  gst_type_mark_as_plugin_api (TS_TYPE_META_FORMS, 0);

  gst_element_class_set_static_metadata (element_class,
      "TorchScript inference", "Filter/Analyzer/Video",
      "Finds objects in video with a PyTorch TorchScript model",
      "The gst-torchscript developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  element_class->change_state = gst_torchscript_infer_change_state;
}
