/* gstmqttpublish.c - element that publishes detections to an MQTT broker
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-mqttpublish
 * @title: mqttpublish
 * @short_description: publishes detections to an MQTT broker
 *
 * Passes buffers through untouched and publishes what models said of them to a
 * topic of an MQTT broker (MQTT 3.1.1), one message for each answer. The
 * streaming thread never waits for the network, unless
 * #GstDetectionPublisher:on-full is `block`.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! torchscriptinfer model=model.mlpkg ! mqttpublish host=broker.example topic=camera/1 ca-file=ca.pem username=camera password-file=secret ! fakesink
 * ]|
 *
 * Since: 0.1
 */
#include "gstmqttpublish.h"

#include <errno.h>
#include <mosquitto.h>
#include <string.h>

#define DEFAULT_TOPIC "detections"
#define DEFAULT_QOS 1
#define DEFAULT_RETAIN FALSE
#define DEFAULT_TLS FALSE

#define PORT 1883
#define SYSTEM_CERTIFICATES "/etc/ssl/certs"
#define TLS_PORT 8883
#define KEEPALIVE_S 30
#define LOOP_MS 50
#define TIMEOUT_US (10 * G_USEC_PER_SEC)

#define CONNACK_PENDING -1
#define CONNACK_BAD_LOGIN 4
#define CONNACK_NOT_AUTHORIZED 5

enum
{
  PROP_0,
  PROP_TOPIC,
  PROP_QOS,
  PROP_RETAIN,
  PROP_CLIENT_ID,
  PROP_TLS,
  PROP_CA_FILE,
  PROP_CERT_FILE,
  PROP_KEY_FILE
};

/* Messages that are on their way. */
typedef struct
{
  gint *ids;
  gboolean *arrived;
  guint n, n_arrived;
} TsFlight;

struct _GstMqttPublish
{
  GstDetectionPublisher parent;

  /* object lock */
  gchar *topic, *client_id, *ca_file, *cert_file, *key_file;
  gint qos;
  gboolean retain, tls;

  /* worker thread */
  struct mosquitto *client;
  gint connack;
  TsFlight flight;
};

G_DEFINE_TYPE (GstMqttPublish, gst_mqtt_publish, GST_TYPE_DETECTION_PUBLISHER);
GST_ELEMENT_REGISTER_DEFINE (mqttpublish, "mqttpublish", GST_RANK_NONE,
    GST_TYPE_MQTT_PUBLISH);

static void
on_connect (struct mosquitto *client, void *data, int code)
{
  GST_MQTT_PUBLISH (data)->connack = code;
}

static void
on_publish (struct mosquitto *client, void *data, int id)
{
  TsFlight *flight = &GST_MQTT_PUBLISH (data)->flight;

  for (guint i = 0; i < flight->n; i++) {
    if (flight->ids[i] == id && !flight->arrived[i]) {
      flight->arrived[i] = TRUE;
      flight->n_arrived++;
      return;
    }
  }
}

static const gchar *
error_text (gint code)
{
  return code == MOSQ_ERR_ERRNO ? g_strerror (errno) :
      mosquitto_strerror (code);
}

/* Its lock must be held. */
static gboolean
wants_tls (const GstMqttPublish * self)
{
  return self->tls || self->ca_file != NULL || self->cert_file != NULL
      || self->key_file != NULL;
}

/* Beside the system's certificates the library wants a place to look for others. */
static gint
set_certificates (GstMqttPublish * self, const gchar * ca_file,
    const gchar * cert_file, const gchar * key_file)
{
  gint code = ca_file != NULL ? MOSQ_ERR_SUCCESS :
      mosquitto_int_option (self->client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);

  if (code != MOSQ_ERR_SUCCESS || (ca_file == NULL && cert_file == NULL
          && key_file == NULL))
    return code;
  return mosquitto_tls_set (self->client, ca_file,
      ca_file != NULL ? NULL : SYSTEM_CERTIFICATES, cert_file, key_file, NULL);
}

/* FALSE: certificates or keys cannot be used. */
static gboolean
set_tls (GstMqttPublish * self, GError ** error)
{
  g_autofree gchar *ca_file = NULL, *cert_file = NULL, *key_file = NULL;
  gboolean tls;
  gint code;

  GST_OBJECT_LOCK (self);
  ca_file = g_strdup (self->ca_file);
  cert_file = g_strdup (self->cert_file);
  key_file = g_strdup (self->key_file);
  tls = wants_tls (self);
  GST_OBJECT_UNLOCK (self);
  if (!tls)
    return TRUE;
  code = set_certificates (self, ca_file, cert_file, key_file);
  if (code == MOSQ_ERR_SUCCESS)
    return TRUE;
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "Cannot use TLS with ca-file \"%s\", cert-file \"%s\" and key-file "
      "\"%s\": %s.", ca_file != NULL ? ca_file : "",
      cert_file != NULL ? cert_file : "", key_file != NULL ? key_file : "",
      error_text (code));
  return FALSE;
}

static guint
port_of (GstMqttPublish * self, const TsBroker * broker)
{
  gboolean tls;

  GST_OBJECT_LOCK (self);
  tls = wants_tls (self);
  GST_OBJECT_UNLOCK (self);
  return broker->port != 0 ? broker->port : tls ? TLS_PORT : PORT;
}

static gboolean
check_connack (GstMqttPublish * self, const TsBroker * broker, GError ** error)
{
  gboolean login = self->connack == CONNACK_BAD_LOGIN
      || self->connack == CONNACK_NOT_AUTHORIZED;

  if (self->connack == 0)
    return TRUE;
  g_set_error (error, GST_RESOURCE_ERROR,
      login ? GST_RESOURCE_ERROR_NOT_AUTHORIZED : GST_RESOURCE_ERROR_OPEN_WRITE,
      "The MQTT broker at %s port %u refuses the connection: %s%s",
      broker->host, port_of (self, broker),
      mosquitto_connack_string (self->connack),
      login ? " Check username and password." : "");
  return FALSE;
}

/* Lets the library work until @done says so; FALSE with its error. */
static gboolean
loop_until (GstMqttPublish * self, gboolean (*done) (GstMqttPublish * self),
    gint * code)
{
  TsOutbox *outbox =
      gst_detection_publisher_get_outbox (GST_DETECTION_PUBLISHER (self));
  gint64 end = g_get_monotonic_time () + TIMEOUT_US;

  while (!done (self)) {
    if (ts_outbox_is_stopped (outbox) || g_get_monotonic_time () > end)
      *code = MOSQ_ERR_CONN_LOST;
    else
      *code = mosquitto_loop (self->client, LOOP_MS, 1);
    if (*code != MOSQ_ERR_SUCCESS)
      return done (self);
  }
  return TRUE;
}

static gboolean
has_connack (GstMqttPublish * self)
{
  return self->connack != CONNACK_PENDING;
}

static gboolean
has_arrived (GstMqttPublish * self)
{
  return self->flight.n_arrived == self->flight.n;
}

static void
gst_mqtt_publish_disconnect (GstDetectionPublisher * publisher)
{
  GstMqttPublish *self = GST_MQTT_PUBLISH (publisher);

  mosquitto_disconnect (self->client);
  mosquitto_loop (self->client, 0, 1);
  g_clear_pointer (&self->client, mosquitto_destroy);
}

static gboolean
open_connection (GstMqttPublish * self, const TsBroker * broker,
    GError ** error)
{
  guint port = port_of (self, broker);
  gint code;

  if (!set_tls (self, error))
    return FALSE;
  if (broker->username != NULL)
    mosquitto_username_pw_set (self->client, broker->username,
        broker->password);
  self->connack = CONNACK_PENDING;
  code = mosquitto_connect_async (self->client, broker->host, port,
      KEEPALIVE_S);
  if (code == MOSQ_ERR_SUCCESS && loop_until (self, has_connack, &code))
    return check_connack (self, broker, error);
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
      "Cannot connect to the MQTT broker at %s port %u: %s; trying again.",
      broker->host, port, error_text (code));
  return FALSE;
}

static gboolean
gst_mqtt_publish_connect (GstDetectionPublisher * publisher,
    const TsBroker * broker, GError ** error)
{
  GstMqttPublish *self = GST_MQTT_PUBLISH (publisher);
  g_autofree gchar *client_id = NULL;

  GST_OBJECT_LOCK (self);
  client_id = g_strdup (self->client_id);
  GST_OBJECT_UNLOCK (self);
  self->client = mosquitto_new (client_id, TRUE, self);
  if (self->client == NULL) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "The MQTT client cannot have the client-id \"%s\": %s.",
        client_id != NULL ? client_id : "", g_strerror (errno));
    return FALSE;
  }
  mosquitto_connect_callback_set (self->client, on_connect);
  mosquitto_publish_callback_set (self->client, on_publish);
  if (open_connection (self, broker, error))
    return TRUE;
  g_clear_pointer (&self->client, mosquitto_destroy);
  return FALSE;
}

/* Hands all messages to the library; gives its error. */
static gint
send_all (GstMqttPublish * self, const gchar ** messages)
{
  g_autofree gchar *topic = NULL;
  gint code = MOSQ_ERR_SUCCESS, qos;
  gboolean retain;

  GST_OBJECT_LOCK (self);
  topic = g_strdup (self->topic);
  qos = self->qos;
  retain = self->retain;
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < self->flight.n && code == MOSQ_ERR_SUCCESS; i++) {
    self->flight.ids[i] = -1;
    code = mosquitto_publish (self->client, &self->flight.ids[i],
        topic != NULL ? topic : "", strlen (messages[i]), messages[i], qos,
        retain);
  }
  return code;
}

static void
set_publish_error (GstMqttPublish * self, gint code, GError ** error)
{
  gboolean settings = code == MOSQ_ERR_INVAL || code == MOSQ_ERR_PAYLOAD_SIZE
      || code == MOSQ_ERR_MALFORMED_UTF8;

  GST_OBJECT_LOCK (self);
  g_set_error (error, GST_RESOURCE_ERROR,
      settings ? GST_RESOURCE_ERROR_SETTINGS : GST_RESOURCE_ERROR_WRITE,
      "Cannot publish to the MQTT topic \"%s\": %s%s", self->topic,
      error_text (code), settings ? " Topics have no wildcards." :
      " Trying again.");
  GST_OBJECT_UNLOCK (self);
}

static guint
gst_mqtt_publish_publish (GstDetectionPublisher * publisher,
    const gchar ** messages, guint n, GError ** error)
{
  GstMqttPublish *self = GST_MQTT_PUBLISH (publisher);
  g_autofree gint *ids = g_new (gint, n);
  g_autofree gboolean *arrived = g_new0 (gboolean, n);
  guint n_done = 0;
  gint code;

  /* Ids of messages that were not handed over yet match no acknowledgment. */
  memset (ids, 0xff, n * sizeof *ids);
  self->flight = (TsFlight) {
  ids, arrived, n, 0};
  code = send_all (self, messages);
  if (code != MOSQ_ERR_SUCCESS || !loop_until (self, has_arrived, &code))
    set_publish_error (self, code, error);
  while (n_done < n && arrived[n_done])
    n_done++;
  self->flight = (TsFlight) {
  0};
  return n_done;
}

/* The broker wants to hear something now and then. */
static gboolean
gst_mqtt_publish_idle (GstDetectionPublisher * publisher, GError ** error)
{
  GstMqttPublish *self = GST_MQTT_PUBLISH (publisher);
  gint code = mosquitto_loop (self->client, 0, 1);

  if (code == MOSQ_ERR_SUCCESS)
    return TRUE;
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
      "The connection to the MQTT broker is lost: %s; trying again.",
      error_text (code));
  return FALSE;
}

static void
set_string (gchar ** field, const GValue * value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
gst_mqtt_publish_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstMqttPublish *self = GST_MQTT_PUBLISH (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TOPIC:
      set_string (&self->topic, value);
      break;
    case PROP_QOS:
      self->qos = g_value_get_int (value);
      break;
    case PROP_RETAIN:
      self->retain = g_value_get_boolean (value);
      break;
    case PROP_CLIENT_ID:
      set_string (&self->client_id, value);
      break;
    case PROP_TLS:
      self->tls = g_value_get_boolean (value);
      break;
    case PROP_CA_FILE:
      set_string (&self->ca_file, value);
      break;
    case PROP_CERT_FILE:
      set_string (&self->cert_file, value);
      break;
    case PROP_KEY_FILE:
      set_string (&self->key_file, value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_mqtt_publish_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstMqttPublish *self = GST_MQTT_PUBLISH (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TOPIC:
      g_value_set_string (value, self->topic);
      break;
    case PROP_QOS:
      g_value_set_int (value, self->qos);
      break;
    case PROP_RETAIN:
      g_value_set_boolean (value, self->retain);
      break;
    case PROP_CLIENT_ID:
      g_value_set_string (value, self->client_id);
      break;
    case PROP_TLS:
      g_value_set_boolean (value, self->tls);
      break;
    case PROP_CA_FILE:
      g_value_set_string (value, self->ca_file);
      break;
    case PROP_CERT_FILE:
      g_value_set_string (value, self->cert_file);
      break;
    case PROP_KEY_FILE:
      g_value_set_string (value, self->key_file);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_mqtt_publish_finalize (GObject * object)
{
  GstMqttPublish *self = GST_MQTT_PUBLISH (object);

  g_free (self->topic);
  g_free (self->client_id);
  g_free (self->ca_file);
  g_free (self->cert_file);
  g_free (self->key_file);
  G_OBJECT_CLASS (gst_mqtt_publish_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, PROP_TOPIC,
      g_param_spec_string ("topic", "Topic", "Topic to publish to",
          DEFAULT_TOPIC, flags));
  g_object_class_install_property (klass, PROP_QOS,
      g_param_spec_int ("qos-level", "Quality of service",
          "0: sent once, may be lost; 1: arrives, perhaps twice; 2: arrives "
          "once as long as the connection lasts", 0, 2, DEFAULT_QOS, flags));
  g_object_class_install_property (klass, PROP_RETAIN,
      g_param_spec_boolean ("retain", "Retain",
          "The broker keeps the last message for subscribers to come",
          DEFAULT_RETAIN, flags));
  g_object_class_install_property (klass, PROP_CLIENT_ID,
      g_param_spec_string ("client-id", "Client id",
          "Name of this client at the broker; unset: a random one", NULL,
          flags));
  g_object_class_install_property (klass, PROP_TLS,
      g_param_spec_boolean ("tls", "TLS",
          "Encrypt, and trust the certificates that the system trusts",
          DEFAULT_TLS, flags));
  g_object_class_install_property (klass, PROP_CA_FILE,
      g_param_spec_string ("ca-file", "CA file",
          "Encrypt, and trust the certificates in this PEM file instead", NULL,
          flags));
  g_object_class_install_property (klass, PROP_CERT_FILE,
      g_param_spec_string ("cert-file", "Certificate file",
          "Encrypt, and log in with the certificate in this PEM file", NULL,
          flags));
  g_object_class_install_property (klass, PROP_KEY_FILE,
      g_param_spec_string ("key-file", "Key file",
          "PEM file of that certificate's key, without a passphrase", NULL,
          flags));
}

static void
gst_mqtt_publish_class_init (GstMqttPublishClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstDetectionPublisherClass *publisher_class =
      GST_DETECTION_PUBLISHER_CLASS (klass);

  mosquitto_lib_init ();
  object_class->set_property = gst_mqtt_publish_set_property;
  object_class->get_property = gst_mqtt_publish_get_property;
  object_class->finalize = gst_mqtt_publish_finalize;
  install_properties (object_class);

  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "MQTT publisher", "Filter/Analyzer/Video",
      "Publishes what TorchScript models found to an MQTT broker",
      "The gst-torchscript developers");

  publisher_class->connect = gst_mqtt_publish_connect;
  publisher_class->disconnect = gst_mqtt_publish_disconnect;
  publisher_class->publish = gst_mqtt_publish_publish;
  publisher_class->idle = gst_mqtt_publish_idle;
}

static void
gst_mqtt_publish_init (GstMqttPublish * self)
{
  self->topic = g_strdup (DEFAULT_TOPIC);
  self->qos = DEFAULT_QOS;
  self->retain = DEFAULT_RETAIN;
  self->tls = DEFAULT_TLS;
}
