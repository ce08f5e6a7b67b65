/* bench_pipeline.c - a whole pipeline, from system memory to the sink
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: bench_pipeline MODE FRAMES FORMAT WIDTH HEIGHT "PROPERTIES OF torchscriptinfer"
 * MODE latency: a frame goes in when the one before has come out; rate: as fast as
 * the pipeline takes them.  Prints one JSON object.
 */
#include <stdio.h>
#include <stdlib.h>

#include <gst/video/video.h>

#define N_BUFFERS 8
#define N_WARM_UP 100

static GMutex lock;
static GCond arrived;
static guint n_arrived;
static gint64 *pushed_at, *arrived_at;
static guint n_frames;

static void
on_handoff (GstElement * sink, GstBuffer * buffer, GstPad * pad, gpointer data)
{
  g_mutex_lock (&lock);
  if (n_arrived < n_frames)
    arrived_at[n_arrived] = g_get_monotonic_time ();
  n_arrived++;
  g_cond_signal (&arrived);
  g_mutex_unlock (&lock);
}

static void
wait_for (guint n)
{
  g_mutex_lock (&lock);
  while (n_arrived < n)
    g_cond_wait (&arrived, &lock);
  g_mutex_unlock (&lock);
}

static GstBuffer *
new_buffer (gsize size, guint seed)
{
  guint8 *pixels = g_malloc (size);

  for (gsize k = 0; k < size; k++)
    pixels[k] = (guint8) (((k + seed) * 2654435761u) >> 13);
  return gst_buffer_new_wrapped (pixels, size);
}

static void
push (GstElement * source, GstBuffer * buffer, guint i)
{
  GstBuffer *copy = gst_buffer_copy (buffer);
  GstFlowReturn flow;

  GST_BUFFER_PTS (copy) = i * GST_MSECOND;
  pushed_at[i] = g_get_monotonic_time ();
  g_signal_emit_by_name (source, "push-buffer", copy, &flow);
  gst_buffer_unref (copy);
  if (flow != GST_FLOW_OK)
    g_error ("the pipeline stopped: %s", gst_flow_get_name (flow));
}

static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_error ("%s", error->message);
  }
  return GST_BUS_PASS;
}

static GstElement *
build (const gchar * const *arguments)
{
  g_autofree gchar *text =
      g_strdup_printf ("appsrc name=source format=time block=true max-bytes=0 "
      "max-buffers=64 caps=video/x-raw,format=%s,width=%s,height=%s,"
      "framerate=1000/1,colorimetry=bt709 ! torchscriptinfer %s ! fakesink "
      "name=sink sync=false signal-handoffs=true", arguments[0], arguments[1],
      arguments[2], arguments[3]);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);

  if (!pipeline || error)
    g_error ("%s", error->message);
  return pipeline;
}

static int
compare (const void *a, const void *b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

static void
report (char **arguments)
{
  guint first = N_WARM_UP, n = n_frames - first;
  g_autofree gdouble *ms = g_new (gdouble, n);

  for (guint i = 0; i < n; i++)
    ms[i] = (arrived_at[first + i] - pushed_at[first + i]) / 1000.;
  qsort (ms, n, sizeof *ms, compare);
  printf ("{\"bench\": \"pipeline\", \"mode\": \"%s\", \"frames\": %u, "
      "\"format\": \"%s\", \"width\": %s, \"height\": %s, "
      "\"properties\": \"%s\", \"frames_per_second\": %.1f, "
      "\"latency_ms\": {\"min\": %.3f, \"median\": %.3f, \"p90\": %.3f}}\n",
      arguments[1], n, arguments[3], arguments[4], arguments[5], arguments[6],
      n * 1e6 / (arrived_at[n_frames - 1] - arrived_at[first - 1]), ms[0],
      ms[n / 2], ms[n * 9 / 10]);
}

int
main (int argc, char **argv)
{
  GstElement *pipeline, *source, *sink;
  GstBuffer *buffers[N_BUFFERS];
  GstVideoInfo info;
  gboolean in_turn;
  GstBus *bus;
  gint flow;

  gst_init (&argc, &argv);
  if (argc != 7)
    g_error ("expected MODE FRAMES FORMAT WIDTH HEIGHT PROPERTIES");
  in_turn = g_str_equal (argv[1], "latency");
  n_frames = N_WARM_UP + atoi (argv[2]);
  pushed_at = g_new0 (gint64, n_frames);
  arrived_at = g_new0 (gint64, n_frames);
  gst_video_info_set_format (&info, gst_video_format_from_string (argv[3]),
      atoi (argv[4]), atoi (argv[5]));
  for (guint i = 0; i < N_BUFFERS; i++)
    buffers[i] = new_buffer (info.size, i * 977);

  pipeline = build ((const gchar * const *) argv + 3);
  source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), NULL);
  bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, NULL, NULL);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < n_frames; i++) {
    push (source, buffers[i % N_BUFFERS], i);
    if (in_turn)
      wait_for (i + 1);
  }
  g_signal_emit_by_name (source, "end-of-stream", &flow);
  wait_for (n_frames);
  report (argv);

  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (source);
  gst_object_unref (pipeline);
  for (guint i = 0; i < N_BUFFERS; i++)
    gst_buffer_unref (buffers[i]);
  return 0;
}
