/* tssink.c - opens what a location names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tssink.h"

#include <errno.h>
#include <string.h>

#define UNIX_PREFIX "unix:"

TsSink *
ts_sink_open (const gchar * location, const TsFormat * format,
    GCancellable * cancellable, GError ** error)
{
  TsSink *self;

  if (g_str_has_prefix (location, UNIX_PREFIX))
    self = ts_sink_socket_open (location + strlen (UNIX_PREFIX), cancellable,
        error);
  else if (format->documents && strcmp (location, "-") != 0)
    self = ts_sink_pages_open (location, error);
  else
    self = ts_sink_file_open (location, error);
  if (self != NULL)
    self->cancellable = g_object_ref (cancellable);
  return self;
}

gboolean
ts_sink_write (TsSink * self, const GString * text, guint page, GError ** error)
{
  return self->klass->write (self, text, page, error);
}

gboolean
ts_sink_close (TsSink * self, GError ** error)
{
  g_clear_object (&self->cancellable);
  return self->klass->close (self, error);
}

void
ts_sink_set_write_error (GError ** error, const gchar * location,
    gint write_errno)
{
  if (write_errno == ECANCELED)
    return;
  g_set_error (error, GST_RESOURCE_ERROR,
      write_errno == ENOSPC ? GST_RESOURCE_ERROR_NO_SPACE_LEFT :
      GST_RESOURCE_ERROR_WRITE, "Cannot write detections to \"%s\": %s.",
      location, g_strerror (write_errno));
}
