/* gstredispublish.c - element that publishes detections to a Redis stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-redispublish
 * @title: redispublish
 * @short_description: publishes detections to a Redis stream
 *
 * Passes buffers through untouched and appends what models said of them to a
 * Redis stream (`XADD`), one entry with the field `data` for each answer. The
 * streaming thread never waits for the network, unless
 * #GstDetectionPublisher:on-full is `block`.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! torchscriptinfer model=model.mlpkg ! redispublish host=redis.example stream=camera:1 ! fakesink
 * ]|
 *
 * Since: 0.1
 */
#include "gstredispublish.h"

#include <hiredis/hiredis.h>
#include <string.h>

#define DEFAULT_STREAM "detections"
#define DEFAULT_MAX_LENGTH 0

#define PORT 6379
#define TIMEOUT_S 5

enum
{
  PROP_0,
  PROP_STREAM,
  PROP_MAX_LENGTH
};

struct _GstRedisPublish
{
  GstDetectionPublisher parent;

  /* object lock */
  gchar *stream;
  guint max_length;

  redisContext *context;        /* worker thread */
};

G_DEFINE_TYPE (GstRedisPublish, gst_redis_publish,
    GST_TYPE_DETECTION_PUBLISHER);
GST_ELEMENT_REGISTER_DEFINE (redispublish, "redispublish", GST_RANK_NONE,
    GST_TYPE_REDIS_PUBLISH);

/* Replies whose cause does not go away by waiting. */
static gint
error_code (const gchar * reply)
{
  static const gchar *const logins[] = { "NOAUTH", "WRONGPASS", "NOPERM",
    "ERR invalid password", "ERR AUTH", "ERR Client sent AUTH"
  };
  static const gchar *const settings[] = { "WRONGTYPE", "ERR unknown command" };

  for (guint i = 0; i < G_N_ELEMENTS (logins); i++) {
    if (g_str_has_prefix (reply, logins[i]))
      return GST_RESOURCE_ERROR_NOT_AUTHORIZED;
  }
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    if (g_str_has_prefix (reply, settings[i]))
      return GST_RESOURCE_ERROR_SETTINGS;
  }
  return GST_RESOURCE_ERROR_WRITE;
}

/* FALSE with an error if @reply is none, or is one.  Takes @reply. */
static gboolean
check_reply (GstRedisPublish * self, redisReply * reply, const gchar * doing,
    GError ** error)
{
  gboolean ok = reply != NULL && reply->type != REDIS_REPLY_ERROR;

  if (reply == NULL)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
        "The connection to Redis is lost while %s: %s; trying again.", doing,
        self->context->errstr);
  else if (!ok)
    g_set_error (error, GST_RESOURCE_ERROR, error_code (reply->str),
        "Redis answers while %s: %s", doing, reply->str);
  if (reply != NULL)
    freeReplyObject (reply);
  return ok;
}

static gboolean
log_in (GstRedisPublish * self, const TsBroker * broker, GError ** error)
{
  if (broker->password == NULL)
    return TRUE;
  return check_reply (self, broker->username != NULL ?
      redisCommand (self->context, "AUTH %s %s", broker->username,
          broker->password) :
      redisCommand (self->context, "AUTH %s", broker->password),
      "logging in", error);
}

static void
gst_redis_publish_disconnect (GstDetectionPublisher * publisher)
{
  g_clear_pointer (&GST_REDIS_PUBLISH (publisher)->context, redisFree);
}

static gboolean
gst_redis_publish_connect (GstDetectionPublisher * publisher,
    const TsBroker * broker, GError ** error)
{
  GstRedisPublish *self = GST_REDIS_PUBLISH (publisher);
  const struct timeval timeout = { TIMEOUT_S, 0 };
  guint port = broker->port != 0 ? broker->port : PORT;

  self->context = g_path_is_absolute (broker->host) ?
      redisConnectUnixWithTimeout (broker->host, timeout) :
      redisConnectWithTimeout (broker->host, port, timeout);
  if (self->context == NULL || self->context->err != 0) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "Cannot connect to Redis at %s port %u: %s; trying again.",
        broker->host, port,
        self->context != NULL ? self->context->errstr : "out of memory");
  } else {
    redisSetTimeout (self->context, timeout);
    if (log_in (self, broker, error))
      return TRUE;
  }
  gst_redis_publish_disconnect (publisher);
  return FALSE;
}

static void
send_all (GstRedisPublish * self, const gchar ** messages, guint n)
{
  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < n; i++) {
    if (self->max_length > 0)
      redisAppendCommand (self->context, "XADD %s MAXLEN ~ %u * data %s",
          self->stream, self->max_length, messages[i]);
    else
      redisAppendCommand (self->context, "XADD %s * data %s", self->stream,
          messages[i]);
  }
  GST_OBJECT_UNLOCK (self);
}

static guint
gst_redis_publish_publish (GstDetectionPublisher * publisher,
    const gchar ** messages, guint n, GError ** error)
{
  GstRedisPublish *self = GST_REDIS_PUBLISH (publisher);

  send_all (self, messages, n);
  for (guint i = 0; i < n; i++) {
    redisReply *reply = NULL;

    if (redisGetReply (self->context, (void **) &reply) != REDIS_OK)
      reply = NULL;
    if (!check_reply (self, reply, "publishing", error))
      return i;
  }
  return n;
}

static void
gst_redis_publish_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstRedisPublish *self = GST_REDIS_PUBLISH (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_STREAM:
      g_free (self->stream);
      self->stream = g_strdup (g_value_get_string (value) != NULL ?
          g_value_get_string (value) : DEFAULT_STREAM);
      break;
    case PROP_MAX_LENGTH:
      self->max_length = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_redis_publish_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstRedisPublish *self = GST_REDIS_PUBLISH (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_STREAM:
      g_value_set_string (value, self->stream);
      break;
    case PROP_MAX_LENGTH:
      g_value_set_uint (value, self->max_length);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_redis_publish_finalize (GObject * object)
{
  g_free (GST_REDIS_PUBLISH (object)->stream);
  G_OBJECT_CLASS (gst_redis_publish_parent_class)->finalize (object);
}

static void
gst_redis_publish_class_init (GstRedisPublishClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstDetectionPublisherClass *publisher_class =
      GST_DETECTION_PUBLISHER_CLASS (klass);

  object_class->set_property = gst_redis_publish_set_property;
  object_class->get_property = gst_redis_publish_get_property;
  object_class->finalize = gst_redis_publish_finalize;
  g_object_class_install_property (object_class, PROP_STREAM,
      g_param_spec_string ("stream", "Stream", "Key of the stream to append to",
          DEFAULT_STREAM, flags));
  g_object_class_install_property (object_class, PROP_MAX_LENGTH,
      g_param_spec_uint ("max-length", "Maximum length",
          "About how many entries the stream keeps; 0: all", 0, G_MAXINT,
          DEFAULT_MAX_LENGTH, flags));

  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Redis publisher", "Filter/Analyzer/Video",
      "Publishes what TorchScript models found to a Redis stream",
      "The gst-torchscript developers");

  publisher_class->connect = gst_redis_publish_connect;
  publisher_class->disconnect = gst_redis_publish_disconnect;
  publisher_class->publish = gst_redis_publish_publish;
}

static void
gst_redis_publish_init (GstRedisPublish * self)
{
  self->stream = g_strdup (DEFAULT_STREAM);
  self->max_length = DEFAULT_MAX_LENGTH;
}
