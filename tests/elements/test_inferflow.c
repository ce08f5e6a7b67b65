/* test_inferflow.c - frames, events and queries on their way through torchscriptinfer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fake shim answers: with its input, so that an answer tells whose it is, and as
 * slowly as a test likes.  A deadlock is the timeout of the test case.
 */
#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "fakemodel.h"
#include "infertest.h"

#define N_STILLS 10000

static gpointer
push_stills (gpointer src)
{
  guint i;

  for (i = 0; i < N_STILLS; i++)
    fail_unless (gst_app_src_push_buffer (src, new_frame (i)) == GST_FLOW_OK);
  fail_unless (gst_app_src_end_of_stream (src) == GST_FLOW_OK);
  return NULL;
}

static const gchar *const still_settings[] = {
  "", "max-in-flight=5", "lanes=3",
  "batch-size=4 scheduling=throughput batch-timeout=1"
};

/* Every page gets exactly one answer, in order, and none is lost at the end. */
GST_START_TEST (test_every_still_is_answered)
{
  g_autofree gchar *path = write_model ("stills.pt", ECHO);
  g_autofree gchar *line = g_strdup_printf ("appsrc name=src format=time "
      "caps=\"%s\" block=true max-buffers=4 ! torchscriptinfer model=\"%s\" "
      "decoder=tensors %s ! appsink name=sink sync=false", CAPS, path,
      still_settings[__i__]);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstSample *sample;
  GThread *thread;
  guint n = 0;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  thread = g_thread_new ("stills", push_stills, src);
  while ((sample = gst_app_sink_pull_sample (GST_APP_SINK (sink))) != NULL) {
    check_answer (gst_sample_get_buffer (sample), n++);
    gst_sample_unref (sample);
  }
  fail_unless_equals_int (n, N_STILLS);
  g_thread_join (thread);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (src);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

GST_END_TEST;

/* One after the other they take 120 ms. */
static void
check_three_at_once (GstHarness * h, guint number)
{
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < 3; i++)
    fail_unless (gst_harness_push (h, new_frame (number + i)) == GST_FLOW_OK);
  for (guint i = 0; i < 3; i++)
    pull_and_check (h, number + i);
  fail_unless (g_get_monotonic_time () - start < 110000);
}

/* As many frames are let in as there are lanes, and come out in order. */
GST_START_TEST (test_lanes)
{
  GstElement *infer = new_infer (SLOW_ECHO, "tensors");
  GstStructure *stats;
  GstHarness *h;
  guint n_lanes;

  g_object_set (infer, "lanes", 3, NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  fail_unless (gst_harness_push (h, new_frame (0)) == GST_FLOW_OK);
  pull_and_check (h, 0);
  g_object_get (infer, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint (stats, "lanes", &n_lanes));
  fail_unless_equals_int (n_lanes, 3);
  gst_structure_free (stats);
  check_three_at_once (h, 1);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

GST_START_TEST (test_upstream_is_held)
{
  GstElement *infer = new_infer (SLOW_ECHO, "tensors");
  GstHarness *h;
  gint64 start;
  guint i;

  g_object_set (infer, "max-in-flight", 3, "warmup", 0, NULL);
  h = new_harness (infer);
  start = g_get_monotonic_time ();
  fail_unless (gst_harness_push (h, new_frame (0)) == GST_FLOW_OK);
  fail_unless (gst_harness_push (h, new_frame (1)) == GST_FLOW_OK);
  fail_unless (g_get_monotonic_time () - start < 40000);
  /* With the third frame it is full until the first has gone. */
  fail_unless (gst_harness_push (h, new_frame (2)) == GST_FLOW_OK);
  fail_unless (g_get_monotonic_time () - start >= 40000);
  for (i = 0; i < 3; i++)
    pull_and_check (h, i);
  tear_down (h);
}

GST_END_TEST;

static GstEvent *
new_marker (guint number)
{
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
      gst_structure_new ("marker", "number", G_TYPE_UINT, number, NULL));
}

/* Guards what watch() gives as long as items come out. */
static GMutex seen_lock;

static void
append_item (GString * text, GstPadProbeInfo * info)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  const GstStructure *structure;
  guint number;

  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER) {
    g_string_append_printf (text, "%u ",
        get_number (GST_PAD_PROBE_INFO_BUFFER (info)));
    return;
  }
  structure = gst_event_get_structure (event);
  if (structure != NULL && gst_structure_get_uint (structure, "number",
          &number))
    g_string_append_printf (text, "m%u ", number);
  else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS
      || GST_EVENT_TYPE (event) == GST_EVENT_GAP
      || GST_EVENT_TYPE (event) == GST_EVENT_CAPS)
    g_string_append_printf (text, "%s ", GST_EVENT_TYPE_NAME (event));
}

static GstPadProbeReturn
note_item (GstPad * pad, GstPadProbeInfo * info, gpointer text)
{
  g_mutex_lock (&seen_lock);
  append_item (text, info);
  g_mutex_unlock (&seen_lock);
  return GST_PAD_PROBE_OK;
}

/* In the order in which they came out: "0", "m1" and so on. */
static GString *
watch (GstHarness * h)
{
  GString *text = g_string_new (NULL);
  GstPad *pad = gst_element_get_static_pad (h->element, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER
      | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note_item, text, NULL);
  gst_object_unref (pad);
  return text;
}

static void
wait_until_seen (const GString * seen, const gchar * item)
{
  gboolean found;

  do {
    g_usleep (1000);
    g_mutex_lock (&seen_lock);
    found = strstr (seen->str, item) != NULL;
    g_mutex_unlock (&seen_lock);
  } while (!found);
}

GST_START_TEST (test_events_keep_their_place)
{
  GstElement *infer = new_infer (SLOW_ECHO, "tensors");
  GstHarness *h;
  GString *seen;
  guint i;

  g_object_set (infer, "max-in-flight", 8, "warmup", 0, NULL);
  h = new_harness (infer);
  pull_and_check (h, (gst_harness_push (h, new_frame (7)), 7));
  seen = watch (h);
  gst_harness_push (h, new_frame (0));
  gst_harness_push_event (h, new_marker (1));
  gst_harness_push (h, new_frame (1));
  gst_harness_push (h, new_frame (2));
  gst_harness_push_event (h, gst_event_new_gap (0, GST_SECOND));
  gst_harness_push_event (h, new_marker (2));
  gst_harness_push (h, new_frame (3));
  gst_harness_push_event (h, gst_event_new_eos ());
  for (i = 0; i < 4; i++)
    pull_and_check (h, i);
  wait_until_seen (seen, "eos");
  fail_unless_equals_string (seen->str, "0 m1 1 2 gap m2 3 eos ");
  tear_down (h);
  g_string_free (seen, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_caps_change_in_flight)
{
  GstElement *infer = new_infer (SLOW_ECHO, "tensors");
  GstHarness *h;
  GString *seen;
  guint i;

  g_object_set (infer, "max-in-flight", 8, "warmup", 1, NULL);
  h = new_harness (infer);
  pull_and_check (h, (gst_harness_push (h, new_frame (7)), 7));
  seen = watch (h);
  for (i = 0; i < 3; i++)
    gst_harness_push (h, new_frame (i));
  gst_harness_set_src_caps_str (h,
      "video/x-raw,format=GRAY8,width=16,height=12," "framerate=25/1");
  for (i = 3; i < 5; i++)
    gst_harness_push (h, new_frame (i));
  for (i = 0; i < 3; i++)
    pull_and_check (h, i);
  for (i = 3; i < 5; i++)
    gst_buffer_unref (gst_harness_pull (h));
  fail_unless_equals_string (seen->str, "0 1 2 caps 3 4 ");
  tear_down (h);
  g_string_free (seen, TRUE);
}

GST_END_TEST;

/* What was on its way is gone, what comes later is not. */
GST_START_TEST (test_flush_in_flight)
{
  GstElement *infer = new_infer (SLOW_ECHO, "tensors");
  GstHarness *h;
  guint i, round;

  g_object_set (infer, "max-in-flight", 8, "warmup", 0, "batch-size",
      __i__ + 1, NULL);
  h = new_harness (infer);
  for (round = 0; round < 5; round++) {
    for (i = 0; i < 5; i++)
      fail_unless (gst_harness_push (h, new_frame (100 + i)) == GST_FLOW_OK);
    g_usleep (round * 10000);
    flush (h);
    while (gst_harness_buffers_in_queue (h) > 0)
      gst_buffer_unref (gst_harness_pull (h));
    for (i = 0; i < 3; i++)
      fail_unless (gst_harness_push (h, new_frame (i)) == GST_FLOW_OK);
    for (i = 0; i < 3; i++)
      pull_and_check (h, i);
  }
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  tear_down (h);
}

GST_END_TEST;

/* An error in flight reaches upstream with one of the next frames, the bus once, and
 * leaves the way free for the end of the stream. */
GST_START_TEST (test_error_in_flight)
{
  GstElement *infer = new_infer ("{" CONFIG "\"run_error\": {\"status\": "
      "\"forward\"}, \"fail_on_run\": 2, \"output\": {\"input\": 0}}",
      "tensors");
  GstHarness *h;
  GString *seen;
  guint i = 0;

  g_object_set (infer, "max-in-flight", 3, "warmup", 0, NULL);
  h = new_harness (infer);
  gst_object_ref (infer);
  seen = watch (h);
  while (gst_harness_push (h, new_frame (i)) == GST_FLOW_OK)
    fail_unless (++i < 100);
  pull_and_check (h, 0);
  pull_and_check (h, 1);
  fail_unless (gst_harness_push (h, new_frame (3)) == GST_FLOW_ERROR);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  wait_until_seen (seen, "eos");
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  fail_unless (has_message (infer, GST_MESSAGE_ERROR));
  fail_if (has_message (infer, GST_MESSAGE_ERROR));
  /* A flush is a new start. */
  flush (h);
  gst_harness_push (h, new_frame (5));
  pull_and_check (h, 5);
  tear_down (h);
  gst_object_unref (infer);
  g_string_free (seen, TRUE);
}

GST_END_TEST;

static GstPadProbeReturn
answer_eos (GstPad * pad, GstPadProbeInfo * info, gpointer unused)
{
  gst_buffer_unref (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = NULL;
  GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_EOS;
  return GST_PAD_PROBE_HANDLED;
}

GST_START_TEST (test_downstream_wants_no_more)
{
  GstElement *infer = new_infer (ECHO, "tensors");
  GstHarness *h = new_harness (infer);
  GstSegment segment;
  GstPad *pad = gst_element_get_static_pad (infer, "src");
  gulong probe = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, answer_eos,
      NULL, NULL);

  fail_unless (gst_harness_push (h, new_frame (0)) == GST_FLOW_EOS);
  fail_unless (gst_harness_push (h, new_frame (1)) == GST_FLOW_EOS);
  gst_pad_remove_probe (pad, probe);
  fail_unless (gst_harness_push (h, new_frame (2)) == GST_FLOW_EOS);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  fail_unless (gst_harness_push (h, new_frame (3)) == GST_FLOW_OK);
  pull_and_check (h, 3);
  fail_if (has_message (infer, GST_MESSAGE_ERROR));
  gst_object_unref (pad);
  tear_down (h);
}

GST_END_TEST;

/* A query that waits in its place among frames. */
GST_START_TEST (test_allocation_in_flight)
{
  GstElement *infer = new_infer (SLOW_ECHO, "tensors");
  GstCaps *caps = gst_caps_from_string (CAPS);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  GstHarness *h;
  guint i;

  g_object_set (infer, "max-in-flight", 8, "warmup", 0, NULL);
  h = new_harness (infer);
  gst_harness_add_propose_allocation_meta (h, GST_VIDEO_META_API_TYPE, NULL);
  for (i = 0; i < 3; i++)
    gst_harness_push (h, new_frame (i));
  fail_unless (gst_pad_peer_query (h->srcpad, query));
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 3);
  fail_unless (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE,
          NULL));
  gst_query_unref (query);
  gst_caps_unref (caps);
  tear_down (h);
}

GST_END_TEST;

static gboolean
refuse_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  return FALSE;
}

/* Where frames go to a card as they are, upstream is offered memory that it reads fast;
 * the fake's is full of one byte. */
GST_START_TEST (test_card_offers_memory)
{
  GstCaps *caps = gst_caps_from_string (CAPS);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  GstAllocator *allocator = NULL;
  GstBufferPool *pool;
  GstElement *infer;
  GstBuffer *buffer;
  GstHarness *h;
  GstMapInfo map;

  g_setenv ("FAKESHIM_DEVICES", "cuda:0", TRUE);
  g_setenv ("FAKESHIM_LANES", "1", TRUE);
  infer = new_infer (SLOW_ECHO, "tensors");
  g_object_set (infer, "device", "cuda", "warmup", 0, NULL);
  h = new_harness (infer);
  /* Downstream says nothing. */
  gst_pad_set_query_function (h->sinkpad, refuse_query);
  fail_unless (gst_pad_peer_query (h->srcpad, query));
  gst_query_parse_nth_allocation_param (query, 0, &allocator, NULL);
  fail_unless (allocator != NULL);
  gst_object_unref (allocator);
  gst_query_parse_nth_allocation_pool (query, 0, &pool, NULL, NULL, NULL);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL)
      == GST_FLOW_OK);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless (map.size > 0 && map.data[0] == FAKE_HOST_BYTE
      && map.data[map.size - 1] == FAKE_HOST_BYTE);
  gst_buffer_unmap (buffer, &map);
  /* It may outlive the element. */
  tear_down (h);
  gst_buffer_unref (buffer);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  gst_query_unref (query);
  gst_caps_unref (caps);
}

GST_END_TEST;

static GstClockTime
query_latency (GstHarness * h)
{
  GstPad *pad = gst_element_get_static_pad (h->element, "src");
  GstQuery *query = gst_query_new_latency ();
  GstClockTime min;

  fail_unless (gst_pad_query (pad, query));
  gst_query_parse_latency (query, NULL, &min, NULL);
  gst_query_unref (query);
  gst_object_unref (pad);
  return min;
}

/* The harness's own source has a latency of one second here. */
GST_START_TEST (test_latency_is_true)
{
  GstElement *infer = new_infer (SLOW_ECHO, "tensors");
  GstClockTime latency;
  GstHarness *h;

  gst_object_ref (infer);
  h = new_harness (infer);
  gst_harness_set_upstream_latency (h, GST_SECOND);
  fail_unless_equals_uint64 (query_latency (h), GST_SECOND);
  gst_harness_push (h, new_frame (0));
  pull_and_check (h, 0);
  fail_unless (has_message (infer, GST_MESSAGE_LATENCY));
  latency = query_latency (h) - GST_SECOND;
  fail_unless (latency >= 40 * GST_MSECOND && latency < GST_SECOND,
      "%" GST_TIME_FORMAT, GST_TIME_ARGS (latency));
  gst_harness_push (h, new_frame (1));
  pull_and_check (h, 1);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

GST_START_TEST (test_latency_of_a_batch)
{
  GstElement *infer = new_infer (ECHO, "tensors");
  GstHarness *h;

  g_object_set (infer, "batch-size", 4, "scheduling", 1, "batch-timeout", 30,
      NULL);
  h = new_harness (infer);
  fail_unless_equals_uint64 (query_latency (h), 30 * GST_MSECOND);
  tear_down (h);
}

GST_END_TEST;

static void
send_qos (GstHarness * h, GstClockTime timestamp, GstClockTimeDiff diff)
{
  gst_harness_push_upstream_event (h, gst_event_new_qos
      (GST_QOS_TYPE_UNDERFLOW, 1.5, diff, timestamp));
}

/* What became of frame @number: the age of its boxes, or -1 without any. */
static gint
push_and_get_age (GstHarness * h, guint number)
{
  GstBuffer *buffer = gst_harness_push_and_pull (h, new_frame (number));
  GstTorchscriptDetectionMeta *meta =
      gst_buffer_get_torchscript_detection_meta (buffer);
  gint age = meta != NULL ? (gint) meta->age : -1;

  fail_unless_equals_int (get_number (buffer), number);
  if (meta != NULL)
    fail_unless_equals_int (gst_torchscript_detection_meta_get_n_detections
        (meta), 1);
  gst_buffer_unref (buffer);
  return age;
}

/* Frame 1 comes 50 ms late, so the next 100 ms are left out: frames 2 and 3. */
static const struct
{
  const gchar *policy;
  gint ages[4];                 /* of the frames 1 to 4 */
} late_cases[] = {
  /* *INDENT-OFF* */
  {"process", {0, 0, 0, 0}},
  {"skip", {0, -1, -1, 0}},
  {"reuse", {0, 1, 2, 0}},
  /* *INDENT-ON* */
};

GST_START_TEST (test_late_frames)
{
  GstElement *infer = new_infer (BOX, "yolo-end2end");
  GstHarness *h = new_harness (infer);
  guint i;

  gst_util_set_object_arg (G_OBJECT (infer), "on-late",
      late_cases[__i__].policy);
  for (i = 1; i < 5; i++) {
    fail_unless_equals_int (push_and_get_age (h, i),
        late_cases[__i__].ages[i - 1]);
    if (i == 1)
      send_qos (h, 40 * GST_MSECOND, 50 * GST_MSECOND);
  }
  tear_down (h);
}

GST_END_TEST;

GST_START_TEST (test_interval_and_rate)
{
  GstElement *infer = new_infer (BOX, "yolo-end2end");
  GstHarness *h = new_harness (infer);
  guint i, n = 0;

  g_object_set (infer, "inference-interval", 3, NULL);
  for (i = 0; i < 9; i++)
    fail_unless_equals_int (push_and_get_age (h, i), i % 3 ? -1 : 0);
  gst_util_set_object_arg (G_OBJECT (infer), "on-late", "reuse");
  for (i = 0; i < 9; i++)
    fail_unless_equals_int (push_and_get_age (h, i), (gint) i % 3);
  /* 25 frames a second are cut down to 10. */
  g_object_set (infer, "inference-interval", 1, "max-rate", 10.0, NULL);
  for (i = 100; i < 200; i++)
    n += push_and_get_age (h, i) == 0;
  fail_unless_equals_int (n, 40);
  tear_down (h);
}

GST_END_TEST;

static guint
push_and_get_track (GstHarness * h, guint number)
{
  GstBuffer *buffer = gst_harness_push_and_pull (h, new_frame (number));
  guint track = gst_torchscript_detection_meta_get_detection
      (gst_buffer_get_torchscript_detection_meta (buffer), 0)->track_id;

  gst_buffer_unref (buffer);
  return track;
}

/* The first frame in which the page was said to be steady, or -1; once. */
static gint
get_steady_frame (GstElement * infer)
{
  GstBus *bus = gst_element_get_bus (infer);
  GstMessage *message;
  gint frame = -1;

  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT)) != NULL) {
    const GstStructure *s = gst_message_get_structure (message);
    GstClockTime timestamp;

    if (gst_structure_has_name (s, "torchscript-steady")) {
      fail_unless_equals_int (frame, -1);
      fail_unless (gst_structure_get_uint64 (s, "timestamp", &timestamp));
      frame = timestamp / (40 * GST_MSECOND);
    }
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return frame;
}

GST_START_TEST (test_tracker)
{
  GstElement *infer = new_infer (BOX, "yolo-end2end");
  GstHarness *h = new_harness (infer);
  guint i;

  g_object_set (infer, "steady-frames", 3, NULL);
  fail_unless_equals_int (push_and_get_track (h, 0), 0);
  gst_util_set_object_arg (G_OBJECT (infer), "tracker", "iou");
  for (i = 1; i < 9; i++)
    fail_unless_equals_int (push_and_get_track (h, i), 1);
  /* Frame 1 is the first of its kind; 2, 3 and 4 are like the one before. */
  fail_unless_equals_int (get_steady_frame (infer), 4);
  /* Boxes that are carried on are those of the same object. */
  g_object_set (infer, "inference-interval", 100, NULL);
  gst_util_set_object_arg (G_OBJECT (infer), "on-late", "reuse");
  fail_unless_equals_int (push_and_get_track (h, 9), 1);
  fail_unless_equals_int (push_and_get_track (h, 10), 1);
  tear_down (h);
}

GST_END_TEST;

static GstPadProbeReturn
block (GstPad * pad, GstPadProbeInfo * info, gpointer unused)
{
  return GST_PAD_PROBE_OK;
}

/* One that shares the model and whose downstream stands still. */
GST_START_TEST (test_slow_consumer_holds_up_nobody)
{
  GstElement *slow = new_infer (ECHO, "tensors");
  GstElement *quick = new_infer (ECHO, "tensors");
  GstHarness *slow_h, *quick_h;
  GstPad *pad;
  guint i;

  /* The file that was written last is the model of both. */
  g_object_set (slow, "max-in-flight", 3, "batch-size", 4, NULL);
  g_object_set (quick, "max-in-flight", 2, "batch-size", 4, NULL);
  slow_h = new_harness (slow);
  quick_h = new_harness (quick);
  pad = gst_element_get_static_pad (slow, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER,
      block, NULL, NULL);
  gst_harness_push (slow_h, new_frame (0));
  gst_harness_push (slow_h, new_frame (1));
  for (i = 0; i < 200; i++) {
    fail_unless (gst_harness_push (quick_h, new_frame (i)) == GST_FLOW_OK);
    pull_and_check (quick_h, i);
  }
  fail_unless_equals_int (gst_harness_buffers_in_queue (slow_h), 0);
  gst_object_unref (pad);
  tear_down (slow_h);
  tear_down (quick_h);
}

GST_END_TEST;

static void
wait_for_eos (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  fail_unless (message != NULL, "no end");
  fail_unless (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS, "%s",
      GST_OBJECT_NAME (GST_MESSAGE_SRC (message)));
  gst_message_unref (message);
  gst_object_unref (bus);
}

#define SOURCE "videotestsrc num-buffers=40 ! " CAPS " ! "

static const gchar *const graphs[] = {
  SOURCE "torchscriptinfer %s ! c. videotestsrc num-buffers=40 ! " CAPS
      " ! torchscriptinfer %s max-in-flight=2 ! compositor name=c ! "
      "fakesink sync=false",
  SOURCE "tee name=t t. ! queue ! torchscriptinfer %s max-in-flight=3 ! "
      "fakesink sync=false async=false t. ! queue ! torchscriptinfer %s ! "
      "fakesink sync=false async=false",
  SOURCE "queue max-size-buffers=1 leaky=downstream ! torchscriptinfer %s ! "
      "torchscriptinfer %s max-in-flight=2 ! fakesink sync=true",
};

GST_START_TEST (test_graphs)
{
  g_autofree gchar *path = write_model ("graph.pt",
      "{" CONFIG "\"delay_ms\": 2, \"output\": {\"input\": 0}}");
  g_autofree gchar *settings = g_strdup_printf ("model=\"%s\" decoder=tensors "
      "batch-size=4", path);
  g_autofree gchar *line = g_strdup_printf (graphs[__i__], settings, settings);
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  fail_unless (error == NULL, "%s", error ? error->message : "");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for_eos (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static GstElement *
new_endless_pipeline (const gchar * settings)
{
  g_autofree gchar *path = write_model ("endless.pt",
      "{" CONFIG "\"delay_ms\": 1, \"output\": {\"input\": 0}}");
  g_autofree gchar *line = g_strdup_printf ("videotestsrc ! " CAPS
      " ! torchscriptinfer model=\"%s\" decoder=tensors %s ! "
      "fakesink sync=false", path, settings);
  GstElement *pipeline = gst_parse_launch (line, NULL);

  fail_unless (pipeline != NULL);
  return pipeline;
}

GST_START_TEST (test_seeks)
{
  GstElement *pipeline = new_endless_pipeline ("max-in-flight=4 batch-size=3");
  guint i;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (i = 0; i < 50; i++) {
    fail_unless (gst_element_get_state (pipeline, NULL, NULL, 30 * GST_SECOND)
        == GST_STATE_CHANGE_SUCCESS);
    fail_unless (gst_element_seek_simple (pipeline, GST_FORMAT_TIME,
            GST_SEEK_FLAG_FLUSH, i * GST_SECOND));
    g_usleep (g_random_int_range (0, 5000));
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_stops_in_flight)
{
  guint i;

  for (i = 0; i < 50; i++) {
    GstElement *pipeline =
        new_endless_pipeline (i % 2 ? "max-in-flight=4" : "");

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    g_usleep (g_random_int_range (0, 20000));
    fail_unless (gst_element_set_state (pipeline, GST_STATE_NULL) ==
        GST_STATE_CHANGE_SUCCESS);
    gst_object_unref (pipeline);
  }
}

GST_END_TEST;

typedef struct
{
  GstElement *infer;
  gint ends;                    /* atomic */
} Busybody;

/* All that another thread than the two of the stream may ask and change. */
static gpointer
ask_and_change (gpointer data)
{
  static const gchar *const policies[] = { "process", "skip", "reuse" };
  Busybody *self = data;
  GstPad *pad = gst_element_get_static_pad (self->infer, "src");
  g_autofree gchar *model = NULL;
  guint i;

  g_object_get (self->infer, "model", &model, NULL);
  for (i = 0; !g_atomic_int_get (&self->ends); i++) {
    GstQuery *latency = gst_query_new_latency ();

    gst_util_set_object_arg (G_OBJECT (self->infer), "on-late",
        policies[i % G_N_ELEMENTS (policies)]);
    g_object_set (self->infer, "score-threshold", (gdouble) (i % 10) / 10,
        "detection-classes", i % 2 ? "1" : "2", "inference-interval",
        1 + i % 2, "inference-on", i % 8 == 0, "stats-interval", i % 2,
        "max-rate", i % 4 ? 0.0 : 1000.0, "max-errors", (gint) (i % 5) - 1,
        "tracker-iou", (gdouble) (i % 10) / 10, "steady-frames", i % 3,
        "output-tensors", i % 2, NULL);
    if (i % 16 == 0)
      g_object_set (self->infer, "model", model, NULL);
    get_stat (self->infer, "forward", "n");
    gst_pad_query (pad, latency);
    gst_query_unref (latency);
    gst_pad_send_event (pad, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.5,
            (GstClockTimeDiff) (i % 3) - 1, (i + 1) * GST_MSECOND));
  }
  gst_object_unref (pad);
  return NULL;
}

/* Whatever comes out: it is for the sanitizers to see what is not guarded. */
GST_START_TEST (test_asked_and_changed_all_the_time)
{
  GstElement *pipeline = new_endless_pipeline ("name=infer max-in-flight=3 "
      "on-error=pass-through tracker=iou");
  Busybody busybody = { gst_bin_get_by_name (GST_BIN (pipeline), "infer") };
  GThread *thread = g_thread_new ("busybody", ask_and_change, &busybody);
  guint i;

  for (i = 0; i < 20; i++) {
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    g_usleep (i * 1000);
    fail_unless (gst_element_set_state (pipeline, i % 2 ? GST_STATE_NULL :
            GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS);
  }
  g_atomic_int_set (&busybody.ends, TRUE);
  g_thread_join (thread);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (busybody.infer);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static void
check_model_stats (GstElement * infer)
{
  GstStructure *stats;
  gint64 bytes;
  guint number;
  gint threads;

  g_object_get (infer, "stats", &stats, NULL);
  fail_unless_equals_string (gst_structure_get_string (stats, "model"), "m");
  fail_unless_equals_string (gst_structure_get_string (stats, "device"), "cpu");
  fail_unless_equals_string (gst_structure_get_string (stats, "runtime"),
      "fakeshim 1.0");
  fail_unless_equals_string (gst_structure_get_string (stats, "precision"),
      "float32");
  fail_unless (gst_structure_get (stats, "model-number", G_TYPE_UINT, &number,
          "threads", G_TYPE_INT, &threads, "weight-bytes", G_TYPE_INT64,
          &bytes, NULL));
  fail_unless_equals_int (number, 0);
  fail_unless_equals_int (threads, 3);
  fail_unless_equals_int64 (bytes, 1234);
  fail_if (gst_structure_has_field (stats, "device-bytes"));
  gst_structure_free (stats);
}

static void
count_buffer (GstElement * infer, GstBuffer * buffer, gpointer n)
{
  fail_unless (gst_buffer_get_torchscript_detection_meta (buffer) != NULL);
  g_atomic_int_inc ((gint *) n);
}

GST_START_TEST (test_stats)
{
  static const gchar *const stages[] =
      { "map", "tensor", "wait", "forward", "decode", "attach" };
  GstElement *infer = new_infer ("{" CONFIG "\"delay_ms\": 20, "
      "\"weight_bytes\": 1234, \"output\": {\"tensor\": {\"shape\": "
      "[1, 1, 6], \"values\": [2, 2, 6, 6, 0.5, 1]}}}", "yolo-end2end");
  gint n_signals = 0;
  GstHarness *h;
  guint i;

  g_signal_connect (infer, "detections", G_CALLBACK (count_buffer), &n_signals);
  g_object_set (infer, "inference-interval", 2, "stats-interval", 1,
      "threads", 3, NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  for (i = 0; i < 10; i++)
    push_and_get_age (h, i);
  g_object_set (infer, "on-late", 2, NULL);
  push_and_get_age (h, 10);
  push_and_get_age (h, 11);
  fail_unless (gst_harness_push (h, gst_buffer_new ()) == GST_FLOW_ERROR);
  fail_unless_equals_uint64 (get_stat (infer, "in", NULL), 13);
  fail_unless_equals_uint64 (get_stat (infer, "answered", NULL), 6);
  fail_unless_equals_uint64 (get_stat (infer, "skipped", NULL), 5);
  fail_unless_equals_uint64 (get_stat (infer, "reused", NULL), 1);
  fail_unless_equals_uint64 (get_stat (infer, "failed", NULL), 1);
  for (i = 0; i < G_N_ELEMENTS (stages); i++)
    fail_unless_equals_uint64 (get_stat (infer, stages[i], "n"), 6);
  fail_unless_equals_uint64 (get_stat (infer, "upload", "n"), 0);
  check_model_stats (infer);
  fail_unless (get_stat (infer, "forward", "p50") >= 20 * GST_MSECOND);
  fail_unless (get_stat (infer, "latency", "p99") >= 20 * GST_MSECOND);
  fail_unless_equals_uint64 (get_stat (infer, "batch-sizes", "1"), 6);
  fail_unless (has_message (infer, GST_MESSAGE_ELEMENT));
  fail_unless_equals_int (n_signals, 6);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

/* The number counts the models that came after the first one. */
static void
count_call (GstElement * infer, const gchar * name, guint number, gpointer n)
{
  fail_unless (name != NULL && *name != '\0');
  fail_unless_equals_int (number, g_atomic_int_add ((gint *) n, 1) + 1);
}

static void
check_loaded_message (GstElement * infer, const gchar * name, guint number)
{
  GstBus *bus = gst_element_get_bus (infer);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
  const GstStructure *structure;
  guint found;

  fail_unless (message != NULL);
  structure = gst_message_get_structure (message);
  fail_unless (gst_structure_has_name (structure, "torchscript-model-loaded"));
  fail_unless_equals_string (gst_structure_get_string (structure, "model"),
      name);
  fail_unless (gst_structure_get_uint (structure, "number", &found));
  fail_unless_equals_int (found, number);
  gst_message_unref (message);
  gst_object_unref (bus);
}

static void
count_failure (GstElement * infer, const gchar * path, const gchar * text,
    gpointer n)
{
  fail_unless (strstr (text, path) != NULL, "%s: %s", path, text);
  g_atomic_int_inc ((gint *) n);
}

/* A number of the process: a line of /proc/self/status. */
static guint
read_status (const gchar * field)
{
  g_autofree gchar *text = NULL;
  const gchar *line;

  fail_unless (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  line = strstr (text, field);
  fail_unless (line != NULL);
  return (guint) g_ascii_strtoull (line + strlen (field), NULL, 10);
}

static guint
get_model_number (GstBuffer * buffer)
{
  return gst_buffer_get_torchscript_detection_meta (buffer)->model_number;
}

static void
wait_for_count (gint * n, gint wanted)
{
  while (g_atomic_int_get (n) < wanted)
    g_usleep (200);
}

#define N_SWAPS 1000

/* Frames flow all the time; no frame is lost, and each model has its turn. */
GST_START_TEST (test_thousand_swaps)
{
  GstElement *infer = new_infer (BOX, "yolo-end2end");
  g_autofree gchar *one = write_model ("one.pt", BOX);
  g_autofree gchar *two = write_model ("two.pt", BOX);
  guint i, frame = 0, number = 0, threads = 0;
  G_GNUC_UNUSED guint memory = 0;
  GstBus *bus = gst_element_get_bus (infer);
  gint n_loaded = 0, n_failed = 0;
  GstHarness *h;

  g_signal_connect (infer, "model-loaded", G_CALLBACK (count_call), &n_loaded);
  g_signal_connect (infer, "model-failed", G_CALLBACK (count_failure),
      &n_failed);
  g_object_set (infer, "max-in-flight", 2, NULL);
  h = new_harness (infer);
  gst_harness_push (h, new_frame (frame++));
  for (i = 0; i < N_SWAPS; i++) {
    g_object_set (infer, "model", i % 2 ? one : two, NULL);
    do {
      GstBuffer *buffer;

      fail_unless (gst_harness_push (h, new_frame (frame)) == GST_FLOW_OK);
      buffer = gst_harness_pull (h);
      fail_unless_equals_int (get_number (buffer), frame - 1);
      fail_unless (get_model_number (buffer) >= number);
      number = get_model_number (buffer);
      gst_buffer_unref (buffer);
      frame++;
    } while (g_atomic_int_get (&n_loaded) <= (gint) i);
    gst_bus_set_flushing (bus, TRUE);
    gst_bus_set_flushing (bus, FALSE);
    if (i == N_SWAPS / 4) {
      threads = read_status ("Threads:");
      memory = read_status ("VmRSS:");
    }
  }
  gst_buffer_unref (gst_harness_pull (h));
  fail_unless (number >= N_SWAPS - 2, "%u", number);
  fail_unless_equals_int (g_atomic_int_get (&n_failed), 0);
  /* A model may be on its way in or out at either time. */
  fail_unless (read_status ("Threads:") <= threads + 1, "%u threads, were %u",
      read_status ("Threads:"), threads);
  /* A sanitizer keeps freed memory, or notes on all memory. */
#if !defined (__SANITIZE_ADDRESS__) && !defined (__SANITIZE_THREAD__)
  fail_unless (read_status ("VmRSS:") < memory + 2000, "%u kB, was %u kB",
      read_status ("VmRSS:"), memory);
#endif
  gst_object_unref (bus);
  tear_down (h);
}

GST_END_TEST;

/* A model that keeps state has one lane; as many frames are let in as the next one has. */
GST_START_TEST (test_lanes_change)
{
  GstElement *infer = new_infer (SLOW_STATEFUL, "tensors");
  g_autofree gchar *stateless = write_model ("stateless.pt", SLOW_ECHO);
  gint n_loaded = 0;
  GstHarness *h;

  g_signal_connect (infer, "model-loaded", G_CALLBACK (count_call), &n_loaded);
  g_object_set (infer, "lanes", 3, NULL);
  h = new_harness (infer);
  fail_unless (gst_harness_push (h, new_frame (0)) == GST_FLOW_OK);
  pull_and_check (h, 0);
  g_object_set (infer, "model", stateless, NULL);
  wait_for_count (&n_loaded, 1);
  fail_unless (gst_harness_push (h, new_frame (1)) == GST_FLOW_OK);
  pull_and_check (h, 1);
  check_three_at_once (h, 2);
  tear_down (h);
}

GST_END_TEST;

/* The old model stays, and the bus says why. */
static const struct
{
  const gchar *script, *decoder;
} bad_models[] = {
  {"{\"load_error\": {\"status\": \"load\"}}", "yolo-end2end"},
  {"{\"run_error\": {\"status\": \"forward\"}}", "yolo-end2end"},
  {BOX, "yolov10"},
};

GST_START_TEST (test_bad_model_is_refused)
{
  GstElement *infer = new_infer (BOX, "yolo-end2end");
  g_autofree gchar *bad = write_model ("bad.pt", bad_models[__i__].script);
  g_autofree gchar *good = write_model ("good.pt", BOX);
  gint n_loaded = 0, n_failed = 0;
  GstBuffer *buffer;
  GstHarness *h;

  g_signal_connect (infer, "model-loaded", G_CALLBACK (count_call), &n_loaded);
  g_signal_connect (infer, "model-failed", G_CALLBACK (count_failure),
      &n_failed);
  gst_object_ref (infer);
  h = new_harness (infer);
  fail_unless_equals_int (push_and_get_age (h, 0), 0);
  g_object_set (infer, "model", bad, "decoder", bad_models[__i__].decoder,
      NULL);
  wait_for_count (&n_failed, 1);
  fail_unless (has_message (infer, GST_MESSAGE_WARNING));
  buffer = gst_harness_push_and_pull (h, new_frame (1));
  fail_unless_equals_int (get_model_number (buffer), 0);
  gst_buffer_unref (buffer);
  g_object_set (infer, "model", good, "decoder", "yolo-end2end", NULL);
  wait_for_count (&n_loaded, 1);
  check_loaded_message (infer, "good", 1);
  buffer = gst_harness_push_and_pull (h, new_frame (2));
  fail_unless_equals_int (get_model_number (buffer), 1);
  gst_buffer_unref (buffer);
  fail_unless_equals_int (g_atomic_int_get (&n_loaded), 1);
  fail_unless_equals_int (g_atomic_int_get (&n_failed), 1);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

GST_START_TEST (test_file_is_watched)
{
  GstElement *infer = new_infer (BOX, "yolo-end2end");
  g_autofree gchar *path =
      g_build_filename (infer_test_directory, "m.pt", NULL);
  g_autofree gchar *next = write_model ("next.pt", BOX);
  gint n_loaded = 0;
  GstBuffer *buffer;
  GstHarness *h;

  g_signal_connect (infer, "model-loaded", G_CALLBACK (count_call), &n_loaded);
  g_object_set (infer, "reload-on-change", TRUE, "model-instance-id", "door",
      NULL);
  h = new_harness (infer);
  fail_unless_equals_int (push_and_get_age (h, 0), 0);
  g_usleep (700000);
  fail_unless_equals_int (g_atomic_int_get (&n_loaded), 0);
  fail_unless_equals_int (g_rename (next, path), 0);
  wait_for_count (&n_loaded, 1);
  buffer = gst_harness_push_and_pull (h, new_frame (1));
  fail_unless_equals_int (get_model_number (buffer), 1);
  gst_buffer_unref (buffer);
  g_usleep (700000);
  fail_unless_equals_int (g_atomic_int_get (&n_loaded), 1);
  tear_down (h);
}

GST_END_TEST;

static Suite *
flow_suite (void)
{
  Suite *suite = suite_create ("inferflow");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 90);
  tcase_add_test (tc, test_lanes);
  tcase_add_test (tc, test_lanes_change);
  tcase_add_loop_test (tc, test_every_still_is_answered, 0,
      G_N_ELEMENTS (still_settings));
  tcase_add_test (tc, test_upstream_is_held);
  tcase_add_test (tc, test_events_keep_their_place);
  tcase_add_test (tc, test_caps_change_in_flight);
  tcase_add_loop_test (tc, test_flush_in_flight, 0, 3);
  tcase_add_test (tc, test_error_in_flight);
  tcase_add_test (tc, test_downstream_wants_no_more);
  tcase_add_test (tc, test_allocation_in_flight);
  tcase_add_test (tc, test_card_offers_memory);
  tcase_add_test (tc, test_latency_is_true);
  tcase_add_test (tc, test_latency_of_a_batch);
  tcase_add_loop_test (tc, test_late_frames, 0, G_N_ELEMENTS (late_cases));
  tcase_add_test (tc, test_interval_and_rate);
  tcase_add_test (tc, test_tracker);
  tcase_add_test (tc, test_slow_consumer_holds_up_nobody);
  tcase_add_loop_test (tc, test_graphs, 0, G_N_ELEMENTS (graphs));
  tcase_add_test (tc, test_stats);
  tcase_add_test (tc, test_thousand_swaps);
  tcase_add_loop_test (tc, test_bad_model_is_refused, 0,
      G_N_ELEMENTS (bad_models));
  tcase_add_test (tc, test_file_is_watched);
  tcase_add_test (tc, test_seeks);
  tcase_add_test (tc, test_stops_in_flight);
  tcase_add_test (tc, test_asked_and_changed_all_the_time);
  return suite;
}

int
main (int argc, char **argv)
{
  return infer_test_main (argc, argv, flow_suite);
}
