/* gstdetectionpublisher.c - base of the elements that publish to a broker
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The streaming thread puts messages into an outbox; a worker thread of its own
 * connects, sends, and connects again.
 */
#include "gstdetectionpublisher.h"

#include <signal.h>
#include <string.h>

#include "tsframesource.h"

GST_DEBUG_CATEGORY_STATIC (detection_publisher_debug);
#define GST_CAT_DEFAULT detection_publisher_debug

#define DEFAULT_HOST "localhost"
#define DEFAULT_FORMAT 0
#define DEFAULT_MAX_MESSAGES 1000
#define DEFAULT_ON_FULL TS_ON_FULL_DROP_OLDEST
#define DEFAULT_DRAIN_TIMEOUT_MS 5000

#define MAX_BATCH 64
#define IDLE_US (G_USEC_PER_SEC / 2)
#define FIRST_RETRY_US (G_USEC_PER_SEC / 10)
#define LAST_RETRY_US (5 * G_USEC_PER_SEC)
#define STATUS_PERIOD_US G_USEC_PER_SEC

enum
{
  PROP_0,
  PROP_HOST,
  PROP_PORT,
  PROP_USERNAME,
  PROP_PASSWORD,
  PROP_PASSWORD_FILE,
  PROP_FORMAT,
  PROP_MAX_MESSAGES,
  PROP_ON_FULL,
  PROP_DRAIN_TIMEOUT,
  PROP_PUBLISHED,
  PROP_DROPPED
};

typedef struct
{
  /* object lock */
  gchar *host, *username, *password, *password_file;
  guint port, max_messages, drain_timeout_ms;
  gint format_id;
  TsOnFull on_full;

  TsOutbox *outbox;

  /* from start to stop */
  const TsFormat *format;
  TsFrameSource source;
  TsBroker broker;
  GThread *worker;
  gint failed;                  /* atomic: the worker has given up */

  /* streaming thread */
  guint64 dropped_reported;
  gint64 status_time_us;
} GstDetectionPublisherPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (GstDetectionPublisher,
    gst_detection_publisher, GST_TYPE_BASE_TRANSFORM);

#define PRIV(self) ((GstDetectionPublisherPrivate *) \
    gst_detection_publisher_get_instance_private (self))

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static GType
on_full_get_type (void)
{
  static const GEnumValue values[] = {
    {TS_ON_FULL_DROP_OLDEST, "Drop the oldest message", "drop-oldest"},
    {TS_ON_FULL_DROP_NEWEST, "Drop the new message", "drop-newest"},
    {TS_ON_FULL_BLOCK, "Hold the pipeline up until there is room", "block"},
    {0}
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstTorchscriptOnFull", values));
  return type;
}

TsOutbox *
gst_detection_publisher_get_outbox (GstDetectionPublisher * self)
{
  return PRIV (self)->outbox;
}

/* Tells applications how it stands. */
static void
post_status (GstDetectionPublisher * self, gboolean connected)
{
  TsOutboxCounts counts = ts_outbox_get_counts (PRIV (self)->outbox);

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("detection-publisher",
              "connected", G_TYPE_BOOLEAN, connected,
              "queued", G_TYPE_UINT, counts.queued,
              "published", G_TYPE_UINT64, counts.published,
              "dropped", G_TYPE_UINT64, counts.dropped, NULL)));
}

static gboolean
is_for_good (const GError * error)
{
  return g_error_matches (error, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_SETTINGS)
      || g_error_matches (error, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_NOT_AUTHORIZED);
}

/* Posts @error, and says if it is worth trying again.  Takes @error. */
static gboolean
handle_error (GstDetectionPublisher * self, GError * error)
{
  gboolean for_good = is_for_good (error);

  gst_element_message_full (GST_ELEMENT (self),
      for_good ? GST_MESSAGE_ERROR : GST_MESSAGE_WARNING, error->domain,
      error->code, g_strdup (error->message), NULL, __FILE__, GST_FUNCTION,
      __LINE__);
  g_error_free (error);
  if (for_good) {
    g_atomic_int_set (&PRIV (self)->failed, TRUE);
    ts_outbox_stop (PRIV (self)->outbox);
  }
  return !for_good;
}

/* Sends what there is until something fails. */
static GError *
send_messages (GstDetectionPublisher * self)
{
  GstDetectionPublisherClass *klass = GST_DETECTION_PUBLISHER_GET_CLASS (self);
  TsOutbox *outbox = PRIV (self)->outbox;
  const gchar *messages[MAX_BATCH];
  GError *error = NULL;

  while (error == NULL && !ts_outbox_is_stopped (outbox)) {
    guint n = ts_outbox_take (outbox, messages, MAX_BATCH, IDLE_US);

    if (n > 0)
      ts_outbox_done (outbox, klass->publish (self, messages, n, &error));
    else if (klass->idle != NULL)
      klass->idle (self, &error);
  }
  return error;
}

/* Tells of a lost connection once, not at every try. */
static gpointer
work (gpointer data)
{
  GstDetectionPublisher *self = data;
  GstDetectionPublisherClass *klass = GST_DETECTION_PUBLISHER_GET_CLASS (self);
  GstDetectionPublisherPrivate *priv = PRIV (self);
  gint64 retry_us = FIRST_RETRY_US;
  gboolean told = FALSE;
  sigset_t pipe_signal;

  /* The client libraries write to sockets that may be closed. */
  sigemptyset (&pipe_signal);
  sigaddset (&pipe_signal, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &pipe_signal, NULL);

  while (!ts_outbox_is_stopped (priv->outbox)) {
    GError *error = NULL;

    if (klass->connect (self, &priv->broker, &error)) {
      GST_INFO_OBJECT (self, "connected");
      post_status (self, TRUE);
      told = FALSE;
      retry_us = FIRST_RETRY_US;
      error = send_messages (self);
      klass->disconnect (self);
    }
    if (error == NULL)
      continue;
    if (told && !is_for_good (error)) {
      g_error_free (error);
    } else if (handle_error (self, error)) {
      told = TRUE;
      post_status (self, FALSE);
    }
    ts_outbox_sleep (priv->outbox, retry_us);
    retry_us = MIN (2 * retry_us, LAST_RETRY_US);
  }
  return NULL;
}

static gboolean
read_password (GstDetectionPublisher * self, const gchar * path,
    gchar ** password)
{
  g_autoptr (GError) error = NULL;

  if (!g_file_get_contents (path, password, NULL, &error)) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("Cannot read the password: %s; set the password-file property to a "
            "file that can be read.", error->message), (NULL));
    return FALSE;
  }
  g_strchomp (*password);
  return TRUE;
}

static void
clear_broker (TsBroker * broker)
{
  g_clear_pointer (&broker->host, g_free);
  g_clear_pointer (&broker->username, g_free);
  g_clear_pointer (&broker->password, g_free);
}

static gboolean
start_worker (GstDetectionPublisher * self)
{
  GstDetectionPublisherPrivate *priv = PRIV (self);
  g_autoptr (GError) error = NULL;

  priv->worker = g_thread_try_new ("publisher", work, self, &error);
  if (priv->worker == NULL)
    GST_ELEMENT_ERROR (self, RESOURCE, FAILED,
        ("The thread that talks to the broker cannot start: %s; end other "
            "programs, or raise the limit on processes (ulimit -u).",
            error->message), (NULL));
  return priv->worker != NULL;
}

static gboolean
gst_detection_publisher_start (GstBaseTransform * trans)
{
  GstDetectionPublisher *self = GST_DETECTION_PUBLISHER (trans);
  GstDetectionPublisherPrivate *priv = PRIV (self);
  g_autofree gchar *password_file = NULL;
  guint max_messages;
  TsOnFull on_full;

  GST_OBJECT_LOCK (self);
  priv->broker = (TsBroker) {
    g_strdup (priv->host), priv->port, g_strdup (priv->username),
        g_strdup (priv->password)
  };
  password_file = g_strdup (priv->password_file);
  priv->format = ts_format_get (priv->format_id);
  max_messages = priv->max_messages;
  on_full = priv->on_full;
  GST_OBJECT_UNLOCK (self);

  if (password_file != NULL
      && !read_password (self, password_file, &priv->broker.password)) {
    clear_broker (&priv->broker);
    return FALSE;
  }
  ts_frame_source_init (&priv->source);
  priv->failed = FALSE;
  priv->dropped_reported = 0;
  priv->status_time_us = 0;
  ts_outbox_start (priv->outbox, max_messages, on_full);
  if (start_worker (self))
    return TRUE;
  /* Without a start there is no stop. */
  ts_outbox_stop (priv->outbox);
  ts_frame_source_clear (&priv->source);
  clear_broker (&priv->broker);
  return FALSE;
}

static gboolean
gst_detection_publisher_stop (GstBaseTransform * trans)
{
  GstDetectionPublisher *self = GST_DETECTION_PUBLISHER (trans);
  GstDetectionPublisherPrivate *priv = PRIV (self);

  ts_outbox_stop (priv->outbox);
  if (priv->worker != NULL)
    g_thread_join (g_steal_pointer (&priv->worker));
  ts_outbox_give_up (priv->outbox);
  post_status (self, FALSE);
  ts_frame_source_clear (&priv->source);
  clear_broker (&priv->broker);
  return TRUE;
}

/* Says that messages were dropped, but not for every one. */
static void
report_drops (GstDetectionPublisher * self)
{
  GstDetectionPublisherPrivate *priv = PRIV (self);
  guint64 dropped = ts_outbox_get_counts (priv->outbox).dropped;
  gint64 now_us = g_get_monotonic_time ();

  if (dropped == priv->dropped_reported
      || now_us < priv->status_time_us + STATUS_PERIOD_US)
    return;
  priv->dropped_reported = dropped;
  priv->status_time_us = now_us;
  post_status (self, FALSE);
}

static GstFlowReturn
gst_detection_publisher_transform_ip (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  GstDetectionPublisher *self = GST_DETECTION_PUBLISHER (trans);
  GstDetectionPublisherPrivate *priv = PRIV (self);
  const TsRecord record = ts_frame_source_next (&priv->source,
      GST_BASE_TRANSFORM_SINK_PAD (trans), buffer);
  g_autoptr (GPtrArray) messages = ts_format_messages (priv->format, &record);

  if (g_atomic_int_get (&priv->failed))
    return GST_FLOW_ERROR;
  g_ptr_array_set_free_func (messages, NULL);
  for (guint i = 0; i < messages->len; i++)
    ts_outbox_put (priv->outbox, messages->pdata[i]);
  report_drops (self);
  return GST_FLOW_OK;
}

/* What is on its way may arrive before the end does. */
static void
drain (GstDetectionPublisher * self)
{
  GstDetectionPublisherPrivate *priv = PRIV (self);
  guint timeout_ms;

  GST_OBJECT_LOCK (self);
  timeout_ms = priv->drain_timeout_ms;
  GST_OBJECT_UNLOCK (self);
  if (!ts_outbox_drain (priv->outbox, timeout_ms * G_TIME_SPAN_MILLISECOND))
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("%u messages have not reached the broker within %u ms of the end of "
            "the stream and are lost.",
            ts_outbox_get_counts (priv->outbox).queued, timeout_ms), (NULL));
}

static gboolean
gst_detection_publisher_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstDetectionPublisher *self = GST_DETECTION_PUBLISHER (trans);

  ts_frame_source_event (&PRIV (self)->source, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    drain (self);
  return GST_BASE_TRANSFORM_CLASS
      (gst_detection_publisher_parent_class)->sink_event (trans, event);
}

/* Stopping must not wait for the broker. */
static GstStateChangeReturn
gst_detection_publisher_change_state (GstElement * element,
    GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    ts_outbox_stop (PRIV (GST_DETECTION_PUBLISHER (element))->outbox);
  return GST_ELEMENT_CLASS
      (gst_detection_publisher_parent_class)->change_state (element,
      transition);
}

static void
set_string (gchar ** field, const GValue * value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
gst_detection_publisher_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstDetectionPublisherPrivate *priv = PRIV (GST_DETECTION_PUBLISHER (object));

  GST_OBJECT_LOCK (object);
  switch (id) {
    case PROP_HOST:
      set_string (&priv->host, value);
      break;
    case PROP_PORT:
      priv->port = g_value_get_uint (value);
      break;
    case PROP_USERNAME:
      set_string (&priv->username, value);
      break;
    case PROP_PASSWORD:
      set_string (&priv->password, value);
      break;
    case PROP_PASSWORD_FILE:
      set_string (&priv->password_file, value);
      break;
    case PROP_FORMAT:
      priv->format_id = g_value_get_enum (value);
      break;
    case PROP_MAX_MESSAGES:
      priv->max_messages = g_value_get_uint (value);
      break;
    case PROP_ON_FULL:
      priv->on_full = g_value_get_enum (value);
      break;
    case PROP_DRAIN_TIMEOUT:
      priv->drain_timeout_ms = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (object);
}

static void
gst_detection_publisher_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstDetectionPublisherPrivate *priv = PRIV (GST_DETECTION_PUBLISHER (object));

  GST_OBJECT_LOCK (object);
  switch (id) {
    case PROP_HOST:
      g_value_set_string (value, priv->host);
      break;
    case PROP_PORT:
      g_value_set_uint (value, priv->port);
      break;
    case PROP_USERNAME:
      g_value_set_string (value, priv->username);
      break;
    case PROP_PASSWORD_FILE:
      g_value_set_string (value, priv->password_file);
      break;
    case PROP_FORMAT:
      g_value_set_enum (value, priv->format_id);
      break;
    case PROP_MAX_MESSAGES:
      g_value_set_uint (value, priv->max_messages);
      break;
    case PROP_ON_FULL:
      g_value_set_enum (value, priv->on_full);
      break;
    case PROP_DRAIN_TIMEOUT:
      g_value_set_uint (value, priv->drain_timeout_ms);
      break;
    case PROP_PUBLISHED:
      g_value_set_uint64 (value, ts_outbox_get_counts (priv->outbox).published);
      break;
    case PROP_DROPPED:
      g_value_set_uint64 (value, ts_outbox_get_counts (priv->outbox).dropped);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (object);
}

static void
gst_detection_publisher_finalize (GObject * object)
{
  GstDetectionPublisherPrivate *priv = PRIV (GST_DETECTION_PUBLISHER (object));

  g_free (priv->host);
  g_free (priv->username);
  g_free (priv->password);
  g_free (priv->password_file);
  ts_outbox_free (priv->outbox);
  G_OBJECT_CLASS (gst_detection_publisher_parent_class)->finalize (object);
}

static void
install_broker_properties (GObjectClass * klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_HOST,
      g_param_spec_string ("host", "Host", "Where the broker is",
          DEFAULT_HOST, flags));
  g_object_class_install_property (klass, PROP_PORT,
      g_param_spec_uint ("port", "Port",
          "Port of the broker; 0: the usual one of its protocol", 0,
          G_MAXUINT16, 0, flags));
  g_object_class_install_property (klass, PROP_USERNAME,
      g_param_spec_string ("username", "User name",
          "Who to log in as; unset: nobody", NULL, flags));
  g_object_class_install_property (klass, PROP_PASSWORD,
      g_param_spec_string ("password", "Password",
          "Password to log in with; command lines can be read by others, so "
          "prefer password-file there", NULL, (flags & ~G_PARAM_READABLE)));
  g_object_class_install_property (klass, PROP_PASSWORD_FILE,
      g_param_spec_string ("password-file", "Password file",
          "File that holds the password to log in with", NULL, flags));
}

static void
install_queue_properties (GObjectClass * klass, GParamFlags flags)
{
  const GParamFlags counter = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, PROP_FORMAT,
      g_param_spec_enum ("format", "Format", "The form of a message",
          ts_format_get_type (), DEFAULT_FORMAT, flags));
  g_object_class_install_property (klass, PROP_MAX_MESSAGES,
      g_param_spec_uint ("max-messages", "Maximum messages",
          "How many messages wait for the broker at most", 1, G_MAXINT,
          DEFAULT_MAX_MESSAGES, flags));
  g_object_class_install_property (klass, PROP_ON_FULL,
      g_param_spec_enum ("on-full", "On full",
          "What becomes of a message when so many are waiting",
          on_full_get_type (), DEFAULT_ON_FULL, flags));
  g_object_class_install_property (klass, PROP_DRAIN_TIMEOUT,
      g_param_spec_uint ("drain-timeout", "Drain timeout",
          "How long the end of the stream waits for messages to arrive, in "
          "milliseconds", 0, G_MAXINT, DEFAULT_DRAIN_TIMEOUT_MS,
          (flags & ~GST_PARAM_MUTABLE_READY) | GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (klass, PROP_PUBLISHED,
      g_param_spec_uint64 ("published", "Published",
          "Messages that the broker has got since the start", 0, G_MAXUINT64,
          0, counter));
  g_object_class_install_property (klass, PROP_DROPPED,
      g_param_spec_uint64 ("dropped", "Dropped",
          "Messages that were dropped since the start", 0, G_MAXUINT64, 0,
          counter));
}

static void
gst_detection_publisher_class_init (GstDetectionPublisherClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (detection_publisher_debug, "detectionpublisher", 0,
      "publishes detections to brokers");

  object_class->set_property = gst_detection_publisher_set_property;
  object_class->get_property = gst_detection_publisher_get_property;
  object_class->finalize = gst_detection_publisher_finalize;
  install_broker_properties (object_class, flags);
  install_queue_properties (object_class, flags);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_type_mark_as_plugin_api (ts_format_get_type (), 0);
  gst_type_mark_as_plugin_api (on_full_get_type (), 0);
  gst_type_mark_as_plugin_api (GST_TYPE_DETECTION_PUBLISHER, 0);

  element_class->change_state = gst_detection_publisher_change_state;
  trans_class->start = gst_detection_publisher_start;
  trans_class->stop = gst_detection_publisher_stop;
  trans_class->sink_event = gst_detection_publisher_sink_event;
  trans_class->transform_ip = gst_detection_publisher_transform_ip;
  trans_class->transform_ip_on_passthrough = TRUE;
}

static void
gst_detection_publisher_init (GstDetectionPublisher * self)
{
  GstDetectionPublisherPrivate *priv = PRIV (self);

  priv->host = g_strdup (DEFAULT_HOST);
  priv->format_id = DEFAULT_FORMAT;
  priv->max_messages = DEFAULT_MAX_MESSAGES;
  priv->on_full = DEFAULT_ON_FULL;
  priv->drain_timeout_ms = DEFAULT_DRAIN_TIMEOUT_MS;
  priv->outbox = ts_outbox_new ();
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
