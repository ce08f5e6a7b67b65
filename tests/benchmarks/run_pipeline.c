/* run_pipeline.c - frames through a pipeline, one after the other
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: run_pipeline CAPS FRAME.raw ELEMENTS [together]
 * appsrc ! ELEMENTS ! appsink; each frame is FRAME.raw.  The time of a frame is that
 * from its going in to its coming out, the start that from NULL to the first frame's
 * coming out.  With "together" all that are asked for go in at once.  See lines.h.
 */
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "lines.h"

typedef struct
{
  GstElement *pipeline;
  GstAppSrc *source;
  GstAppSink *sink;
  GBytes *frame;
  guint64 n;
} Runner;

static void
fail (Runner * self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  if (message)
    gst_message_parse_error (message, &error, NULL);
  fprintf (stderr, "%s\n",
      error ? error->message : "the pipeline gave nothing");
  exit (1);
}

static void
push (Runner * self)
{
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (self->frame);

  GST_BUFFER_PTS (buffer) = self->n++ * GST_SECOND / 30;
  gst_app_src_push_buffer (self->source, buffer);
}

static void
pull (Runner * self)
{
  GstSample *sample = gst_app_sink_pull_sample (self->sink);

  if (!sample)
    fail (self);
  gst_sample_unref (sample);
}

static gdouble
run (gpointer user)
{
  gint64 start = g_get_monotonic_time ();

  push (user);
  pull (user);
  return (g_get_monotonic_time () - start) / 1000.;
}

static void
run_together (gpointer user, gint n)
{
  for (gint i = 0; i < n; i++)
    push (user);
  for (gint i = 0; i < n; i++)
    pull (user);
}

static void
build (Runner * self, const gchar * caps, const gchar * elements)
{
  g_autofree gchar *line = g_strdup_printf ("appsrc name=in format=time "
      "caps=\"%s\" ! %s ! appsink name=out sync=false", caps, elements);
  g_autoptr (GError) error = NULL;

  self->pipeline = gst_parse_launch (line, &error);
  if (error) {
    fprintf (stderr, "%s\n", error->message);
    exit (1);
  }
  self->source = GST_APP_SRC (gst_bin_get_by_name (GST_BIN (self->pipeline),
          "in"));
  self->sink = GST_APP_SINK (gst_bin_get_by_name (GST_BIN (self->pipeline),
          "out"));
}

int
main (int argc, char **argv)
{
  Runner self = { NULL };
  gint64 start;
  gsize size;
  gchar *data;
  gdouble ms;

  gst_init (&argc, &argv);
  if (argc < 4 || !g_file_get_contents (argv[2], &data, &size, NULL)) {
    fprintf (stderr, "usage: %s CAPS FRAME.raw ELEMENTS [together]\n", argv[0]);
    return 2;
  }
  self.frame = g_bytes_new_take (data, size);
  build (&self, argv[1], argv[3]);
  start = g_get_monotonic_time ();
  /* A sink that never started would let run() wait for ever. */
  if (gst_element_set_state (self.pipeline,
          GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    fail (&self);
  run (&self);
  ms = (g_get_monotonic_time () - start) / 1000.;
  printf ("{\"start_ms\": %.1f, \"rss_kb\": %d}\n", ms,
      read_memory_kb ("VmRSS"));
  fflush (stdout);
  if (argc > 4)
    answer_rates (run_together, &self);
  else
    answer_lines (run, &self);
  gst_element_set_state (self.pipeline, GST_STATE_NULL);
  return 0;
}
