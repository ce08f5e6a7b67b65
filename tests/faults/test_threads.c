/* test_threads.c - threads that the system does not give
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Of all threads that a model, and then a pipeline, starts, each one fails once.
 */
#include <gst/gst.h>
#include <string.h>

#include "fakemodel.h"
#include "faultlib.h"
#include "faultmodel.h"
#include "faultreport.h"
#include "modeltest.h"
#include "tsinstance.h"

#define ADVICE "cannot start"

static gchar *directory, *model;

static void
wake (TsJob * job, gpointer user_data)
{
  g_async_queue_push (user_data, job);
}

static void
run_frame (TsInstance * instance, guint64 * lost)
{
  static guint8 pixels[FAULT_EDGE * FAULT_EDGE * 3];
  g_autoptr (GAsyncQueue) done = g_async_queue_new ();
  TsStream *stream = ts_stream_new (instance, 1);
  TsJob *job = ts_stream_take_job (stream);

  job->image = (TsImage) {
    TS_PIXEL_RGB, FAULT_EDGE, FAULT_EDGE, {
    pixels}, {
    3 *FAULT_EDGE}
  };
  job->thresholds = (TsThresholds) {
  -1.f, -1.f, 0};
  job->done = wake;
  job->user_data = done;
  ts_stream_push (stream, &job, 1);
  g_async_queue_pop (done);
  *lost += job->error != NULL || job->result.boxes->len != 1;
  ts_stream_give_back (stream, job);
  ts_stream_free (stream);
}

static gboolean
try_instance (glong number, FaultReport * report)
{
  const TsInstanceOptions options = {
    .model = {.model = model,.device = "cpu",.decoder = "yolo-end2end",
        .safety = {.forward_timeout_ms = 10000}},
    .batch_size = 1,.n_lanes = 3
  };
  g_autoptr (GError) error = NULL;
  TsInstance *instance;
  glong failures;

  fault_arm (FAULT_THREAD, number, FALSE, 0);
  instance = ts_instance_new (&options, &error);
  if (instance) {
    run_frame (instance, &report->lost);
    run_frame (instance, &report->lost);
    g_assert_cmpuint (ts_instance_get_n_lanes (instance), >=, 1);
  } else {
    g_assert_nonnull (strstr (error->message, ADVICE));
  }
  ts_instance_free (instance);
  failures = fault_disarm ();
  report->tries++;
  report->failures += failures;
  return failures > 0;
}

static void
test_instance (void)
{
  FaultReport report = { "no thread for a lane or a watchdog of a model",
    "an error says so, or the lanes that there are do the work"
  };

  for (glong number = 0; try_instance (number, &report); number++);
  g_assert_cmpuint (report.failures, >=, 4);
  fault_report (&report);
}

/* Pushes as a source would, but from here, as GStreamer's own sources wait for ever
 * for a thread that they did not get. */
static GstFlowReturn
push_frame (GstElement * infer)
{
  GstPad *pad = gst_element_get_static_pad (infer, "sink");
  GstCaps *caps = gst_caps_from_string ("video/x-raw, format=RGB, width=64, "
      "height=48, framerate=25/1");
  GstSegment segment;
  GstFlowReturn flow;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_send_event (pad, gst_event_new_stream_start ("faults"));
  gst_pad_send_event (pad, gst_event_new_caps (caps));
  gst_pad_send_event (pad, gst_event_new_segment (&segment));
  flow = gst_pad_chain (pad, gst_buffer_new_allocate (NULL, 64 * 48 * 3, NULL));
  gst_pad_send_event (pad, gst_event_new_eos ());
  gst_caps_unref (caps);
  gst_object_unref (pad);
  return flow;
}

/* Whether a frame went through; an error must have come otherwise. */
static gboolean
passes_frame (GstElement * pipeline)
{
  GstElement *infer = gst_bin_get_by_name (GST_BIN (pipeline), "infer");
  GstBus *bus = gst_element_get_bus (pipeline);
  gboolean passed = gst_element_set_state (pipeline, GST_STATE_PLAYING) !=
      GST_STATE_CHANGE_FAILURE && push_frame (infer) == GST_FLOW_OK;
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  g_assert_true (passed == (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS));
  if (!passed) {
    gst_message_parse_error (message, &error, NULL);
    g_assert_nonnull (strstr (error->message, ADVICE));
  }
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (infer);
  return passed;
}

static gboolean
try_pipeline (glong number, FaultReport * report)
{
  g_autofree gchar *line = g_strdup_printf ("torchscriptinfer name=infer "
      "model=\"%s\" decoder=yolo-end2end reload-on-change=true ! "
      "fakesink async=false", model);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  gboolean passed;
  glong failures;

  g_assert_no_error (error);
  fault_arm (FAULT_THREAD, number, FALSE, 0);
  passed = passes_frame (pipeline);
  failures = fault_disarm ();
  gst_object_unref (pipeline);
  report->tries++;
  report->failures += failures;
  if (failures == 0)
    report->lost += !passed;
  return failures > 0;
}

static void
test_pipeline (void)
{
  FaultReport report = { "no thread for each of those of torchscriptinfer",
    "the state change is refused and an error says so; nothing waits"
  };

  /* GStreamer warns where it gets no thread. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  for (glong number = 0; try_pipeline (number, &report); number++);
  g_assert_cmpuint (report.failures, >=, 2);
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
  g_test_add_func ("/faults/threads/instance", test_instance);
  g_test_add_func ("/faults/threads/pipeline", test_pipeline);
  status = g_test_run ();
  model_test_remove (directory);
  return status;
}
