/* elementerror.c - the core's GError as a message on the bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "elementerror.h"

#include "tserror.h"

static const struct
{
  GQuark (*domain) (void);
  gint code;
} messages[] = {
  /* *INDENT-OFF* */
  [TS_ERROR_NOT_FOUND] = { gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
  [TS_ERROR_READ] = { gst_resource_error_quark, GST_RESOURCE_ERROR_OPEN_READ },
  [TS_ERROR_FORMAT] = { gst_stream_error_quark, GST_STREAM_ERROR_WRONG_TYPE },
  [TS_ERROR_CONFIG] = { gst_resource_error_quark, GST_RESOURCE_ERROR_SETTINGS },
  [TS_ERROR_LIBTORCH] = { gst_library_error_quark, GST_LIBRARY_ERROR_INIT },
  [TS_ERROR_DEVICE] = { gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND },
  [TS_ERROR_FORWARD] = { gst_stream_error_quark, GST_STREAM_ERROR_FAILED },
  [TS_ERROR_OUTPUT] = { gst_stream_error_quark, GST_STREAM_ERROR_FORMAT },
  [TS_ERROR_MEMORY] = { gst_resource_error_quark, GST_RESOURCE_ERROR_NO_SPACE_LEFT },
  /* *INDENT-ON* */
};

void
ts_element_message_full (GstElement * element, GstMessageType type,
    GError * error, const gchar * file, const gchar * function, gint line)
{
  GQuark domain = GST_CORE_ERROR;
  gint code = GST_CORE_ERROR_FAILED;

  if (error->domain == TS_ERROR
      && (guint) error->code < G_N_ELEMENTS (messages)) {
    domain = messages[error->code].domain ();
    code = messages[error->code].code;
  } else if (error->domain == GST_RESOURCE_ERROR) {
    domain = error->domain;
    code = error->code;
  }
  gst_element_message_full (element, type, domain, code,
      g_strdup (error->message), NULL, file, function, line);
  g_error_free (error);
}
