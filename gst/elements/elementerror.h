/* elementerror.h - the core's GError as a message on the bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Posts @error as an error message of @element, in the domain and code that
 * applications know for its kind.  Takes @error. */
#define ts_element_error(element, error) \
  ts_element_message_full (GST_ELEMENT (element), GST_MESSAGE_ERROR, error, \
      __FILE__, GST_FUNCTION, __LINE__)

/* Likewise, as a warning: the element goes on. */
#define ts_element_warning(element, error) \
  ts_element_message_full (GST_ELEMENT (element), GST_MESSAGE_WARNING, error, \
      __FILE__, GST_FUNCTION, __LINE__)

void ts_element_message_full (GstElement * element, GstMessageType type,
    GError * error, const gchar * file, const gchar * function, gint line);

G_END_DECLS
