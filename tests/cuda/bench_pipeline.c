/* bench_pipeline.c - a whole pipeline, from system memory to the sink
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: bench_pipeline MODE MEMORY FRAMES FORMAT WIDTH HEIGHT "PROPERTIES"
 * MODE latency: a frame goes in when the one before has come out; rate: as fast as
 * the pipeline takes them.  MEMORY ordinary, or pool: what torchscriptinfer offers.
 * PROPERTIES are those of torchscriptinfer.  Prints one JSON object.
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

static void
fill (GstBuffer * buffer, guint seed)
{
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_WRITE))
    g_error ("no memory can be written");
  for (gsize k = 0; k < map.size; k++)
    map.data[k] = (guint8) (((k + seed) * 2654435761u) >> 13);
  gst_buffer_unmap (buffer, &map);
}

static GstBufferPool *
get_pool (GstPad * pad, GstCaps * caps)
{
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  GstBufferPool *pool = NULL;

  if (gst_pad_peer_query (pad, query)
      && gst_query_get_n_allocation_pools (query) > 0)
    gst_query_parse_nth_allocation_pool (query, 0, &pool, NULL, NULL, NULL);
  if (!pool || !gst_buffer_pool_set_active (pool, TRUE))
    g_error ("there is no pool");
  gst_query_unref (query);
  return pool;
}

static void
make_buffers (GstBuffer ** buffers, GstPad * pad, GstCaps * caps, gsize size,
    gboolean pooled)
{
  GstBufferPool *pool = pooled ? get_pool (pad, caps) : NULL;

  for (guint i = 0; i < N_BUFFERS; i++) {
    if (!pool)
      buffers[i] = gst_buffer_new_allocate (NULL, size, NULL);
    else if (gst_buffer_pool_acquire_buffer (pool, &buffers[i], NULL) !=
        GST_FLOW_OK)
      g_error ("the pool has no buffer");
    fill (buffers[i], i * 977);
  }
}

static void
push (GstPad * pad, GstBuffer * buffer, guint i)
{
  GstBuffer *copy = gst_buffer_copy (buffer);
  GstFlowReturn flow;

  GST_BUFFER_PTS (copy) = i * GST_MSECOND;
  pushed_at[i] = g_get_monotonic_time ();
  flow = gst_pad_push (pad, copy);
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
build (const gchar * properties)
{
  g_autofree gchar *text =
      g_strdup_printf ("torchscriptinfer name=infer %s ! fakesink name=sink "
      "sync=false signal-handoffs=true", properties);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);

  if (!pipeline || error)
    g_error ("%s", error->message);
  return pipeline;
}

/* The benchmark's own thread is the one that a source would have. */
static GstPad *
open_pad (GstElement * pipeline)
{
  GstElement *infer = gst_bin_get_by_name (GST_BIN (pipeline), "infer");
  GstPad *sink = gst_element_get_static_pad (infer, "sink");
  GstPad *pad = gst_pad_new ("src", GST_PAD_SRC);

  gst_pad_set_active (pad, TRUE);
  if (gst_pad_link (pad, sink) != GST_PAD_LINK_OK)
    g_error ("the pads do not link");
  gst_object_unref (sink);
  gst_object_unref (infer);
  return pad;
}

static GstCaps *
start (GstPad * pad, char **arguments)
{
  g_autofree gchar *text = g_strdup_printf ("video/x-raw,format=%s,width=%s,"
      "height=%s,framerate=1000/1,colorimetry=bt709", arguments[4],
      arguments[5], arguments[6]);
  GstCaps *caps = gst_caps_from_string (text);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_stream_start ("bench"));
  if (!gst_pad_push_event (pad, gst_event_new_caps (caps)))
    g_error ("the caps are refused");
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  return caps;
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
  printf ("{\"bench\": \"pipeline\", \"mode\": \"%s\", \"memory\": \"%s\", "
      "\"frames\": %u, "
      "\"format\": \"%s\", \"width\": %s, \"height\": %s, "
      "\"properties\": \"%s\", \"frames_per_second\": %.1f, "
      "\"latency_ms\": {\"min\": %.3f, \"median\": %.3f, \"p90\": %.3f}}\n",
      arguments[1], arguments[2], n, arguments[4], arguments[5], arguments[6],
      arguments[7],
      n * 1e6 / (arrived_at[n_frames - 1] - arrived_at[first - 1]), ms[0],
      ms[n / 2], ms[n * 9 / 10]);
}

int
main (int argc, char **argv)
{
  GstElement *pipeline, *sink;
  GstBuffer *buffers[N_BUFFERS];
  GstVideoInfo info;
  gboolean in_turn;
  GstCaps *caps;
  GstBus *bus;
  GstPad *pad;

  gst_init (&argc, &argv);
  if (argc != 8)
    g_error ("expected MODE MEMORY FRAMES FORMAT WIDTH HEIGHT PROPERTIES");
  in_turn = g_str_equal (argv[1], "latency");
  n_frames = N_WARM_UP + atoi (argv[3]);
  pushed_at = g_new0 (gint64, n_frames);
  arrived_at = g_new0 (gint64, n_frames);

  pipeline = build (argv[7]);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), NULL);
  bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, NULL, NULL);
  gst_object_unref (bus);
  pad = open_pad (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  caps = start (pad, argv);
  if (!gst_video_info_from_caps (&info, caps))
    g_error ("bad caps");
  make_buffers (buffers, pad, caps, info.size, g_str_equal (argv[2], "pool"));
  for (guint i = 0; i < n_frames; i++) {
    push (pad, buffers[i % N_BUFFERS], i);
    if (in_turn)
      wait_for (i + 1);
  }
  gst_pad_push_event (pad, gst_event_new_eos ());
  wait_for (n_frames);
  report (argv);

  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_caps_unref (caps);
  gst_object_unref (pad);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  for (guint i = 0; i < N_BUFFERS; i++)
    gst_buffer_unref (buffers[i]);
  return 0;
}
