/* test_chaos.c - flushes, state changes and settings at random, from several threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * FAULT_SECONDS says for how long.  All threads must go on all the time; there may be
 * no error; and at the end each frame must get its answer.
 */
#include <gst/gst.h>

#include "fakemodel.h"
#include "faultmodel.h"
#include "faultreport.h"
#include "modeltest.h"
#include "torchscript.h"

#define N_FRAMES 50

/* How long a thread may be without a step; other programs may want the processor. */
#define PATIENCE_S 60

static gchar *directory, *models[2];

typedef struct
{
  GstElement *pipeline, *infer, *sink;
  gint ends;                    /* atomic */
  guint n_answered;
} Chaos;

typedef void (*Step) (Chaos * self, GRand * random);

static void
change_state (Chaos * self, GRand * random)
{
  gst_element_set_state (self->pipeline, g_rand_int_range (random,
          GST_STATE_NULL, GST_STATE_PLAYING + 1));
}

static void
seek (Chaos * self, GRand * random)
{
  gst_element_seek_simple (self->pipeline, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH, g_rand_int_range (random, 0, 1000) * GST_MSECOND);
}

static void
change_settings (Chaos * self, GRand * random)
{
  switch (g_rand_int_range (random, 0, 4)) {
    case 0:
      g_object_set (self->infer, "model", models[g_rand_int_range (random, 0,
                  2)], NULL);
      break;
    case 1:
      g_object_set (self->infer, "score-threshold",
          g_rand_double_range (random, 0., 0.8), NULL);
      break;
    case 2:
      g_object_set (self->infer, "reload-on-change", g_rand_boolean (random),
          NULL);
      break;
    default:
      g_object_set (self->infer, "output-tensors", g_rand_boolean (random),
          NULL);
  }
}

static void
ask (Chaos * self, GRand * random)
{
  g_autoptr (GstStructure) stats = NULL;
  GstQuery *query = gst_query_new_latency ();
  gint64 position;

  g_object_get (self->infer, "stats", &stats, NULL);
  g_assert_nonnull (stats);
  gst_element_query (self->pipeline, query);
  gst_element_query_position (self->pipeline, GST_FORMAT_TIME, &position);
  gst_query_unref (query);
}

static const Step steps[] = { change_state, seek, change_settings, ask, seek,
  change_state
};

#define N_THREADS G_N_ELEMENTS (steps)

typedef struct
{
  Chaos *chaos;
  Step step;
  guint32 seed;
  gint n;                       /* of steps; atomic */
} Worker;

static gpointer
work (gpointer data)
{
  Worker *self = data;
  GRand *random = g_rand_new_with_seed (self->seed);

  while (!g_atomic_int_get (&self->chaos->ends)) {
    self->step (self->chaos, random);
    g_atomic_int_inc (&self->n);
    g_usleep (g_rand_int_range (random, 0, 3000));
  }
  g_rand_free (random);
  return NULL;
}

/* A thread that makes no step waits for something that does not come. */
static void
check_steps (Worker * workers, gint * before, gint64 * since)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < N_THREADS; i++) {
    gint n = g_atomic_int_get (&workers[i].n);

    if (n != before[i])
      since[i] = now;
    else if (now - since[i] > PATIENCE_S * G_USEC_PER_SEC)
      g_error ("thread %u waits for ever, after %d steps", i, n);
    before[i] = n;
  }
}

static guint
count_errors (GstElement * pipeline)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop (GST_ELEMENT_BUS (pipeline)))) {
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      g_autoptr (GError) error = NULL;
      g_autofree gchar *detail = NULL;

      gst_message_parse_error (message, &error, &detail);
      g_test_message ("%s: %s", error->message, detail);
      n++;
    }
    gst_message_unref (message);
  }
  return n;
}

static guint64
run (Chaos * chaos, guint32 seed, guint seconds, guint64 * n_errors)
{
  Worker workers[N_THREADS];
  GThread *threads[N_THREADS];
  gint64 since[N_THREADS], now = g_get_monotonic_time ();
  gint64 end = now + (gint64) seconds * G_USEC_PER_SEC;
  gint before[N_THREADS] = { 0 };
  guint64 n = 0;

  for (guint i = 0; i < N_THREADS; i++) {
    workers[i] = (Worker) {
    chaos, steps[i], seed + i, 0};
    since[i] = now;
    threads[i] = g_thread_new ("chaos", work, &workers[i]);
  }
  while (g_get_monotonic_time () < end) {
    g_usleep (20000);
    check_steps (workers, before, since);
    *n_errors += count_errors (chaos->pipeline);
  }
  g_atomic_int_set (&chaos->ends, TRUE);
  fault_watch (PATIENCE_S);
  for (guint i = 0; i < N_THREADS; i++) {
    g_thread_join (threads[i]);
    n += (guint64) workers[i].n;
  }
  return n;
}

static void
count_answer (GstElement * sink, GstBuffer * buffer, GstPad * pad,
    gpointer user_data)
{
  Chaos *self = user_data;

  self->n_answered +=
      gst_buffer_get_torchscript_detection_meta (buffer) != NULL;
}

/* Whether all frames are answered when nothing disturbs. */
static gboolean
works (Chaos * self)
{
  GstMessage *message;

  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  g_object_set (self->infer, "score-threshold", 0.5, NULL);
  count_errors (self->pipeline);
  self->n_answered = 0;
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (self->pipeline),
      PATIENCE_S * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_message_unref (message);
  return self->n_answered == N_FRAMES;
}

static void
test_chaos (void)
{
  FaultReport report =
      { "flushing seeks, state changes and settings at random, "
        "from six threads",
    "nothing waits, no error, and then each frame gets its answer"
  };
  /* Nothing stands before the model: a GstBaseTransform such as a capsfilter tells its
   * source of an error where an event came too late. */
  g_autofree gchar *line = g_strdup_printf ("videotestsrc num-buffers=%d ! "
      "torchscriptinfer name=infer model=\"%s\" decoder=yolo-end2end "
      "max-in-flight=3 ! "
      "detectionjson location=/dev/null ! detectionoverlay ! "
      "fakesink name=sink signal-handoffs=true sync=false", N_FRAMES,
      models[0]);
  guint32 seed = (guint32) g_test_rand_int ();
  g_autoptr (GError) error = NULL;
  Chaos chaos = { gst_parse_launch (line, &error) };

  g_assert_no_error (error);
  g_test_message ("seed %u", seed);
  chaos.infer = gst_bin_get_by_name (GST_BIN (chaos.pipeline), "infer");
  chaos.sink = gst_bin_get_by_name (GST_BIN (chaos.pipeline), "sink");
  g_signal_connect (chaos.sink, "handoff", G_CALLBACK (count_answer), &chaos);
  report.tries = run (&chaos, seed, fault_seconds (5), &report.lost);
  report.failures = report.tries;
  report.lost += !works (&chaos);
  fault_watch (0);
  gst_element_set_state (chaos.pipeline, GST_STATE_NULL);
  gst_object_unref (chaos.infer);
  gst_object_unref (chaos.sink);
  gst_object_unref (chaos.pipeline);
  fault_report (&report);
}

int
main (int argc, char **argv)
{
  gint status;

  directory = fault_directory_new ();
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *script = fault_model_script (8 + (gint) i);
    g_autofree gchar *name = g_strdup_printf ("%u.pt", i);

    models[i] = g_build_filename (directory, name, NULL);
    fake_model_write (models[i], script);
  }
  g_test_add_func ("/faults/chaos", test_chaos);
  status = g_test_run ();
  model_test_remove (directory);
  return status;
}
