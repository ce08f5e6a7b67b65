/* test_stream.c - streams that are not as they should be
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames go straight into the pad of an element, from here, so that nothing upstream
 * mends them.  What cannot be used is refused, with an error on the bus where a frame
 * is refused, and the element goes on with what is right.
 */
#include <gst/check/gsttestclock.h>
#include <gst/gst.h>
#include <string.h>
#include <sys/resource.h>

#include "fakemodel.h"
#include "faultmodel.h"
#include "faultreport.h"
#include "modeltest.h"
#include "torchscript.h"

#define WIDTH 64
#define HEIGHT 48
#define FRAME_SIZE (WIDTH * HEIGHT * 3)
#define GOOD_CAPS "video/x-raw, format=(string)RGB, width=(int)64, " \
  "height=(int)48, framerate=(fraction)25/1"

static gchar *directory, *model;

/* An element between this test and a sink that counts. */
typedef struct
{
  GstElement *pipeline, *element;
  GstPad *pad;
  guint n_out, n_answered, n_errors;
} Bench;

static void
count_frame (GstElement * sink, GstBuffer * buffer, GstPad * pad,
    gpointer user_data)
{
  Bench *self = user_data;

  self->n_out++;
  self->n_answered +=
      gst_buffer_get_torchscript_detection_meta (buffer) != NULL;
}

static void
count_passing (GstElement * identity, GstBuffer * buffer, gpointer user_data)
{
  ((Bench *) user_data)->n_out++;
}

static void
open_bench (Bench * self, const gchar * element)
{
  g_autofree gchar *line = g_strdup_printf ("%s name=e ! fakesink name=sink "
      "signal-handoffs=true async=false sync=false", element);
  g_autoptr (GError) error = NULL;
  GstElement *sink;

  *self = (Bench) {
  gst_parse_launch (line, &error)};
  g_assert_no_error (error);
  self->element = gst_bin_get_by_name (GST_BIN (self->pipeline), "e");
  self->pad = gst_element_get_static_pad (self->element, "sink");
  sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (count_frame), self);
  gst_object_unref (sink);
}

static void
start (Bench * self)
{
  gst_element_set_state (self->pipeline, GST_STATE_READY);
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_PLAYING),
      !=, GST_STATE_CHANGE_FAILURE);
  gst_pad_send_event (self->pad, gst_event_new_stream_start ("faults"));
}

static gboolean
send_caps (Bench * self, const gchar * text)
{
  GstCaps *caps = gst_caps_from_string (text);
  GstSegment segment;
  gboolean taken;

  g_assert_nonnull (caps);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  taken = gst_pad_send_event (self->pad, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  if (taken)
    gst_pad_send_event (self->pad, gst_event_new_segment (&segment));
  return taken;
}

/* An error must say something. */
static void
note_error (Bench * self, GstMessage * message)
{
  g_autoptr (GError) error = NULL;

  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_cmpuint (strlen (error->message), >, 30);
  self->n_errors++;
}

/* How many errors have come since the last call. */
static guint
count_errors (Bench * self)
{
  guint n;
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (GST_ELEMENT_BUS (self->pipeline),
              GST_MESSAGE_ERROR))) {
    note_error (self, message);
    gst_message_unref (message);
  }
  n = self->n_errors;
  self->n_errors = 0;
  return n;
}

/* Waits for the frames on their way. */
static void
drain (Bench * self)
{
  gboolean ended = FALSE;

  gst_pad_send_event (self->pad, gst_event_new_eos ());
  while (!ended) {
    GstMessage *message =
        gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (self->pipeline),
        GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

    ended = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
    if (!ended)
      note_error (self, message);
    gst_message_unref (message);
  }
}

static void
close_bench (Bench * self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->pad);
  gst_object_unref (self->element);
  gst_object_unref (self->pipeline);
}

/* With a box, so that whoever draws or cuts has something to do. */
static GstBuffer *
add_box (GstBuffer * buffer)
{
  const GstTorchscriptDetection d = {.x1 = 4,.y1 = 4,.x2 = 40,.y2 = 40,
    .score = 0.9f,.class_id = 1
  };

  gst_buffer_add_torchscript_detection_meta (buffer, "m", WIDTH, HEIGHT, 0, &d,
      1);
  return buffer;
}

static GstBuffer *
new_frame (gsize size)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (buffer, 0, 90, size);
  GST_BUFFER_PTS (buffer) = 0;
  return add_box (buffer);
}

/* The elements that read or write pixels; the first needs a model. */
static gchar *
describe_element (guint i)
{
  if (i == 0)
    return
        g_strdup_printf ("torchscriptinfer model=\"%s\" decoder=yolo-end2end",
        model);
  return g_strdup (i == 1 ? "detectionoverlay" : "detectioncrop");
}

/* After what went wrong, and a new start where there was an error: a good frame. */
static void
check_recovery (Bench * self, FaultReport * report)
{
  gboolean good;

  start (self);
  self->n_out = 0;
  good = send_caps (self, GOOD_CAPS)
      && gst_pad_chain (self->pad, new_frame (FRAME_SIZE)) == GST_FLOW_OK;
  drain (self);
  report->lost += !good || self->n_out != 1 || count_errors (self) != 0;
}

static const gchar *const bad_caps[] = {
  "audio/x-raw, format=S16LE", "video/x-raw", "video/x-h264",
  "video/x-raw, format=(string)RGB",
  "video/x-raw, format=(string)nothing, width=(int)64, height=(int)48",
  "video/x-raw, format=(string)RGB, width=(int)0, height=(int)48",
  "video/x-raw, format=(string)RGB, width=(int)-5, height=(int)48",
  "video/x-raw, format=(string)RGB, width=(int)2147483647, height=(int)1",
  "video/x-raw, format=(string)RGB, width=(int)2147483647, "
      "height=(int)2147483647",
  "video/x-raw, format=(string)RGB, width=(string)wide, height=(int)48",
  "video/x-raw, format=(int)5, width=(int)64, height=(int)48",
  "video/x-raw, format=(string)GBR_16BE, width=(int)64, height=(int)48",
  "video/x-raw, format=(string)RGB, width=(int)64, height=(int)48, "
      "framerate=(fraction)0/1, interlace-mode=(string)alternate",
  "video/x-raw(memory:CUDAMemory), format=(string)RGB, width=(int)64, "
      "height=(int)48",
};

/* What GStreamer itself takes for wrong it warns of. */
static void
test_caps (void)
{
  FaultReport report = { "caps that make no sense, at each element",
    "they are refused, and the element goes on with others"
  };

  for (guint e = 0; e < 3; e++) {
    g_autofree gchar *element = describe_element (e);
    Bench bench;

    open_bench (&bench, element);
    for (guint i = 0; i < G_N_ELEMENTS (bad_caps); i++) {
      start (&bench);
      /* Some may be taken; then no frame fits. */
      if (!send_caps (&bench, bad_caps[i]))
        report.failures++;
      else
        g_assert_cmpint (gst_pad_chain (bench.pad, new_frame (100)), !=,
            GST_FLOW_OK);
      count_errors (&bench);
      check_recovery (&bench, &report);
      report.tries++;
    }
    close_bench (&bench);
  }
  g_assert_cmpuint (report.failures, >, 30);
  fault_report (&report);
}

static void
try_frame (Bench * self, GstBuffer * frame, FaultReport * report)
{
  GstFlowReturn flow;

  start (self);
  g_assert_true (send_caps (self, GOOD_CAPS));
  flow = gst_pad_chain (self->pad, frame);
  drain (self);
  g_assert_cmpint (flow, ==, GST_FLOW_ERROR);
  g_assert_cmpuint (count_errors (self), ==, 1);
  report->tries++;
  report->failures++;
  check_recovery (self, report);
}

static void
test_sizes (void)
{
  FaultReport report = { "frames that are shorter than their caps say",
    "one error tells both sizes; after a new start it goes on"
  };
  const gsize sizes[] = { 0, 1, WIDTH * 3, FRAME_SIZE / 2, FRAME_SIZE - 1 };

  for (guint e = 0; e < 3; e++) {
    g_autofree gchar *element = describe_element (e);
    Bench bench;

    open_bench (&bench, element);
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
      try_frame (&bench, new_frame (sizes[i]), &report);
    close_bench (&bench);
  }
  fault_report (&report);
}

/* Memory that nobody can map. */
typedef GstAllocator Unmappable;
typedef GstAllocatorClass UnmappableClass;
GType unmappable_get_type (void);
G_DEFINE_TYPE (Unmappable, unmappable, GST_TYPE_ALLOCATOR);

static void
unmappable_free (GstAllocator * allocator, GstMemory * memory)
{
  g_free (memory);
}

static void
unmappable_class_init (UnmappableClass * klass)
{
  klass->free = unmappable_free;
}

static gpointer
unmappable_map (GstMemory * memory, gsize size, GstMapFlags flags)
{
  return NULL;
}

static void
unmappable_init (Unmappable * self)
{
  self->mem_type = "unmappable";
  self->mem_map = unmappable_map;
}

static GstBuffer *
new_unmappable (GstAllocator * allocator)
{
  GstMemory *memory = g_new0 (GstMemory, 1);
  GstBuffer *buffer = gst_buffer_new ();

  gst_memory_init (memory, 0, allocator, NULL, FRAME_SIZE, 0, 0, FRAME_SIZE);
  gst_buffer_append_memory (buffer, memory);
  return add_box (buffer);
}

static void
test_unmappable (void)
{
  FaultReport report = { "frames whose memory cannot be mapped",
    "an error says so; after a new start it goes on"
  };
  GstAllocator *allocator = g_object_new (unmappable_get_type (), NULL);

  gst_object_ref_sink (allocator);
  for (guint e = 0; e < 3; e++) {
    g_autofree gchar *element = describe_element (e);
    Bench bench;

    open_bench (&bench, element);
    try_frame (&bench, new_unmappable (allocator), &report);
    close_bench (&bench);
  }
  gst_object_unref (allocator);
  fault_report (&report);
}

/* No times, the same time, times that jump back and forth. */
static void
test_times (void)
{
  FaultReport report = { "frames without times, or with times in disorder",
    "each frame gets its answer"
  };
  const GstClockTime times[] = { GST_CLOCK_TIME_NONE, 0, 0, 5 * GST_SECOND,
    GST_SECOND, 1, G_MAXINT64, GST_CLOCK_TIME_NONE - 1
  };
  g_autofree gchar *element = describe_element (0);
  Bench bench;

  open_bench (&bench, element);
  start (&bench);
  g_assert_true (send_caps (&bench, GOOD_CAPS));
  for (guint i = 0; i < 200; i++) {
    GstBuffer *frame = new_frame (FRAME_SIZE);

    GST_BUFFER_PTS (frame) = times[i % G_N_ELEMENTS (times)];
    GST_BUFFER_DURATION (frame) = times[i * 7 % G_N_ELEMENTS (times)];
    report.failures += GST_BUFFER_PTS (frame) != 0;
    g_assert_cmpint (gst_pad_chain (bench.pad, frame), ==, GST_FLOW_OK);
    report.tries++;
  }
  drain (&bench);
  report.lost = report.tries - bench.n_answered;
  g_assert_cmpuint (count_errors (&bench), ==, 0);
  close_bench (&bench);
  fault_report (&report);
}

/* Runs @format to its end; how many frames came to the model, and how many left it
 * with an answer. */
static void
run_line (const gchar * format, guint * n_in, guint * n_answered)
{
  g_autofree gchar *line = g_strdup_printf (format, model);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  Bench in = { NULL }, out = { NULL };
  GstElement *element;

  g_assert_no_error (error);
  element = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  g_signal_connect (element, "handoff", G_CALLBACK (count_passing), &in);
  gst_object_unref (element);
  element = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (element, "handoff", G_CALLBACK (count_frame), &out);
  gst_object_unref (element);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline),
          GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  *n_in = in.n_out;
  *n_answered = out.n_answered;
}

#define BROKEN_TAIL " identity name=in signal-handoffs=true ! " \
  "torchscriptinfer model=\"%s\" " \
  "decoder=yolo-end2end ! detectionjson location=/dev/null ! detectionoverlay ! " \
  "fakesink name=sink signal-handoffs=true sync=false"

static const gchar *const broken_lines[] = {
  "videotestsrc num-buffers=300 ! video/x-raw,format=RGB,width=64,height=48 ! "
      "breakmydata probability=0.3 ! " BROKEN_TAIL,
  "videotestsrc num-buffers=300 ! video/x-raw,format=I420,width=64,height=48 ! "
      "jpegenc ! breakmydata probability=0.0005 ! jpegdec max-errors=-1 ! "
      "videoconvert ! " BROKEN_TAIL,
  "videotestsrc num-buffers=300 ! video/x-raw,format=RGB,width=64,height=48 ! "
      "identity drop-probability=0.3 ! " BROKEN_TAIL,
};

static void
test_corrupted (void)
{
  FaultReport report = { "corrupted and missing frames (breakmydata, identity)",
    "each frame that arrives gets its answer"
  };

  for (guint i = 0; i < G_N_ELEMENTS (broken_lines); i++) {
    guint n_in, n_answered;

    run_line (broken_lines[i], &n_in, &n_answered);
    g_assert_cmpuint (n_in, >, 0);
    report.tries += n_in;
    report.lost += n_in - n_answered;
    report.failures += 300;
  }
  fault_report (&report);
}

/* Lets the sink wait for a clock, and the clock jump by an hour. */
static void
test_clock (void)
{
  FaultReport report = { "a clock that stands still, and then jumps by an hour",
    "each frame gets its answer, late as it may be"
  };
  g_autofree gchar *line = g_strdup_printf ("videotestsrc num-buffers=60 ! "
      "video/x-raw,format=RGB,width=64,height=48 ! torchscriptinfer model=\"%s\" "
      "decoder=yolo-end2end ! fakesink name=sink signal-handoffs=true sync=true "
      "qos=true", model);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstClock *clock = gst_test_clock_new ();
  GstMessage *end = NULL;
  Bench counts = { NULL };

  g_signal_connect (sink, "handoff", G_CALLBACK (count_frame), &counts);
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), clock);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!end) {
    if (gst_test_clock_peek_id_count (GST_TEST_CLOCK (clock)) > 0) {
      gst_test_clock_advance_time (GST_TEST_CLOCK (clock),
          report.failures++ % 5 ? 40 * GST_MSECOND : 3600 * GST_SECOND);
      gst_test_clock_crank (GST_TEST_CLOCK (clock));
    }
    end = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline),
        GST_MSECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  }
  g_assert_cmpint (GST_MESSAGE_TYPE (end), ==, GST_MESSAGE_EOS);
  gst_message_unref (end);
  report.tries = 60;
  report.lost = report.tries - counts.n_answered;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  gst_object_unref (clock);
  fault_report (&report);
}

/* From here on only descriptors below @n can be opened. */
static void
limit_descriptors (guint n)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = n;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
}

static void
test_descriptors (void)
{
  FaultReport report = { "a start with few descriptors left, or none",
    "it starts, or an error tells; with descriptors it starts again"
  };
  g_autofree gchar *element = describe_element (0);
  Bench bench;

  open_bench (&bench, element);
  start (&bench);
  for (guint n = 3; n < 24; n++) {
    gboolean starts;

    gst_element_set_state (bench.pipeline, GST_STATE_READY);
    limit_descriptors (n);
    starts = gst_element_set_state (bench.pipeline, GST_STATE_PLAYING) !=
        GST_STATE_CHANGE_FAILURE;
    limit_descriptors (1024);
    g_assert_true (starts == (count_errors (&bench) == 0));
    report.failures += !starts;
    report.tries++;
    check_recovery (&bench, &report);
  }
  g_assert_cmpuint (report.failures, >, 0);
  close_bench (&bench);
  fault_report (&report);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *script = fault_model_script (8);
  gint status;

  directory = fault_directory_new ();
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);
  fault_watch (120);
  model = g_build_filename (directory, "model.pt", NULL);
  fake_model_write (model, script);
  g_test_add_func ("/faults/stream/caps", test_caps);
  g_test_add_func ("/faults/stream/sizes", test_sizes);
  g_test_add_func ("/faults/stream/unmappable", test_unmappable);
  g_test_add_func ("/faults/stream/times", test_times);
  g_test_add_func ("/faults/stream/corrupted", test_corrupted);
  g_test_add_func ("/faults/stream/clock", test_clock);
  g_test_add_func ("/faults/stream/descriptors", test_descriptors);
  status = g_test_run ();
  model_test_remove (directory);
  return status;
}
