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
 */
#include "gsttorchscriptinfer.h"

#include <gst/video/video.h>

#include "elementerror.h"
#include "infersettings.h"
#include "resultattach.h"
#include "tserror.h"
#include "videoimage.h"

GST_DEBUG_CATEGORY_STATIC (torchscript_infer_debug);
#define GST_CAT_DEFAULT torchscript_infer_debug

struct _GstTorchscriptInfer
{
  GstBaseTransform parent;

  TsInferSettings settings;     /* guarded by the object lock */

  /* State, between start() and stop(), used by the streaming thread only. */
  TsDetector *detector;
  GstVideoInfo info;
  gint refused_width, refused_height;   /* the model failed on this size */
  TsResult result;              /* reused for every frame */
  guint64 n_results;
};

G_DEFINE_FINAL_TYPE (GstTorchscriptInfer, gst_torchscript_infer,
    GST_TYPE_BASE_TRANSFORM);
GST_ELEMENT_REGISTER_DEFINE (torchscriptinfer, "torchscriptinfer",
    GST_RANK_NONE, GST_TYPE_TORCHSCRIPT_INFER);

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

static void
gst_torchscript_infer_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (object);

  GST_OBJECT_LOCK (self);
  if (!ts_infer_settings_get (&self->settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (self);
}

/* Opens the detector with the settings as they are now, without holding the
 * lock while a file is read and a module is loaded. */
static TsDetector *
open_detector (GstTorchscriptInfer * self, GError ** error)
{
  TsInferSettings settings;
  TsDetectorOptions options;
  TsDetector *detector;

  GST_OBJECT_LOCK (self);
  ts_infer_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);

  options = ts_infer_settings_get_options (&settings);
  detector = ts_detector_open (&options, error);
  ts_infer_settings_clear (&settings);
  return detector;
}

static gboolean
gst_torchscript_infer_start (GstBaseTransform * trans)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (trans);
  GError *error = NULL;
  const gchar *warning;

  self->detector = open_detector (self, &error);
  if (self->detector == NULL) {
    ts_element_error (self, error);
    return FALSE;
  }
  GST_INFO_OBJECT (self, "model %s on %s (%s), %s",
      ts_detector_get_name (self->detector),
      ts_detector_get_device (self->detector),
      ts_detector_get_device_reason (self->detector),
      ts_detector_get_runtime (self->detector));
  warning = ts_detector_get_runtime_warning (self->detector);
  if (warning != NULL)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS, ("%s", warning), (NULL));
  self->n_results = 0;
  self->refused_width = self->refused_height = 0;
  return TRUE;
}

static gboolean
gst_torchscript_infer_stop (GstBaseTransform * trans)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (trans);

  g_clear_pointer (&self->detector, ts_detector_free);
  gst_video_info_init (&self->info);
  return TRUE;
}

static gboolean
warm_up (GstTorchscriptInfer * self, gint width, gint height)
{
  GError *error = NULL;
  guint runs;

  /* Refused caps come again with every sticky event; one error is enough. */
  if (width == self->refused_width && height == self->refused_height)
    return FALSE;
  GST_OBJECT_LOCK (self);
  runs = self->settings.warmup;
  GST_OBJECT_UNLOCK (self);
  if (ts_detector_warm_up (self->detector, width, height, runs, &error)) {
    GST_INFO_OBJECT (self, "%s", ts_detector_get_size_note (self->detector) ?
        ts_detector_get_size_note (self->detector) : "warmed up");
    return TRUE;
  }
  self->refused_width = width;
  self->refused_height = height;
  ts_element_error (self, error);
  return FALSE;
}

static gboolean
gst_torchscript_infer_set_caps (GstBaseTransform * trans, GstCaps * incaps,
    GstCaps * outcaps)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (trans);
  GstVideoInfo info;

  if (!gst_video_info_from_caps (&info, incaps)
      || !warm_up (self, info.width, info.height))
    return FALSE;
  self->info = info;
  return TRUE;
}

/* What downstream can take is what we can, save one thing: a crop that is only
 * written beside the frame would not reach the model. */
static gboolean
gst_torchscript_infer_propose_allocation (GstBaseTransform * trans,
    GstQuery * decide_query, GstQuery * query)
{
  guint i;

  if (!GST_BASE_TRANSFORM_CLASS
      (gst_torchscript_infer_parent_class)->propose_allocation (trans,
          decide_query, query))
    return FALSE;
  if (gst_query_find_allocation_meta (query, GST_VIDEO_CROP_META_API_TYPE, &i))
    gst_query_remove_nth_allocation_meta (query, i);
  return TRUE;
}

/* Fills self->result with what the model finds in the buffer's pixels. */
static gboolean
detect (GstTorchscriptInfer * self, GstBuffer * buffer, GError ** error)
{
  TsThresholds thresholds;
  GstVideoFrame frame;
  gboolean done;
  TsImage image;

  if (!gst_video_frame_map (&frame, &self->info, buffer, GST_MAP_READ)) {
    g_set_error (error, TS_ERROR, TS_ERROR_READ,
        "A %s frame of %dx%d pixels could not be read: the buffer of %"
        G_GSIZE_FORMAT " bytes is too small for it or cannot be mapped; look "
        "at the element upstream", gst_video_format_to_string
        (GST_VIDEO_INFO_FORMAT (&self->info)), self->info.width,
        self->info.height, gst_buffer_get_size (buffer));
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  thresholds = ts_infer_settings_get_thresholds (&self->settings);
  GST_OBJECT_UNLOCK (self);

  ts_image_from_video_frame (&image, &frame);
  done = ts_detector_run (self->detector, &image, &thresholds, &self->result,
      error);
  gst_video_frame_unmap (&frame);
  return done;
}

/* Without a decoder the tensors are all there is. */
static void
attach (GstTorchscriptInfer * self, GstBuffer * buffer)
{
  TsResultInfo info = {
    self->detector, self->info.width, self->info.height, self->n_results++
  };
  gboolean with_tensors;

  GST_OBJECT_LOCK (self);
  with_tensors = self->settings.output_tensors;
  info.forms = self->settings.meta;
  GST_OBJECT_UNLOCK (self);

  ts_result_attach (&self->result, &info, buffer);
  if (with_tensors
      || ts_detector_get_kind (self->detector) == TS_RESULT_NOTHING)
    ts_result_attach_tensors (&info, buffer);
}

static GstFlowReturn
gst_torchscript_infer_transform_ip (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (trans);
  GError *error = NULL;

  if (!detect (self, buffer, &error)) {
    ts_element_error (self, error);
    return GST_FLOW_ERROR;
  }
  attach (self, buffer);
  GST_LOG_OBJECT (self, "%u detections in %" GST_PTR_FORMAT,
      self->result.boxes->len, buffer);
  return GST_FLOW_OK;
}

static void
gst_torchscript_infer_finalize (GObject * object)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (object);

  ts_infer_settings_clear (&self->settings);
  ts_result_clear (&self->result);
  G_OBJECT_CLASS (gst_torchscript_infer_parent_class)->finalize (object);
}

static void
gst_torchscript_infer_init (GstTorchscriptInfer * self)
{
  ts_infer_settings_init (&self->settings);
  ts_result_init (&self->result);
  gst_base_transform_set_in_place (GST_BASE_TRANSFORM (self), TRUE);
}

static void
gst_torchscript_infer_class_init (GstTorchscriptInferClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (torchscript_infer_debug, "torchscriptinfer", 0,
      "TorchScript inference");

  object_class->set_property = gst_torchscript_infer_set_property;
  object_class->get_property = gst_torchscript_infer_get_property;
  object_class->finalize = gst_torchscript_infer_finalize;
  ts_infer_settings_install (object_class);
  gst_type_mark_as_plugin_api (TS_TYPE_META_FORMS, 0);

  gst_element_class_set_static_metadata (element_class,
      "TorchScript inference", "Filter/Analyzer/Video",
      "Finds objects in video with a PyTorch TorchScript model",
      "The gst-torchscript developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_torchscript_infer_start;
  trans_class->stop = gst_torchscript_infer_stop;
  trans_class->set_caps = gst_torchscript_infer_set_caps;
  trans_class->propose_allocation = gst_torchscript_infer_propose_allocation;
  trans_class->transform_ip = gst_torchscript_infer_transform_ip;
}
