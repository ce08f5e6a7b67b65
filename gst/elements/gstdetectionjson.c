/* gstdetectionjson.c - element that writes detections as text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-detectionjson
 * @title: detectionjson
 * @short_description: writes what models found, as JSON, XML or CSV
 *
 * Passes buffers through untouched and writes what models said of them: boxes
 * (#GstTorchscriptDetectionMeta), classes of the whole frame
 * (#GstTorchscriptClassificationMeta) and segmentations
 * (#GstTorchscriptMaskMeta); also the objects and tracks that elements of others
 * attached, as regions of interest or in GstAnalytics. A buffer that no model has
 * answered to gives nothing; an answer without detections is an answer.
 *
 * #GstDetectionJson:format chooses the form, by default one line of JSON for each
 * answer. Text is UTF-8 and has decimal points in every locale.
 *
 * #GstDetectionJson:location chooses the place: a file, `-` for standard output,
 * or `unix:PATH` for a Unix socket that somebody listens on. What is written of a
 * buffer is there before the buffer goes on. In a file it is whole or not there at
 * all, also after a full disk or `kill -9`. With
 * #GstDetectionJson:post-messages the same is posted as element messages named
 * `detectionjson`, with the fields `timestamp`, `stream-time`, `running-time`
 * (nanoseconds), `page`, `format` and `data`, and `source` where it is known.
 *
 * ## Example
 * |[
 * gst-launch-1.0 -q filesrc location=page.png ! pngdec ! torchscriptinfer model=doclayout.mlpkg ! detectionjson location=- ! fakesink
 * ]|
 *
 * Since: 0.1
 */
#include "gstdetectionjson.h"

#include "elementerror.h"
#include "tsframesource.h"
#include "tssink.h"

GST_DEBUG_CATEGORY_STATIC (detection_json_debug);
#define GST_CAT_DEFAULT detection_json_debug

#define DEFAULT_FORMAT 0
#define DEFAULT_POST_MESSAGES FALSE

enum
{
  PROP_0,
  PROP_LOCATION,
  PROP_FORMAT,
  PROP_POST_MESSAGES
};

struct _GstDetectionJson
{
  GstBaseTransform parent;

  /* object lock */
  gchar *location;
  gint format_id;
  gboolean post_messages;

  /* From start to stop. */
  const TsFormat *format;
  TsSink *sink;                 /* or NULL */
  gboolean posting, begun;
  GCancellable *cancellable;
  TsFrameSource source;
};

G_DEFINE_TYPE (GstDetectionJson, gst_detection_json, GST_TYPE_BASE_TRANSFORM);
GST_ELEMENT_REGISTER_DEFINE (detectionjson, "detectionjson", GST_RANK_NONE,
    GST_TYPE_DETECTION_JSON);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static gboolean
gst_detection_json_start (GstBaseTransform * trans)
{
  GstDetectionJson *self = GST_DETECTION_JSON (trans);
  g_autofree gchar *location = NULL;
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  self->format = ts_format_get (self->format_id);
  self->posting = self->post_messages;
  GST_OBJECT_UNLOCK (self);

  self->begun = FALSE;
  ts_frame_source_init (&self->source);
  if (location != NULL && *location != '\0') {
    self->sink = ts_sink_open (location, self->format, self->cancellable,
        &error);
    if (self->sink != NULL)
      return TRUE;
    ts_element_error (self, error);
    return FALSE;
  }
  if (self->posting)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND,
      ("The location property is not set; set it to the path of a file to "
          "write the detections to, to \"-\" for standard output, or to "
          "\"unix:\" and the path of a socket; or set post-messages."), (NULL));
  return FALSE;
}

/* FALSE: with an error on the bus, or because the element is being stopped. */
static gboolean
write_text (GstDetectionJson * self, const GString * text, guint page)
{
  GError *error = NULL;

  if (ts_sink_write (self->sink, text, page, &error))
    return TRUE;
  if (error != NULL)
    ts_element_error (self, error);
  return FALSE;
}

/* What stands behind the last record. */
static gboolean
write_end (GstDetectionJson * self)
{
  g_autoptr (GString) text =
      g_string_new (self->begun ? "" : self->format->head);

  g_string_append (text, self->format->tail);
  return text->len == 0 || write_text (self, text, 0);
}

static gboolean
gst_detection_json_stop (GstBaseTransform * trans)
{
  GstDetectionJson *self = GST_DETECTION_JSON (trans);
  GError *error = NULL;
  gboolean ok = TRUE;

  if (self->sink != NULL) {
    ok = write_end (self);
    if (!ts_sink_close (g_steal_pointer (&self->sink), &error)) {
      ts_element_error (self, error);
      ok = FALSE;
    }
  }
  ts_frame_source_clear (&self->source);
  return ok;
}

static gboolean
gst_detection_json_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  ts_frame_source_event (&GST_DETECTION_JSON (trans)->source, event);
  return GST_BASE_TRANSFORM_CLASS (gst_detection_json_parent_class)->sink_event
      (trans, event);
}

static gboolean
write_record (GstDetectionJson * self, const TsRecord * record)
{
  g_autoptr (GString) text =
      g_string_new (self->begun ? self->format->between : self->format->head);
  gsize before = text->len;

  self->format->append (text, record);
  if (text->len == before)
    return TRUE;
  self->begun = TRUE;
  return write_text (self, text, record->page);
}

static void
post_record (GstDetectionJson * self, const TsRecord * record)
{
  g_autoptr (GPtrArray) messages = ts_format_messages (self->format, record);
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClockTime pts = segment->format == GST_FORMAT_TIME ?
      GST_BUFFER_PTS (record->buffer) : GST_CLOCK_TIME_NONE;

  for (guint i = 0; i < messages->len; i++) {
    GstStructure *s = gst_structure_new ("detectionjson",
        "timestamp", G_TYPE_UINT64, pts,
        "stream-time", G_TYPE_UINT64,
        gst_segment_to_stream_time (segment, segment->format, pts),
        "running-time", G_TYPE_UINT64,
        gst_segment_to_running_time (segment, segment->format, pts),
        "page", G_TYPE_UINT, record->page,
        "format", G_TYPE_STRING, self->format->name,
        "data", G_TYPE_STRING, messages->pdata[i], NULL);

    if (record->source != NULL)
      gst_structure_set (s, "source", G_TYPE_STRING, record->source, NULL);
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_element (GST_OBJECT (self), s));
  }
}

static GstFlowReturn
gst_detection_json_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstDetectionJson *self = GST_DETECTION_JSON (trans);
  const TsRecord record = ts_frame_source_next (&self->source,
      GST_BASE_TRANSFORM_SINK_PAD (trans), buffer);

  if (self->sink != NULL && !write_record (self, &record))
    return g_cancellable_is_cancelled (self->cancellable) ?
        GST_FLOW_FLUSHING : GST_FLOW_ERROR;
  if (self->posting)
    post_record (self, &record);
  return GST_FLOW_OK;
}

/* Stopping must not wait for a reader that does not read. */
static GstStateChangeReturn
gst_detection_json_change_state (GstElement * element,
    GstStateChange transition)
{
  GstDetectionJson *self = GST_DETECTION_JSON (element);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    g_cancellable_reset (self->cancellable);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    g_cancellable_cancel (self->cancellable);
  return GST_ELEMENT_CLASS (gst_detection_json_parent_class)->change_state
      (element, transition);
}

static void
gst_detection_json_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstDetectionJson *self = GST_DETECTION_JSON (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_free (self->location);
      self->location = g_value_dup_string (value);
      break;
    case PROP_FORMAT:
      self->format_id = g_value_get_enum (value);
      break;
    case PROP_POST_MESSAGES:
      self->post_messages = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_detection_json_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstDetectionJson *self = GST_DETECTION_JSON (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_value_set_string (value, self->location);
      break;
    case PROP_FORMAT:
      g_value_set_enum (value, self->format_id);
      break;
    case PROP_POST_MESSAGES:
      g_value_set_boolean (value, self->post_messages);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_detection_json_finalize (GObject * object)
{
  GstDetectionJson *self = GST_DETECTION_JSON (object);

  g_free (self->location);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (gst_detection_json_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "Where to write: a file, emptied at each start, with \"%03d\" for the "
          "page in formats of one document a page; \"-\": standard output; "
          "\"unix:PATH\": a Unix socket", NULL, flags));
  g_object_class_install_property (klass, PROP_FORMAT,
      g_param_spec_enum ("format", "Format", "The form of the text",
          ts_format_get_type (), DEFAULT_FORMAT, flags));
  g_object_class_install_property (klass, PROP_POST_MESSAGES,
      g_param_spec_boolean ("post-messages", "Post messages",
          "Post the text as element messages as well", DEFAULT_POST_MESSAGES,
          flags));
}

static void
gst_detection_json_class_init (GstDetectionJsonClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (detection_json_debug, "detectionjson", 0,
      "writes detections as text");

  object_class->set_property = gst_detection_json_set_property;
  object_class->get_property = gst_detection_json_get_property;
  object_class->finalize = gst_detection_json_finalize;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "Detection writer",
      "Filter/Analyzer/Video",
      "Writes what TorchScript models found as JSON, XML or CSV",
      "The gst-torchscript developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_type_mark_as_plugin_api (ts_format_get_type (), 0);

  element_class->change_state = gst_detection_json_change_state;
  trans_class->start = gst_detection_json_start;
  trans_class->stop = gst_detection_json_stop;
  trans_class->sink_event = gst_detection_json_sink_event;
  trans_class->transform_ip = gst_detection_json_transform_ip;
  trans_class->transform_ip_on_passthrough = TRUE;
}

static void
gst_detection_json_init (GstDetectionJson * self)
{
  self->cancellable = g_cancellable_new ();
  self->format_id = DEFAULT_FORMAT;
  self->post_messages = DEFAULT_POST_MESSAGES;
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
