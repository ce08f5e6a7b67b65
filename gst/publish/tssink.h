/* tssink.h - places that texts can be written to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>
#include <gst/gst.h>

#include "tsformat.h"

G_BEGIN_DECLS

typedef struct _TsSink TsSink;

typedef struct
{
  /* Writes a text whole.  @page is that of the text. */
  gboolean (*write) (TsSink * self, const GString * text, guint page,
      GError ** error);
  /* Finishes and frees; the error of what could not be finished. */
  gboolean (*close) (TsSink * self, GError ** error);
} TsSinkClass;

/* Head of every kind of sink. */
struct _TsSink
{
  const TsSinkClass *klass;
  GCancellable *cancellable;    /* ends waiting for a reader */
};

/* Opens a place to write @format to: "-" is standard output, "unix:PATH" a Unix
 * socket that somebody listens on, else the name of a file.  Errors are those of
 * GST_RESOURCE_ERROR, with the whole message. */
TsSink *ts_sink_open (const gchar * location, const TsFormat * format,
    GCancellable * cancellable, GError ** error);

/* FALSE without an error: the cancellable was cancelled. */
gboolean ts_sink_write (TsSink * self, const GString * text, guint page,
    GError ** error);
gboolean ts_sink_close (TsSink * self, GError ** error);

/* The kinds. */
TsSink *ts_sink_file_open (const gchar * path, GError ** error);
TsSink *ts_sink_pages_open (const gchar * pattern, GError ** error);
TsSink *ts_sink_socket_open (const gchar * path, GCancellable * cancellable,
    GError ** error);

/* Sets the error of a system call that failed to write to @location. */
void ts_sink_set_write_error (GError ** error, const gchar * location,
    gint write_errno);

G_END_DECLS
