/* test_infererrors.c - what torchscriptinfer does with frames whose inference fails
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fake shim fails as told; it has the devices "cpu" and "cuda:0".
 */
#include "infertest.h"

#include <string.h>

/* Longer than a device rests, and than warnings are apart. */
#define REST_US (5300 * 1000)

/* Runs of the module are numbered from 0, and so are the frames without a warm-up. */
#define FAILS(status, more) "{" CONFIG "\"run_error\": {\"status\": \"" status \
  "\", \"text\": \"the fake " status "\"}, " more " \"output\": {\"input\": 0}}"

/* Frames with a number from 128 up fail. */
#define BAD_FRAME 128
#define FAILS_ON_BAD FAILS ("forward", "\"fail_above\": 0.5,")

#define FAILS_ON_CARD(first, n) "{" CONFIG "\"run_error\": {\"status\": " \
  "\"memory\", \"text\": \"the fake card is full\", \"device\": \"cuda:0\"}, " \
  "\"fail_on_run\": " #first ", \"fail_runs\": " #n ", " \
  "\"output\": {\"input\": 0}}"

static GstElement *
new_infer_with (const gchar * script, const gchar * decoder,
    const gchar * policy, gint max_errors)
{
  GstElement *infer = new_infer (script, decoder);

  gst_util_set_object_arg (G_OBJECT (infer), "on-error", policy);
  g_object_set (infer, "max-errors", max_errors, "warmup", 0, "device", "cpu",
      NULL);
  return infer;
}

static GstElement *
new_infer_on_card (const gchar * script, guint max_in_flight)
{
  GstElement *infer = new_infer_with (script, "tensors", "cpu", -1);

  g_object_set (infer, "device", "cuda:0", "max-in-flight", max_in_flight,
      NULL);
  return infer;
}

/* The one message of a recovery, or none if both are 0. */
static void
expect_recovery (GstElement * infer, guint failed, guint on_cpu)
{
  GstMessage *message;
  guint n = 0, value;

  while ((message = pop_message (infer, GST_MESSAGE_ELEMENT)) != NULL) {
    const GstStructure *s = gst_message_get_structure (message);

    fail_unless (gst_structure_has_name (s, "torchscript-recovered"));
    fail_unless (gst_structure_get_uint (s, "failed", &value));
    fail_unless_equals_int (value, failed);
    fail_unless (gst_structure_get_uint (s, "on-cpu", &value));
    fail_unless_equals_int (value, on_cpu);
    n++;
    gst_message_unref (message);
  }
  fail_unless_equals_int (n, failed + on_cpu > 0);
}

static void
push_frames (GstHarness * h, guint first, guint n)
{
  guint i;

  for (i = first; i < first + n; i++)
    fail_unless (gst_harness_push (h, new_frame (i)) == GST_FLOW_OK);
}

/* It comes in its place, as it was, writable and without an answer. */
static void
pull_unanswered (GstHarness * h, guint number)
{
  GstBuffer *buffer = gst_harness_pull (h);

  fail_unless (buffer != NULL, "frame %u does not come", number);
  fail_unless_equals_int (get_number (buffer), number);
  fail_unless_equals_int (gst_buffer_get_size (buffer), FRAME_SIZE);
  fail_unless (gst_buffer_is_writable (buffer));
  fail_unless_equals_int (gst_buffer_get_n_meta (buffer,
          GST_TORCHSCRIPT_TENSOR_META_API_TYPE), 0);
  fail_unless_equals_int (gst_buffer_get_n_meta (buffer,
          GST_TORCHSCRIPT_DETECTION_META_API_TYPE), 0);
  gst_buffer_unref (buffer);
}

static void
pull_frames (GstHarness * h, guint first, guint n, gboolean answered)
{
  guint i;

  for (i = first; i < first + n; i++) {
    if (answered)
      pull_and_check (h, i);
    else
      pull_unanswered (h, i);
  }
}

static void
wait_for_eos (GstHarness * h)
{
  GstEventType type;

  do {
    GstEvent *event = gst_harness_pull_event (h);

    fail_unless (event != NULL, "no end of the stream");
    type = GST_EVENT_TYPE (event);
    gst_event_unref (event);
  } while (type != GST_EVENT_EOS);
}

/* What cpu does not help against, it passes on. */
static const struct
{
  const gchar *policy, *script, *cause;
  guint max_in_flight;
} passed_cases[] = {
  /* *INDENT-OFF* */
#define PASSED(status) FAILS (status, "\"fail_on_run\": 3, \"fail_runs\": 4,")
  {"pass-through", PASSED ("forward"), "the fake forward", 1},
  {"pass-through", PASSED ("forward"), "the fake forward", 6},
  {"pass-through", PASSED ("memory"), "the fake memory", 1},
  {"pass-through", PASSED ("device"), "the fake device", 3},
  {"pass-through", PASSED ("output"), "the fake output", 2},
  {"cpu", PASSED ("forward"), "the fake forward", 2},
  {"cpu", PASSED ("memory"), "the fake memory", 2},
  /* *INDENT-ON* */
};

/* Every frame comes in its place, and the end after them. */
GST_START_TEST (test_failures_are_passed_on)
{
  GstElement *infer = new_infer_with (passed_cases[__i__].script, "tensors",
      passed_cases[__i__].policy, -1);
  GstHarness *h;

  g_object_set (infer, "max-in-flight", passed_cases[__i__].max_in_flight,
      NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  push_frames (h, 0, 10);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  pull_frames (h, 0, 3, TRUE);
  pull_frames (h, 3, 4, FALSE);
  pull_frames (h, 7, 3, TRUE);
  wait_for_eos (h);
  expect_no_text (infer, GST_MESSAGE_ERROR);
  expect_text (infer, GST_MESSAGE_WARNING, passed_cases[__i__].cause);
  expect_no_text (infer, GST_MESSAGE_WARNING);
  expect_recovery (infer, 4, 0);
  fail_unless_equals_uint64 (get_stat (infer, "failed", NULL), 4);
  fail_unless_equals_uint64 (get_stat (infer, "answered", NULL), 6);
  fail_unless_equals_uint64 (get_stat (infer, "on-cpu", NULL), 0);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

/* An answer that the decoder does not take is a failure of the frame, too. */
GST_START_TEST (test_bad_answer_is_passed_on)
{
  GstElement *infer = new_infer_with ("{" CONFIG "\"output\": {\"tensor\": "
      "{\"shape\": [1, 1, 6], \"values\": [2, 2, 6, 6, \"nan\", 1]}}}",
      "yolo-end2end", "pass-through", 1);
  GstHarness *h;

  gst_object_ref (infer);
  h = new_harness (infer);
  push_frames (h, 0, 1);
  pull_unanswered (h, 0);
  expect_text (infer, GST_MESSAGE_WARNING, "nan|pass-through");
  fail_unless (gst_harness_push (h, new_frame (1)) == GST_FLOW_ERROR);
  expect_text (infer, GST_MESSAGE_ERROR, "2 frames in a row|nan");
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

/* A frame that cannot be read costs itself alone. */
GST_START_TEST (test_unreadable_frame_is_passed_on)
{
  GstElement *infer = new_infer_with (ECHO, "tensors", "pass-through", -1);
  GstBuffer *buffer;
  GstHarness *h;

  gst_object_ref (infer);
  h = new_harness (infer);
  buffer = gst_harness_push_and_pull (h, gst_buffer_new_allocate (NULL, 7,
          NULL));
  fail_unless_equals_int (gst_buffer_get_size (buffer), 7);
  gst_buffer_unref (buffer);
  push_frames (h, 1, 1);
  pull_and_check (h, 1);
  expect_text (infer, GST_MESSAGE_WARNING, "could not be read|7 bytes");
  expect_recovery (infer, 1, 0);
  fail_unless_equals_uint64 (get_stat (infer, "failed", NULL), 1);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

static guint
get_in_a_row (GstElement * infer)
{
  GstStructure *stats;
  guint value;

  g_object_get (infer, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint (stats, "failed-in-a-row", &value));
  gst_structure_free (stats);
  return value;
}

/* An answer starts the count anew, and so does a flush; the rest of a stream after an
 * error is as without on-error. */
GST_START_TEST (test_budget)
{
  GstElement *infer = new_infer_with (FAILS_ON_BAD, "tensors", "pass-through",
      3);
  GstHarness *h;
  guint round;

  gst_object_ref (infer);
  h = new_harness (infer);
  for (round = 0; round < 3; round++) {
    push_frames (h, BAD_FRAME, 3);
    pull_frames (h, BAD_FRAME, 3, FALSE);
    fail_unless_equals_int (get_in_a_row (infer), 3);
    push_frames (h, 1, 1);
    pull_and_check (h, 1);
    fail_unless_equals_int (get_in_a_row (infer), 0);
  }
  expect_no_text (infer, GST_MESSAGE_ERROR);
  for (round = 0; round < 2; round++) {
    push_frames (h, BAD_FRAME, 3);
    pull_frames (h, BAD_FRAME, 3, FALSE);
    fail_unless (gst_harness_push (h, new_frame (BAD_FRAME)) == GST_FLOW_ERROR);
    expect_text (infer, GST_MESSAGE_ERROR,
        "4 frames in a row|max-errors allows 3|the fake forward");
    expect_no_text (infer, GST_MESSAGE_ERROR);
    fail_unless (gst_harness_push (h, new_frame (1)) == GST_FLOW_ERROR);
    flush (h);
    fail_unless_equals_int (get_in_a_row (infer), 0);
  }
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

GST_START_TEST (test_no_budget)
{
  GstElement *infer = new_infer_with (FAILS_ON_BAD, "tensors", "pass-through",
      0);
  GstHarness *h;

  gst_object_ref (infer);
  h = new_harness (infer);
  push_frames (h, 0, 1);
  pull_and_check (h, 0);
  fail_unless (gst_harness_push (h, new_frame (BAD_FRAME)) == GST_FLOW_ERROR);
  expect_text (infer, GST_MESSAGE_ERROR, "1 frames in a row|allows 0");
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

/* One at once, and then one in 5 s with their number. */
GST_START_TEST (test_warnings_are_few)
{
  GstElement *infer = new_infer_with (FAILS_ON_BAD, "tensors", "pass-through",
      -1);
  GstHarness *h;
  guint i;

  gst_object_ref (infer);
  h = new_harness (infer);
  for (i = 0; i < 200; i++) {
    push_frames (h, BAD_FRAME + i % 8, 1);
    pull_unanswered (h, BAD_FRAME + i % 8);
    push_frames (h, i % 4, i % 4 == 0);
    if (i % 4 == 0)
      pull_and_check (h, 0);
  }
  expect_text (infer, GST_MESSAGE_WARNING, "the fake forward");
  expect_no_text (infer, GST_MESSAGE_WARNING);
  expect_recovery (infer, 1, 0);
  g_usleep (REST_US);
  push_frames (h, BAD_FRAME, 1);
  pull_unanswered (h, BAD_FRAME);
  expect_text (infer, GST_MESSAGE_WARNING,
      "200 frames got no answer since the last warning|the fake forward");
  fail_unless_equals_uint64 (get_stat (infer, "failed", NULL), 201);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

static gpointer
push_good (gpointer h)
{
  guint i;

  for (i = 0; i < 200; i++) {
    push_frames (h, i % 100, 1);
    pull_and_check (h, i % 100);
  }
  return NULL;
}

/* Two streams in one batch: what is wrong with a frame of one is not the other's
 * matter. */
GST_START_TEST (test_other_streams_go_on)
{
  GstElement *bad = new_infer_with (FAILS_ON_BAD, "tensors", "pass-through",
      -1);
  GstElement *good = new_infer_with (FAILS_ON_BAD, "tensors", "fail", -1);
  GstHarness *bad_h, *good_h;
  GThread *thread;
  guint i;

  g_object_set (bad, "batch-size", 4, "max-in-flight", 4, NULL);
  g_object_set (good, "batch-size", 4, NULL);
  gst_object_ref (good);
  bad_h = new_harness (bad);
  good_h = new_harness (good);
  thread = g_thread_new ("good", push_good, good_h);
  for (i = 0; i < 100; i++) {
    push_frames (bad_h, BAD_FRAME, 3);
    push_frames (bad_h, 7, 1);
    pull_frames (bad_h, BAD_FRAME, 3, FALSE);
    pull_and_check (bad_h, 7);
  }
  g_thread_join (thread);
  expect_no_text (good, GST_MESSAGE_ERROR);
  fail_unless_equals_uint64 (get_stat (good, "failed", NULL), 0);
  fail_unless_equals_uint64 (get_stat (bad_h->element, "failed", NULL), 300);
  /* The other way round: the one that ends leaves the other one. */
  fail_unless (gst_harness_push (good_h, new_frame (BAD_FRAME)) ==
      GST_FLOW_ERROR);
  push_frames (bad_h, 9, 1);
  pull_and_check (bad_h, 9);
  tear_down (bad_h);
  tear_down (good_h);
  gst_object_unref (good);
}

GST_END_TEST;

static gboolean
is_resting (GstElement * infer)
{
  GstStructure *stats;
  gboolean value;

  g_object_get (infer, "stats", &stats, NULL);
  fail_unless (gst_structure_get_boolean (stats, "resting", &value));
  gst_structure_free (stats);
  return value;
}

/* The card fails on frame 2, and again when it is tried anew; then it is well. */
GST_START_TEST (test_cpu_takes_over)
{
  GstElement *infer = new_infer_on_card (FAILS_ON_CARD (2, 2),
      __i__ == 0 ? 1 : 4);
  GstHarness *h;

  gst_object_ref (infer);
  h = new_harness (infer);
  push_frames (h, 0, 2);
  pull_frames (h, 0, 2, TRUE);
  fail_if (is_resting (infer));
  push_frames (h, 2, 1);
  pull_and_check (h, 2);
  fail_unless (is_resting (infer));
  expect_text (infer, GST_MESSAGE_WARNING,
      "the fake card is full|the CPU answers in place of cuda:0");
  push_frames (h, 3, 7);
  pull_frames (h, 3, 7, TRUE);
  fail_unless_equals_uint64 (get_stat (infer, "on-cpu", NULL), 8);
  g_usleep (REST_US);
  push_frames (h, 10, 1);
  pull_and_check (h, 10);
  fail_unless_equals_uint64 (get_stat (infer, "on-cpu", NULL), 9);
  fail_unless (is_resting (infer));
  expect_recovery (infer, 0, 0);
  g_usleep (REST_US);
  push_frames (h, 11, 3);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  pull_frames (h, 11, 3, TRUE);
  wait_for_eos (h);
  expect_recovery (infer, 0, 9);
  fail_if (is_resting (infer));
  fail_unless_equals_uint64 (get_stat (infer, "on-cpu", NULL), 9);
  fail_unless_equals_uint64 (get_stat (infer, "answered", NULL), 14);
  fail_unless_equals_uint64 (get_stat (infer, "failed", NULL), 0);
  expect_no_text (infer, GST_MESSAGE_ERROR);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

/* Frames that are on their way when the card fails all fail there. */
GST_START_TEST (test_cpu_takes_all_in_flight)
{
  GstElement *infer = new_infer_on_card (FAILS_ON_CARD (1, 1000), 8);
  GstHarness *h;

  g_object_set (infer, "batch-size", 4, NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  push_frames (h, 0, 100);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  pull_frames (h, 0, 100, TRUE);
  wait_for_eos (h);
  fail_unless_equals_uint64 (get_stat (infer, "on-cpu", NULL), 99);
  expect_no_text (infer, GST_MESSAGE_ERROR);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

/* Loading on the CPU takes a second: neither a flush nor what comes after it waits. */
GST_START_TEST (test_flush_while_cpu_loads)
{
  GstElement *infer = new_infer_on_card ("{" CONFIG "\"cpu_load_ms\": 1000, "
      "\"run_error\": {\"status\": \"device\", \"device\": \"cuda:0\"}, "
      "\"fail_on_run\": 0, \"output\": {\"input\": 0}}", 4);
  GstHarness *h = new_harness (infer);
  gint64 start;

  push_frames (h, 0, 3);
  g_usleep (100 * 1000);
  start = g_get_monotonic_time ();
  flush (h);
  fail_unless (g_get_monotonic_time () - start < 400 * 1000);
  push_frames (h, 3, 3);
  pull_frames (h, 3, 3, TRUE);
  tear_down (h);
}

GST_END_TEST;

/* A pass that the CPU has begun is waited for, as it reads the frame. */
GST_START_TEST (test_flush_while_cpu_computes)
{
  GstElement *infer = new_infer_on_card ("{" CONFIG "\"delay_ms\": 60, "
      "\"run_error\": {\"status\": \"device\", \"device\": \"cuda:0\"}, "
      "\"output\": {\"input\": 0}}", 4);
  GstHarness *h = new_harness (infer);
  guint round;

  for (round = 0; round < 6; round++) {
    push_frames (h, 100, 3);
    g_usleep (50 * 1000 + round * 20 * 1000);
    flush (h);
    while (gst_harness_buffers_in_queue (h) > 0)
      gst_buffer_unref (gst_harness_pull (h));
    push_frames (h, round, 3);
    pull_frames (h, round, 3, TRUE);
  }
  tear_down (h);
}

GST_END_TEST;

GST_START_TEST (test_stop_while_cpu_loads)
{
  GstElement *infer = new_infer_on_card ("{" CONFIG "\"cpu_load_ms\": 500, "
      "\"run_error\": {\"status\": \"device\", \"device\": \"cuda:0\"}, "
      "\"output\": {\"input\": 0}}", 4);
  GstHarness *h = new_harness (infer);

  push_frames (h, 0, 3);
  g_usleep (50 * 1000 * __i__);
  tear_down (h);
}

GST_END_TEST;

/* Both devices' errors are told, and the frame goes on. */
GST_START_TEST (test_cpu_cannot_take_over)
{
  GstElement *infer = new_infer_on_card ("{" CONFIG "\"load_error\": "
      "{\"status\": \"memory\", \"text\": \"no room\", \"device\": \"cpu\"}, "
      "\"run_error\": {\"status\": \"memory\", \"text\": \"the card is full\"}, "
      "\"fail_on_run\": 1, \"fail_runs\": 3, \"output\": {\"input\": 0}}", 1);
  GstHarness *h;

  g_object_set (infer, "max-errors", 2, NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  push_frames (h, 0, 3);
  pull_frames (h, 0, 1, TRUE);
  pull_frames (h, 1, 2, FALSE);
  fail_unless (gst_harness_push (h, new_frame (3)) == GST_FLOW_ERROR);
  expect_text (infer, GST_MESSAGE_ERROR,
      "3 frames in a row|the CPU cannot answer|no room|the card is full");
  fail_unless_equals_uint64 (get_stat (infer, "failed", NULL), 3);
  fail_unless_equals_uint64 (get_stat (infer, "on-cpu", NULL), 0);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

static const struct
{
  const gchar *policy, *device, *script, *words;
  gboolean starts;
} start_cases[] = {
  /* *INDENT-OFF* */
#define LOADS_BADLY(status, device) "{" CONFIG "\"load_error\": {\"status\": \"" \
  status "\", \"text\": \"as told\", \"device\": \"" device "\"}, " \
  "\"output\": {\"input\": 0}}"
  {"cpu", "cuda:0", LOADS_BADLY ("memory", "cuda:0"), "as told|the CPU is used", TRUE},
  {"cpu", "cuda:0", LOADS_BADLY ("device", "cuda:0"), "as told|the CPU is used", TRUE},
  {"cpu", "cuda:7", ECHO, "cuda:7|no such fake|the CPU is used", TRUE},
  {"cpu", "cuda:0", LOADS_BADLY ("load", "cuda:0"), "as told", FALSE},
  {"cpu", "cpu", LOADS_BADLY ("memory", "cpu"), "as told", FALSE},
  {"pass-through", "cuda:0", LOADS_BADLY ("memory", "cuda:0"), "as told", FALSE},
  {"fail", "cuda:7", ECHO, "cuda:7|choose another device", FALSE},
  /* *INDENT-ON* */
};

/* No model, no stream; but the CPU counts as well. */
GST_START_TEST (test_start)
{
  GstElement *infer = new_infer_with (start_cases[__i__].script, "tensors",
      start_cases[__i__].policy, -1);
  gboolean starts = start_cases[__i__].starts;
  GstHarness *h;

  g_object_set (infer, "device", start_cases[__i__].device, NULL);
  fail_unless_equals_int (gst_element_set_state (infer, GST_STATE_PAUSED),
      starts ? GST_STATE_CHANGE_SUCCESS : GST_STATE_CHANGE_FAILURE);
  expect_text (infer, starts ? GST_MESSAGE_WARNING : GST_MESSAGE_ERROR,
      start_cases[__i__].words);
  if (starts) {
    h = new_harness (infer);
    push_frames (h, 0, 3);
    pull_frames (h, 0, 3, TRUE);
    tear_down (h);
  } else {
    gst_element_set_state (infer, GST_STATE_NULL);
    gst_object_unref (infer);
  }
}

GST_END_TEST;

/* At the caps: the frames come all the same. */
static const struct
{
  const gchar *policy, *status, *words;
  gboolean answered;
} warm_up_cases[] = {
  /* *INDENT-OFF* */
  {"pass-through", "forward", "as told|frames of this size", FALSE},
  {"cpu", "forward", "as told|frames of this size", FALSE},
  {"cpu", "memory", "as told|the CPU answers in place of cuda:0", TRUE},
  /* *INDENT-ON* */
};

GST_START_TEST (test_warm_up)
{
  g_autofree gchar *script = g_strdup_printf ("{" CONFIG "\"run_error\": "
      "{\"status\": \"%s\", \"device\": \"cuda:0\"}, "
      "\"output\": {\"input\": 0}}", warm_up_cases[__i__].status);
  GstElement *infer = new_infer_on_card (script, 1);
  GstHarness *h;

  gst_util_set_object_arg (G_OBJECT (infer), "on-error",
      warm_up_cases[__i__].policy);
  g_object_set (infer, "warmup", 1, NULL);
  gst_object_ref (infer);
  h = new_harness (infer);
  push_frames (h, 0, 3);
  pull_frames (h, 0, 3, warm_up_cases[__i__].answered);
  expect_no_text (infer, GST_MESSAGE_ERROR);
  expect_text (infer, GST_MESSAGE_WARNING, warm_up_cases[__i__].words);
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

static void
count_call (GstElement * infer, const gchar * name, guint number, gpointer n)
{
  g_atomic_int_inc ((gint *) n);
}

/* A new model is tried on the card at once. */
GST_START_TEST (test_new_model_while_card_rests)
{
  GstElement *infer = new_infer_on_card (FAILS_ON_CARD (1, 1000), 1);
  g_autofree gchar *next = write_model ("next.pt", ECHO);
  gint n_loaded = 0;
  GstHarness *h;

  g_signal_connect (infer, "model-loaded", G_CALLBACK (count_call), &n_loaded);
  gst_object_ref (infer);
  h = new_harness (infer);
  push_frames (h, 0, 5);
  pull_frames (h, 0, 5, TRUE);
  fail_unless_equals_uint64 (get_stat (infer, "on-cpu", NULL), 4);
  g_object_set (infer, "model", next, NULL);
  while (g_atomic_int_get (&n_loaded) == 0)
    g_usleep (1000);
  push_frames (h, 5, 5);
  pull_frames (h, 5, 5, TRUE);
  fail_unless_equals_uint64 (get_stat (infer, "on-cpu", NULL), 4);
  fail_if (is_resting (infer));
  tear_down (h);
  gst_object_unref (infer);
}

GST_END_TEST;

static Suite *
errors_suite (void)
{
  Suite *suite = suite_create ("infererrors");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_loop_test (tc, test_failures_are_passed_on, 0,
      G_N_ELEMENTS (passed_cases));
  tcase_add_test (tc, test_bad_answer_is_passed_on);
  tcase_add_test (tc, test_unreadable_frame_is_passed_on);
  tcase_add_test (tc, test_budget);
  tcase_add_test (tc, test_no_budget);
  tcase_add_test (tc, test_warnings_are_few);
  tcase_add_test (tc, test_other_streams_go_on);
  tcase_add_loop_test (tc, test_cpu_takes_over, 0, 2);
  tcase_add_test (tc, test_cpu_takes_all_in_flight);
  tcase_add_test (tc, test_flush_while_cpu_loads);
  tcase_add_test (tc, test_flush_while_cpu_computes);
  tcase_add_loop_test (tc, test_stop_while_cpu_loads, 0, 3);
  tcase_add_test (tc, test_cpu_cannot_take_over);
  tcase_add_loop_test (tc, test_start, 0, G_N_ELEMENTS (start_cases));
  tcase_add_loop_test (tc, test_warm_up, 0, G_N_ELEMENTS (warm_up_cases));
  tcase_add_test (tc, test_new_model_while_card_rests);
  return suite;
}

int
main (int argc, char **argv)
{
  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0", TRUE);
  return infer_test_main (argc, argv, errors_suite);
}
