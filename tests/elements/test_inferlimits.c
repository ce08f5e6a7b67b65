/* test_inferlimits.c - what the numbers among torchscriptinfer's properties do
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times and memory of a module, here and in a process of its own, and thresholds that
 * say which boxes are one object.
 */
#include "infertest.h"

#define LATE "{" CONFIG "\"delay_ms\": 30000, \"output\": {\"input\": 0}}"
#define LATE_TO_LOAD "{" CONFIG "\"cpu_load_ms\": 30000, " \
  "\"output\": {\"input\": 0}}"

/* 240 MB. */
#define LARGE "{" CONFIG "\"output\": {\"tensor\": {\"shape\": [60, 1000000], " \
  "\"fill\": 1}}}"

static GstElement *
new_isolated (const gchar * script)
{
  GstElement *infer = new_infer (script, "tensors");

  gst_util_set_object_arg (G_OBJECT (infer), "isolation", "process");
  g_object_set (infer, "warmup", 0, NULL);
  return infer;
}

static gdouble
seconds_since (gint64 start)
{
  return (gdouble) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

static const struct
{
  const gchar *isolation, *words;
} timeout_cases[] = {
  /* *INDENT-OFF* */
  {"none", "m.pt|forward-timeout, 200 ms|can be used no more|isolation=process"},
  {"process", "m.pt|did not answer within 200 ms|started again"},
  /* *INDENT-ON* */
};

/* The error does not wait for the module. */
GST_START_TEST (test_forward_timeout)
{
  GstElement *infer = new_infer (LATE, "tensors");
  GstHarness *h;
  gint64 start;

  gst_util_set_object_arg (G_OBJECT (infer), "isolation",
      timeout_cases[__i__].isolation);
  g_object_set (infer, "warmup", 0, "forward-timeout", 200, NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  start = g_get_monotonic_time ();
  fail_unless (gst_harness_push (h, new_frame (0)) == GST_FLOW_ERROR);
  fail_unless (seconds_since (start) < 20, "%f s", seconds_since (start));
  expect_text (infer, GST_MESSAGE_ERROR, timeout_cases[__i__].words);
  expect_no_text (infer, GST_MESSAGE_ERROR);
  gst_harness_teardown (h);
  gst_object_unref (infer);
}

GST_END_TEST;

/* Frames go on while the module hangs, and a model that is lost says so. */
GST_START_TEST (test_forward_timeout_is_passed_on)
{
  GstElement *infer = new_infer (LATE, "tensors");
  GstHarness *h;
  gint64 start;
  guint i;

  gst_util_set_object_arg (G_OBJECT (infer), "on-error", "pass-through");
  g_object_set (infer, "warmup", 0, "forward-timeout", 200, "max-errors", 9,
      NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  start = g_get_monotonic_time ();
  for (i = 0; i < 9; i++) {
    GstBuffer *buffer = gst_harness_push_and_pull (h, new_frame (i));

    fail_unless_equals_int (get_number (buffer), i);
    gst_buffer_unref (buffer);
  }
  fail_unless (seconds_since (start) < 20, "%f s", seconds_since (start));
  expect_text (infer, GST_MESSAGE_WARNING, timeout_cases[0].words);
  fail_unless (gst_harness_push (h, new_frame (9)) == GST_FLOW_ERROR);
  expect_text (infer, GST_MESSAGE_ERROR, "10 frames in a row|forward-timeout");
  gst_harness_teardown (h);
  gst_object_unref (infer);
}

GST_END_TEST;

/* A module that is in time does not notice. */
GST_START_TEST (test_forward_in_time)
{
  GstElement *infer = new_infer (ECHO, "tensors");
  GstHarness *h;
  guint i;

  gst_util_set_object_arg (G_OBJECT (infer), "isolation",
      timeout_cases[__i__].isolation);
  g_object_set (infer, "forward-timeout", 20000, "load-timeout", 20000,
      "memory-limit", 2000, NULL);
  h = new_harness (infer);
  for (i = 0; i < 20; i++) {
    fail_unless (gst_harness_push (h, new_frame (i)) == GST_FLOW_OK);
    pull_and_check (h, i);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_load_timeout)
{
  GstElement *infer = new_isolated (LATE_TO_LOAD);
  gint64 start = g_get_monotonic_time ();

  g_object_set (infer, "load-timeout", 200, NULL);
  fail_unless_equals_int (gst_element_set_state (infer, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  fail_unless (seconds_since (start) < 20, "%f s", seconds_since (start));
  expect_text (infer, GST_MESSAGE_ERROR, "m.pt|did not answer within 200 ms");
  gst_element_set_state (infer, GST_STATE_NULL);
  gst_object_unref (infer);
}

GST_END_TEST;

GST_START_TEST (test_memory_limit)
{
  GstElement *infer = new_isolated (LARGE);
  GstHarness *h;

  g_object_set (infer, "memory-limit", __i__ == 0 ? 100 : 2000, NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  fail_unless_equals_int (gst_harness_push (h, new_frame (0)), __i__ == 0 ?
      GST_FLOW_ERROR : GST_FLOW_OK);
  if (__i__ == 0)
    expect_text (infer, GST_MESSAGE_ERROR, "m.pt|the process that runs the");
  else
    expect_no_text (infer, GST_MESSAGE_ERROR);
  gst_harness_teardown (h);
  gst_object_unref (infer);
}

GST_END_TEST;

static GstTorchscriptDetectionMeta *
push_and_pull (GstHarness * h, guint number, GstBuffer ** buffer)
{
  *buffer = gst_harness_push_and_pull (h, new_frame (number));
  return gst_buffer_get_torchscript_detection_meta (*buffer);
}

static guint
count_boxes (GstHarness * h, guint number)
{
  GstBuffer *buffer;
  guint n = gst_torchscript_detection_meta_get_n_detections
      (push_and_pull (h, number, &buffer));

  gst_buffer_unref (buffer);
  return n;
}

/* Two boxes of 4x4 pixels, one pixel apart: 12 of 20 pixels are both's, 0.6. */
GST_START_TEST (test_iou_threshold)
{
  GstElement *infer = new_infer ("{" CONFIG "\"output\": {\"tensor\": "
      "{\"shape\": [1, 5, 2], \"values\": [2, 3, 2, 2, 4, 4, 4, 4, 0.9, "
      "0.8]}}}", "yolov8");
  GstHarness *h = new_harness (infer);

  g_object_set (infer, "iou-threshold", 0.59, NULL);
  fail_unless_equals_int (count_boxes (h, 0), 1);
  g_object_set (infer, "iou-threshold", 0.61, NULL);
  fail_unless_equals_int (count_boxes (h, 1), 2);
  gst_harness_teardown (h);
}

GST_END_TEST;

static guint
get_track (GstHarness * h, guint number)
{
  GstBuffer *buffer;
  GstTorchscriptDetectionMeta *meta = push_and_pull (h, number, &buffer);
  guint track = 0;

  if (gst_torchscript_detection_meta_get_n_detections (meta) > 0)
    track = gst_torchscript_detection_meta_get_detection (meta, 0)->track_id;
  gst_buffer_unref (buffer);
  return track;
}

#define BOX_AT(x1, x2) "{\"tensor\": {\"shape\": [1, 1, 6], \"values\": [" #x1 \
  ", 2, " #x2 ", 6, 0.9, 1]}}"
#define NO_BOX "{\"tensor\": {\"shape\": [1, 1, 6], \"values\": [0, 0, 0, 0, 0, 0]}}"

static GstHarness *
new_tracking_harness (const gchar * outputs)
{
  g_autofree gchar *script = g_strdup_printf ("{" CONFIG "\"outputs\": [%s]}",
      outputs);
  GstElement *infer = new_infer (script, "yolo-end2end");

  gst_util_set_object_arg (G_OBJECT (infer), "tracker", "iou");
  g_object_set (infer, "warmup", 0, NULL);
  return new_harness (infer);
}

/* The box moves by a pixel from frame to frame, and back: the overlap is 0.6. */
GST_START_TEST (test_tracker_iou)
{
  GstHarness *h = new_tracking_harness (BOX_AT (1, 5) ", " BOX_AT (2, 6));

  g_object_set (h->element, "tracker-iou", 0.59, NULL);
  fail_unless_equals_int (get_track (h, 0), 1);
  fail_unless_equals_int (get_track (h, 1), 1);
  g_object_set (h->element, "tracker-iou", 0.61, "tracker-max-age", 0, NULL);
  fail_unless_equals_int (get_track (h, 2), 2);
  fail_unless_equals_int (get_track (h, 3), 3);
  g_object_set (h->element, "tracker-iou", 0.59, NULL);
  fail_unless_equals_int (get_track (h, 4), 3);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Two answers have no box between those that have one. */
GST_START_TEST (test_tracker_max_age)
{
  GstHarness *h = new_tracking_harness (BOX_AT (1, 5) ", " NO_BOX ", " NO_BOX);
  const guint ages[] = { 2, 2, 1, 0, 3 };
  const guint tracks[] = { 1, 1, 2, 3, 3 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (ages); i++) {
    g_object_set (h->element, "tracker-max-age", ages[i], NULL);
    fail_unless_equals_int (get_track (h, 3 * i), tracks[i]);
    /* The age counts from here on. */
    g_object_set (h->element, "tracker-max-age",
        ages[MIN (i + 1, G_N_ELEMENTS (ages) - 1)], NULL);
    fail_unless_equals_int (get_track (h, 3 * i + 1), 0);
    fail_unless_equals_int (get_track (h, 3 * i + 2), 0);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
limits_suite (void)
{
  Suite *suite = suite_create ("inferlimits");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_loop_test (tc, test_forward_timeout, 0,
      G_N_ELEMENTS (timeout_cases));
  tcase_add_test (tc, test_forward_timeout_is_passed_on);
  tcase_add_loop_test (tc, test_forward_in_time, 0,
      G_N_ELEMENTS (timeout_cases));
  tcase_add_test (tc, test_load_timeout);
  tcase_add_loop_test (tc, test_memory_limit, 0, 2);
  tcase_add_test (tc, test_iou_threshold);
  tcase_add_test (tc, test_tracker_iou);
  tcase_add_test (tc, test_tracker_max_age);
  return suite;
}

int
main (int argc, char **argv)
{
  return infer_test_main (argc, argv, limits_suite);
}
