/* infersettings.c - the properties of torchscriptinfer and their values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A property is a field of TsInferSettings and a line of install_*(), which says
 * where the field is; setting, getting, copying and freeing follow from the two.
 */
#include "infersettings.h"

#include <string.h>

#include "../runtime/tsinstance.h"

#define READY (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING (READY | GST_PARAM_MUTABLE_PLAYING)

/* What the model depends on: a change in PLAYING loads another one. */
#define OF_MODEL GST_PARAM_USER_SHIFT
#define MODEL (PLAYING | OF_MODEL)

#define FROM_PACKAGE_THRESHOLD -1.0f
#define FROM_PACKAGE_MAX 0

#define FIELD(name) G_STRUCT_OFFSET (TsInferSettings, name)

#define MAX_SETTINGS 64

/* Filled once, in class_init; a property's id is its place here plus one. */
static struct
{
  GParamSpec *pspec;
  gsize offset;
  gboolean of_model;
} settings[MAX_SETTINGS];
static guint n_settings;

static void
add (GObjectClass * klass, gsize offset, GParamSpec * pspec)
{
  g_assert (n_settings < MAX_SETTINGS);
  settings[n_settings].pspec = pspec;
  settings[n_settings].offset = offset;
  settings[n_settings].of_model = (pspec->flags & OF_MODEL) != 0;
  pspec->flags &= ~OF_MODEL;    /* gst-inspect-1.0 would show it */
  g_object_class_install_property (klass, ++n_settings, pspec);
}

static void
install_module (GObjectClass * klass)
{
  add (klass, FIELD (model), g_param_spec_string ("model", "Model",
          "An mlpkg package (a directory or one zip file) or a TorchScript file "
          "(.pt, .pth)", NULL, MODEL));
  add (klass, FIELD (device), g_param_spec_string ("device", "Device",
          "Where the model runs: auto (the package's wish, else CUDA if it "
          "works, else the CPU), cpu, cuda, cuda:N or mps", "auto", MODEL));
  add (klass, FIELD (threads), g_param_spec_uint ("threads", "Threads",
          "CPU threads of one forward pass (0: one for each core, shared by the "
          "lanes)", 0, 1024, 0, MODEL));
  add (klass, FIELD (method), g_param_spec_string ("method", "Method",
          "The method of the module to call (unset: forward)", NULL, MODEL));
  add (klass, FIELD (weights), g_param_spec_string ("weights", "Weights",
          "A safetensors file whose tensors replace the model's own, by name "
          "(unset: the package's, if it has one)", NULL, MODEL));
  add (klass, FIELD (custom_op_libs),
      g_param_spec_string ("custom-op-libs", "Custom operator libraries",
          "Shared libraries that register operators the model needs, separated "
          "by commas; loaded for good, and their code is trusted", NULL,
          MODEL));
  add (klass, FIELD (self_test), g_param_spec_boolean ("self-test", "Self-test",
          "Run the package's self-test at start, and refuse a model that answers "
          "differently", FALSE, MODEL));
  add (klass, FIELD (reload_on_change),
      g_param_spec_boolean ("reload-on-change", "Reload on change",
          "While running, load the model anew when its file or package changes; a "
          "file is best put in the place of the old one by a rename", FALSE,
          PLAYING));
  add (klass, FIELD (warmup), g_param_spec_uint ("warmup", "Warm-up",
          "Forward passes on a grey frame before the first one, each time the "
          "frame size changes; they find a model that does not fit, too", 0,
          100, 1, READY));
}

static GType
get_tune_type (void)
{
  static const GEnumValue values[] = {
    {TS_TUNE_OFF, "Run the frozen module as it is", "off"},
    {TS_TUNE_AUTO,
          "Measure a few forms for up to 3 s, and remember the fastest",
        "auto"},
    {TS_TUNE_FULL, "Measure all forms for up to 60 s, whatever is remembered",
        "full"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstTorchscriptTune",
            values));
  return type;
}

static GType
get_precision_type (void)
{
  static const GEnumValue values[] = {
    {TS_PRECISION_AUTO, "A lower one where the detections stay the same",
        "auto"},
    {TS_PRECISION_FP32, "As the package says, which is float32 as a rule",
        "fp32"},
    {TS_PRECISION_BF16, "bfloat16", "bf16"},
    {TS_PRECISION_FP16, "float16", "fp16"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstTorchscriptPrecision", values));
  return type;
}

static void
install_speed (GObjectClass * klass)
{
  add (klass, FIELD (tune), g_param_spec_enum ("tune", "Tune",
          "Whether the warm-up looks for the form of the module that is fastest "
          "on this machine at the negotiated size", get_tune_type (),
          TS_TUNE_AUTO, READY));
  add (klass, FIELD (precision), g_param_spec_enum ("precision", "Precision",
          "What convolutions and matrix products compute in; auto takes a lower "
          "one only while tuning, and if the package brings a picture to prove "
          "it on", get_precision_type (), TS_PRECISION_AUTO, READY));
}

static GType
get_isolation_type (void)
{
  static const GEnumValue values[] = {
    {TS_ISOLATION_NONE, "In this process", "none"},
    {TS_ISOLATION_PROCESS, "In a process of its own, which can only compute",
        "process"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstTorchscriptIsolation", values));
  return type;
}

static void
install_limits (GObjectClass * klass)
{
  add (klass, FIELD (isolation), g_param_spec_enum ("isolation", "Isolation",
          "Where the module is loaded and runs", get_isolation_type (),
          TS_ISOLATION_NONE, READY));
  add (klass, FIELD (forward_timeout),
      g_param_spec_uint ("forward-timeout", "Forward timeout",
          "A forward pass that takes longer is an error, in milliseconds "
          "(0: none)", 0, G_MAXINT, 0, READY));
  add (klass, FIELD (load_timeout),
      g_param_spec_uint ("load-timeout", "Load timeout",
          "Loading that takes longer is an error, in milliseconds, with "
          "isolation=process (0: none)", 0, G_MAXINT, 0, READY));
  add (klass, FIELD (max_restarts),
      g_param_spec_uint ("max-restarts", "Maximum restarts",
          "How often a process that ended is started again, with "
          "isolation=process", 0, G_MAXINT, 3, READY));
  add (klass, FIELD (memory_limit),
      g_param_spec_uint ("memory-limit", "Memory limit",
          "Memory for the module and its forward passes, in MiB, with "
          "isolation=process (0: three quarters of the machine's)",
          0, G_MAXINT, 0, READY));
}

static void
install_safety (GObjectClass * klass)
{
  add (klass, FIELD (unsafe_operators),
      g_param_spec_boolean ("unsafe-operators", "Unsafe operators",
          "Run a model that calls operators which do more than compute: read or "
          "write files, print, talk to other processes; only for files whose "
          "author is trusted", FALSE, MODEL));
  add (klass, FIELD (trusted_keys),
      g_param_spec_string ("trusted-keys", "Trusted keys",
          "A file with public keys of minisign, one a line; a model that none of "
          "them has signed is refused (unset: none need be)", NULL, MODEL));
}

static void
install_answer (GObjectClass * klass)
{
  add (klass, FIELD (decoder), g_param_spec_string ("decoder", "Decoder",
          "How the model's outputs are read: yolov10, yolo-end2end, yolov8, "
          "yolov5, ssd, torchvision, detr, classification, segmentation or "
          "tensors (unset: as the package says)", NULL, MODEL));
  add (klass, FIELD (output), g_param_spec_string ("output", "Output",
          "Which parts of the module's answer the decoder reads: a list index, "
          "a dict key, or several joined by dots; or pairs of a role and such a "
          "key, boxes=0,scores=1 (unset: as the package says)", NULL, MODEL));
  add (klass, FIELD (labels), g_param_spec_string ("labels", "Labels",
          "A text file with one class name a line, the first for class 0 "
          "(unset: as the package or the file says)", NULL, MODEL));
  add (klass, FIELD (output_tensors),
      g_param_spec_boolean ("output-tensors", "Output tensors",
          "Attach all that the model returns as raw tensors, too",
          FALSE, PLAYING));
  add (klass, FIELD (meta), g_param_spec_enum ("meta", "Meta",
          "Which metas of others the answers are mirrored to; our own are always "
          "attached", TS_TYPE_META_FORMS, TS_META_AUTO, PLAYING));
}

static void
install_thresholds (GObjectClass * klass)
{
  add (klass, FIELD (score_threshold),
      g_param_spec_float ("score-threshold", "Score threshold",
          "Detections need a score above this, 0 to 1 (-1: as the package says)",
          -1, 1, FROM_PACKAGE_THRESHOLD, PLAYING));
  add (klass, FIELD (iou_threshold),
      g_param_spec_float ("iou-threshold", "IoU threshold",
          "Overlap, as intersection over union, above which non-maximum "
          "suppression drops the weaker box, for decoders that need it, 0 to 1 "
          "(-1: as the package says)", -1, 1, FROM_PACKAGE_THRESHOLD, PLAYING));
  add (klass, FIELD (max_detections),
      g_param_spec_int ("max-detections", "Maximum detections",
          "At most so many detections a frame, the best ones "
          "(0: as the package says)", 0, 100000, FROM_PACKAGE_MAX, PLAYING));
}

static GType
get_scheduling_type (void)
{
  static const GEnumValue values[] = {
    {TS_SCHEDULING_LATENCY, "A free model takes the frames that are there",
        "latency"},
    {TS_SCHEDULING_THROUGHPUT, "It waits up to batch-timeout for a full batch",
        "throughput"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstTorchscriptScheduling", values));
  return type;
}

static GType
get_devices_type (void)
{
  static const GEnumValue values[] = {
    {TS_DEVICES_ONE, "The one that the property device chooses", "one"},
    {TS_DEVICES_ALL, "All CUDA devices, if that is one of them", "all"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstTorchscriptDevices",
            values));
  return type;
}

static GType
get_on_late_type (void)
{
  static const GEnumValue values[] = {
    {TS_ON_LATE_PROCESS, "Look at it all the same", "process"},
    {TS_ON_LATE_SKIP, "Pass it on without an answer", "skip"},
    {TS_ON_LATE_REUSE, "Pass it on with the last boxes and their age", "reuse"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstTorchscriptOnLate",
            values));
  return type;
}

static GType
get_on_error_type (void)
{
  static const GEnumValue values[] = {
    {TS_ON_ERROR_FAIL, "End the stream with an error", "fail"},
    {TS_ON_ERROR_PASS_THROUGH, "Pass it on without an answer, with a warning",
        "pass-through"},
    {TS_ON_ERROR_CPU,
          "If the device failed, let the CPU answer; else pass it on",
        "cpu"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstTorchscriptOnError",
            values));
  return type;
}

static void
install_errors (GObjectClass * klass)
{
  add (klass, FIELD (on_error), g_param_spec_enum ("on-error", "On error",
          "What becomes of a frame whose inference failed",
          get_on_error_type (), TS_ON_ERROR_FAIL, PLAYING));
  gst_type_mark_as_plugin_api (get_on_error_type (), 0);
  add (klass, FIELD (max_errors), g_param_spec_int ("max-errors",
          "Maximum errors",
          "So many frames in a row may go on without an answer because their "
          "inference failed, the next one is an error; an answer starts the count "
          "anew (-1: any number)", -1, G_MAXINT, -1, PLAYING));
}

static void
install_sharing (GObjectClass * klass)
{
  add (klass, FIELD (model_instance_id),
      g_param_spec_string ("model-instance-id", "Model instance id",
          "Elements of this process with the same id share one loaded model, and "
          "one of them must name it (unset: those with the same settings do)",
          NULL, READY));
  add (klass, FIELD (batch_size), g_param_spec_uint ("batch-size", "Batch size",
          "At most so many frames, of all elements that share the model, go "
          "through it together", 1, TS_INSTANCE_MAX_BATCH, 1, READY));
  add (klass, FIELD (batch_timeout),
      g_param_spec_uint ("batch-timeout", "Batch timeout",
          "Milliseconds that a frame waits for its batch to fill, with "
          "scheduling=throughput", 0, 60000, 10, READY));
  add (klass, FIELD (scheduling), g_param_spec_enum ("scheduling", "Scheduling",
          "Whether a model that is free waits for a full batch",
          get_scheduling_type (), TS_SCHEDULING_LATENCY, READY));
  gst_type_mark_as_plugin_api (get_scheduling_type (), 0);
  add (klass, FIELD (devices), g_param_spec_enum ("devices", "Devices",
          "Whether frames go to all CUDA devices, each to the one with least to do",
          get_devices_type (), TS_DEVICES_ONE, READY));
  gst_type_mark_as_plugin_api (get_devices_type (), 0);
  add (klass, FIELD (max_in_flight),
      g_param_spec_uint ("max-in-flight", "Maximum in flight",
          "Frames inside the element at a time; 1 makes it hold upstream until a "
          "frame is through (0: one a device, or as many as lanes says, and "
          "with scheduling=throughput a batch more than can run at a time)", 0,
          1024, 0, READY));
  add (klass, FIELD (lanes), g_param_spec_uint ("lanes", "Lanes",
          "Forward passes that run at a time on a device (0: two on a card; on "
          "the CPU one, and with scheduling=throughput one a core, at most 8)",
          0, 64, 0, READY));
}

static GType
get_tracker_type (void)
{
  static const GEnumValue values[] = {
    {TS_TRACKER_NONE, "Each frame for itself", "none"},
    {TS_TRACKER_IOU, "By the overlap of boxes of one class", "iou"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstTorchscriptTracker",
            values));
  return type;
}

static void
install_tracking (GObjectClass * klass)
{
  add (klass, FIELD (tracker), g_param_spec_enum ("tracker", "Tracker",
          "Whether detections get numbers that stay the same from frame to frame",
          get_tracker_type (), TS_TRACKER_NONE, PLAYING));
  gst_type_mark_as_plugin_api (get_tracker_type (), 0);
  add (klass, FIELD (tracker_iou), g_param_spec_float ("tracker-iou",
          "Tracker overlap",
          "Overlap with an object's last box, as intersection "
          "over union, from which a box is that object", 0, 1, 0.3f, PLAYING));
  add (klass, FIELD (tracker_max_age), g_param_spec_uint ("tracker-max-age",
          "Tracker maximum age",
          "Answers without its box after which an object " "is forgotten", 0,
          G_MAXINT, 30, PLAYING));
  add (klass, FIELD (steady_frames), g_param_spec_uint ("steady-frames",
          "Steady frames",
          "Post an element message when the tracker has seen "
          "nothing move in so many answers in a row (0: never)", 0, G_MAXINT, 0,
          PLAYING));
}

static void
install_pace (GObjectClass * klass)
{
  add (klass, FIELD (on_late), g_param_spec_enum ("on-late", "On late",
          "What becomes of a frame that a sink would find too late, and with skip "
          "and reuse of those that inference-interval and max-rate leave out",
          get_on_late_type (), TS_ON_LATE_PROCESS, PLAYING));
  gst_type_mark_as_plugin_api (get_on_late_type (), 0);
  add (klass, FIELD (inference_interval),
      g_param_spec_uint ("inference-interval", "Inference interval",
          "Look at every so many-th frame", 1, 100000, 1, PLAYING));
  add (klass, FIELD (max_rate), g_param_spec_float ("max-rate", "Maximum rate",
          "Look at no more frames a second, by their time stamps (0: at all)",
          0, 1000, 0, PLAYING));
  add (klass, FIELD (stats_interval),
      g_param_spec_uint ("stats-interval", "Statistics interval",
          "Post the stats as an element message with the first frame after so many "
          "milliseconds (0: never)", 0, G_MAXINT, 0, PLAYING));
  add (klass, FIELD (roi), g_param_spec_string ("roi", "Region of interest",
          "Only this part of the frame is looked at: x,y,width,height, each in "
          "pixels or, with a point, as a fraction of the frame's width or height "
          "(unset: all of it)", NULL, READY));
}

static GType
get_inference_on_type (void)
{
  static const GEnumValue values[] = {
    {TS_INFERENCE_ON_FRAME, "The frame", "frame"},
    {TS_INFERENCE_ON_DETECTIONS,
        "Each detection that is on the frame already, cut out", "detections"},
    {0}
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstTorchscriptInferenceOn", values));
  return type;
}

static void
install_regions (GObjectClass * klass)
{
  add (klass, FIELD (inference_on), g_param_spec_enum ("inference-on",
          "Inference on", "What the model looks at", get_inference_on_type (),
          TS_INFERENCE_ON_FRAME, PLAYING));
  gst_type_mark_as_plugin_api (get_inference_on_type (), 0);
  add (klass, FIELD (detection_classes),
      g_param_spec_string ("detection-classes", "Detection classes",
          "Names or numbers of the classes of detections to look at, separated "
          "by commas, with inference-on=detections (unset: all)", NULL,
          PLAYING));
  add (klass, FIELD (crop_margin), g_param_spec_uint ("crop-margin",
          "Crop margin",
          "Pixels of the frame that are added on each side of a detection, as "
          "far as the frame goes, with inference-on=detections", 0, 10000, 0,
          PLAYING));
}

guint
ts_infer_settings_install (GObjectClass * klass)
{
  install_module (klass);
  install_safety (klass);
  install_limits (klass);
  install_answer (klass);
  install_thresholds (klass);
  install_sharing (klass);
  install_pace (klass);
  install_errors (klass);
  install_tracking (klass);
  install_regions (klass);
  install_speed (klass);
  return n_settings + 1;
}

static void
set_field (gpointer at, const GValue * value)
{
  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value))) {
    case G_TYPE_STRING:
      g_free (*(gchar **) at);
      *(gchar **) at = g_value_dup_string (value);
      break;
    case G_TYPE_UINT:
      *(guint *) at = g_value_get_uint (value);
      break;
    case G_TYPE_INT:
      *(gint *) at = g_value_get_int (value);
      break;
    case G_TYPE_UINT64:
      *(guint64 *) at = g_value_get_uint64 (value);
      break;
    case G_TYPE_FLOAT:
      *(gfloat *) at = g_value_get_float (value);
      break;
    case G_TYPE_BOOLEAN:
      *(gboolean *) at = g_value_get_boolean (value);
      break;
    case G_TYPE_ENUM:
      *(gint *) at = g_value_get_enum (value);
      break;
    default:
      g_assert_not_reached ();
  }
}

static void
get_field (gconstpointer at, GValue * value)
{
  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value))) {
    case G_TYPE_STRING:
      g_value_set_string (value, *(gchar * const *) at);
      break;
    case G_TYPE_UINT:
      g_value_set_uint (value, *(const guint *) at);
      break;
    case G_TYPE_INT:
      g_value_set_int (value, *(const gint *) at);
      break;
    case G_TYPE_UINT64:
      g_value_set_uint64 (value, *(const guint64 *) at);
      break;
    case G_TYPE_FLOAT:
      g_value_set_float (value, *(const gfloat *) at);
      break;
    case G_TYPE_BOOLEAN:
      g_value_set_boolean (value, *(const gboolean *) at);
      break;
    case G_TYPE_ENUM:
      g_value_set_enum (value, *(const gint *) at);
      break;
    default:
      g_assert_not_reached ();
  }
}

gboolean
ts_infer_settings_is_of_model (const GParamSpec * pspec)
{
  guint i;

  for (i = 0; i < n_settings; i++) {
    if (settings[i].pspec == pspec)
      return settings[i].of_model;
  }
  return FALSE;
}

gboolean
ts_infer_settings_set (TsInferSettings * self, guint id, const GValue * value)
{
  if (id == 0 || id > n_settings)
    return FALSE;
  set_field (G_STRUCT_MEMBER_P (self, settings[id - 1].offset), value);
  return TRUE;
}

gboolean
ts_infer_settings_get (const TsInferSettings * self, guint id, GValue * value)
{
  if (id == 0 || id > n_settings)
    return FALSE;
  get_field (G_STRUCT_MEMBER_P (self, settings[id - 1].offset), value);
  return TRUE;
}

void
ts_infer_settings_init (TsInferSettings * self)
{
  guint id;

  memset (self, 0, sizeof (*self));
  for (id = 1; id <= n_settings; id++)
    ts_infer_settings_set (self, id,
        g_param_spec_get_default_value (settings[id - 1].pspec));
}

static gchar **
string_at (TsInferSettings * self, guint i)
{
  if (G_PARAM_SPEC_VALUE_TYPE (settings[i].pspec) != G_TYPE_STRING)
    return NULL;
  return G_STRUCT_MEMBER_P (self, settings[i].offset);
}

void
ts_infer_settings_copy (const TsInferSettings * self, TsInferSettings * copy)
{
  gchar **string;
  guint i;

  *copy = *self;
  for (i = 0; i < n_settings; i++) {
    if ((string = string_at (copy, i)) != NULL)
      *string = *string && **string ? g_strdup (*string) : NULL;
  }
}

void
ts_infer_settings_clear (TsInferSettings * self)
{
  gchar **string;
  guint i;

  for (i = 0; i < n_settings; i++) {
    if ((string = string_at (self, i)) != NULL)
      g_clear_pointer (string, g_free);
  }
}

TsDetectorOptions
ts_infer_settings_get_options (const TsInferSettings * self)
{
  const TsDetectorOptions options = {
    .model = self->model,
    .device = self->device,
    .decoder = self->decoder,
    .output = self->output,
    .labels = self->labels,
    .method = self->method,
    .threads = self->threads,
    .weights = self->weights,
    .op_libs = self->custom_op_libs,
    .self_test = self->self_test,
    .safety = {
          .unsafe_operators = self->unsafe_operators,
          .trusted_keys = self->trusted_keys,
          .isolated = self->isolation == TS_ISOLATION_PROCESS,
          .forward_timeout_ms = self->forward_timeout,
          .load_timeout_ms = self->load_timeout,
          .max_restarts = self->max_restarts,
          .memory_limit_mb = self->memory_limit,
        },
    .tune = (TsTuneMode) self->tune,
    .precision = (TsPrecision) self->precision,
    .batch_size = self->batch_size,
  };

  return options;
}

TsThresholds
ts_infer_settings_get_thresholds (const TsInferSettings * self)
{
  const TsThresholds thresholds = {
    self->score_threshold, self->iou_threshold, self->max_detections
  };

  return thresholds;
}

guint
ts_infer_settings_get_max_in_flight (const TsInferSettings * self,
    const TsInstance * instance)
{
  if (self->max_in_flight > 0)
    return self->max_in_flight;
  if (self->scheduling == TS_SCHEDULING_LATENCY)
    return self->lanes ? ts_instance_get_max_lanes (instance) :
        ts_instance_get_n_devices (instance);
  /* A full batch waits while all lanes run one. */
  return (ts_instance_get_max_lanes (instance) + 1) * self->batch_size;
}
