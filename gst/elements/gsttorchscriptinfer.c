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
#include "resultattach.h"
#include "tserror.h"
#include "videoimage.h"

GST_DEBUG_CATEGORY_STATIC (torchscript_infer_debug);
#define GST_CAT_DEFAULT torchscript_infer_debug

#define DEFAULT_DEVICE "auto"
#define DEFAULT_THREADS 0
#define DEFAULT_WARMUP 1
#define DEFAULT_OUTPUT_TENSORS FALSE
#define FROM_PACKAGE_THRESHOLD -1.0f
#define FROM_PACKAGE_MAX 0

enum
{
  PROP_0,
  PROP_MODEL,
  PROP_DEVICE,
  PROP_THREADS,
  PROP_SCORE_THRESHOLD,
  PROP_IOU_THRESHOLD,
  PROP_MAX_DETECTIONS,
  PROP_DECODER,
  PROP_OUTPUT,
  PROP_LABELS,
  PROP_METHOD,
  PROP_WARMUP,
  PROP_OUTPUT_TENSORS,
  PROP_WEIGHTS,
  PROP_CUSTOM_OP_LIBS,
  PROP_SELF_TEST,
};

struct _GstTorchscriptInfer
{
  GstBaseTransform parent;

  /* Settings, guarded by the object lock.  What the module depends on is read
   * when the element starts, warmup with the caps, the others with each frame. */
  gchar *model, *device, *decoder, *output, *labels, *method;
  gchar *weights, *custom_op_libs;
  gboolean self_test;
  guint threads, warmup;
  gboolean output_tensors;
  TsThresholds thresholds;

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
replace_string (gchar ** setting, const GValue * value)
{
  g_free (*setting);
  *setting = g_value_dup_string (value);
}

static void
gst_torchscript_infer_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODEL:
      replace_string (&self->model, value);
      break;
    case PROP_DEVICE:
      replace_string (&self->device, value);
      break;
    case PROP_THREADS:
      self->threads = g_value_get_uint (value);
      break;
    case PROP_SCORE_THRESHOLD:
      self->thresholds.score_threshold = g_value_get_float (value);
      break;
    case PROP_IOU_THRESHOLD:
      self->thresholds.iou_threshold = g_value_get_float (value);
      break;
    case PROP_MAX_DETECTIONS:
      self->thresholds.max_detections = g_value_get_int (value);
      break;
    case PROP_DECODER:
      replace_string (&self->decoder, value);
      break;
    case PROP_OUTPUT:
      replace_string (&self->output, value);
      break;
    case PROP_LABELS:
      replace_string (&self->labels, value);
      break;
    case PROP_METHOD:
      replace_string (&self->method, value);
      break;
    case PROP_WARMUP:
      self->warmup = g_value_get_uint (value);
      break;
    case PROP_OUTPUT_TENSORS:
      self->output_tensors = g_value_get_boolean (value);
      break;
    case PROP_WEIGHTS:
      replace_string (&self->weights, value);
      break;
    case PROP_CUSTOM_OP_LIBS:
      replace_string (&self->custom_op_libs, value);
      break;
    case PROP_SELF_TEST:
      self->self_test = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_torchscript_infer_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODEL:
      g_value_set_string (value, self->model);
      break;
    case PROP_DEVICE:
      g_value_set_string (value, self->device);
      break;
    case PROP_THREADS:
      g_value_set_uint (value, self->threads);
      break;
    case PROP_SCORE_THRESHOLD:
      g_value_set_float (value, self->thresholds.score_threshold);
      break;
    case PROP_IOU_THRESHOLD:
      g_value_set_float (value, self->thresholds.iou_threshold);
      break;
    case PROP_MAX_DETECTIONS:
      g_value_set_int (value, self->thresholds.max_detections);
      break;
    case PROP_DECODER:
      g_value_set_string (value, self->decoder);
      break;
    case PROP_OUTPUT:
      g_value_set_string (value, self->output);
      break;
    case PROP_LABELS:
      g_value_set_string (value, self->labels);
      break;
    case PROP_METHOD:
      g_value_set_string (value, self->method);
      break;
    case PROP_WARMUP:
      g_value_set_uint (value, self->warmup);
      break;
    case PROP_OUTPUT_TENSORS:
      g_value_set_boolean (value, self->output_tensors);
      break;
    case PROP_WEIGHTS:
      g_value_set_string (value, self->weights);
      break;
    case PROP_CUSTOM_OP_LIBS:
      g_value_set_string (value, self->custom_op_libs);
      break;
    case PROP_SELF_TEST:
      g_value_set_boolean (value, self->self_test);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* gst-launch-1.0 and forms of graphical tools cannot write NULL, only "". */
static gchar *
copy_setting (const gchar * setting)
{
  return setting != NULL && *setting != '\0' ? g_strdup (setting) : NULL;
}

/* Opens the detector with the settings as they are now, without holding the
 * lock while a file is read and a module is loaded. */
static TsDetector *
open_detector (GstTorchscriptInfer * self, GError ** error)
{
  g_autofree gchar *model = NULL, *device = NULL, *decoder = NULL;
  g_autofree gchar *output = NULL, *labels = NULL, *method = NULL;
  g_autofree gchar *weights = NULL, *op_libs = NULL;
  TsDetectorOptions options = { NULL, };

  GST_OBJECT_LOCK (self);
  options.model = model = copy_setting (self->model);
  options.device = device = copy_setting (self->device);
  options.decoder = decoder = copy_setting (self->decoder);
  options.output = output = copy_setting (self->output);
  options.labels = labels = copy_setting (self->labels);
  options.method = method = copy_setting (self->method);
  options.threads = self->threads;
  options.weights = weights = copy_setting (self->weights);
  options.op_libs = op_libs = copy_setting (self->custom_op_libs);
  options.self_test = self->self_test;
  GST_OBJECT_UNLOCK (self);

  return ts_detector_open (&options, error);
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
  runs = self->warmup;
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
  thresholds = self->thresholds;
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
  const TsResultInfo info = {
    self->detector, self->info.width, self->info.height, self->n_results++
  };
  gboolean with_tensors;

  GST_OBJECT_LOCK (self);
  with_tensors = self->output_tensors;
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

  g_free (self->model);
  g_free (self->device);
  g_free (self->decoder);
  g_free (self->output);
  g_free (self->labels);
  g_free (self->method);
  g_free (self->weights);
  g_free (self->custom_op_libs);
  ts_result_clear (&self->result);
  G_OBJECT_CLASS (gst_torchscript_infer_parent_class)->finalize (object);
}

static void
gst_torchscript_infer_init (GstTorchscriptInfer * self)
{
  self->device = g_strdup (DEFAULT_DEVICE);
  self->threads = DEFAULT_THREADS;
  self->warmup = DEFAULT_WARMUP;
  self->thresholds.score_threshold = FROM_PACKAGE_THRESHOLD;
  self->thresholds.iou_threshold = FROM_PACKAGE_THRESHOLD;
  self->thresholds.max_detections = FROM_PACKAGE_MAX;
  ts_result_init (&self->result);
  gst_base_transform_set_in_place (GST_BASE_TRANSFORM (self), TRUE);
}

static void
install_model_properties (GObjectClass * klass)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "An mlpkg package (a directory or one zip file) or a TorchScript file "
          "(.pt, .pth)", NULL, flags));
  g_object_class_install_property (klass, PROP_DEVICE,
      g_param_spec_string ("device", "Device",
          "Where the model runs: auto (the package's wish, else CUDA if it "
          "works, else the CPU), cpu, cuda, cuda:N or mps",
          DEFAULT_DEVICE, flags));
  g_object_class_install_property (klass, PROP_THREADS,
      g_param_spec_uint ("threads", "Threads",
          "CPU threads of one forward pass (0: one for each core)",
          0, 1024, DEFAULT_THREADS, flags));
  g_object_class_install_property (klass, PROP_DECODER,
      g_param_spec_string ("decoder", "Decoder",
          "How the model's outputs are read: yolov10, yolo-end2end, yolov8, "
          "yolov5, ssd, torchvision, detr, classification, segmentation or "
          "tensors (unset: as the package says)", NULL, flags));
  g_object_class_install_property (klass, PROP_OUTPUT,
      g_param_spec_string ("output", "Output",
          "Which parts of the module's answer the decoder reads: a list index, "
          "a dict key, or several joined by dots; or pairs of a role and such a "
          "key, boxes=0,scores=1 (unset: as the package says)", NULL, flags));
  g_object_class_install_property (klass, PROP_LABELS,
      g_param_spec_string ("labels", "Labels",
          "A text file with one class name a line, the first for class 0 "
          "(unset: as the package or the file says)", NULL, flags));
  g_object_class_install_property (klass, PROP_METHOD,
      g_param_spec_string ("method", "Method",
          "The method of the module to call (unset: forward)", NULL, flags));
  g_object_class_install_property (klass, PROP_WARMUP,
      g_param_spec_uint ("warmup", "Warm-up",
          "Forward passes on a grey frame before the first one, each time the "
          "frame size changes; they find a model that does not fit, too",
          0, 100, DEFAULT_WARMUP, flags));
  g_object_class_install_property (klass, PROP_OUTPUT_TENSORS,
      g_param_spec_boolean ("output-tensors", "Output tensors",
          "Attach all that the model returns as raw tensors, too",
          DEFAULT_OUTPUT_TENSORS, flags | GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (klass, PROP_WEIGHTS,
      g_param_spec_string ("weights", "Weights",
          "A safetensors file whose tensors replace the model's own, by name "
          "(unset: the package's, if it has one)", NULL, flags));
  g_object_class_install_property (klass, PROP_CUSTOM_OP_LIBS,
      g_param_spec_string ("custom-op-libs", "Custom operator libraries",
          "Shared libraries that register operators the model needs, separated "
          "by commas; loaded for good, and their code is trusted", NULL,
          flags));
  g_object_class_install_property (klass, PROP_SELF_TEST,
      g_param_spec_boolean ("self-test", "Self-test",
          "Run the package's self-test at start, and refuse a model that answers "
          "differently", FALSE, flags));
}

static void
install_threshold_properties (GObjectClass * klass)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  g_object_class_install_property (klass, PROP_SCORE_THRESHOLD,
      g_param_spec_float ("score-threshold", "Score threshold",
          "Detections need a score above this, 0 to 1 (-1: as the package says)",
          -1, 1, FROM_PACKAGE_THRESHOLD, flags));
  g_object_class_install_property (klass, PROP_IOU_THRESHOLD,
      g_param_spec_float ("iou-threshold", "IoU threshold",
          "Overlap, as intersection over union, above which non-maximum "
          "suppression drops the weaker box, for decoders that need it, 0 to 1 "
          "(-1: as the package says)", -1, 1, FROM_PACKAGE_THRESHOLD, flags));
  g_object_class_install_property (klass, PROP_MAX_DETECTIONS,
      g_param_spec_int ("max-detections", "Maximum detections",
          "At most so many detections a frame, the best ones "
          "(0: as the package says)", 0, 100000, FROM_PACKAGE_MAX, flags));
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
  install_model_properties (object_class);
  install_threshold_properties (object_class);

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
