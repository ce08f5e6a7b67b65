/* test_runtime.c - one model for many streams, over the fake shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where it matters, the module answers with its input, and the segmentation decoder
 * takes the strongest channel: the mask tells whose picture it was.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "fakemodel.h"
#include "modeltest.h"
#include "tsregistry.h"
#include "tsthread.h"

#define EDGE 8
#define ECHO(more) "{\"config\": \"{\\\"imgsz\\\": [8, 8]}\", " more \
  "\"output\": {\"input\": 0}}"

typedef struct
{
  gchar *directory, *path;
  TsInstanceOptions options;
} Fixture;

/* A picture and where its answer is waited for. */
typedef struct
{
  guint8 pixels[EDGE * EDGE * 3];
  TsStream *stream;
  TsJob *job;
  gint done;                    /* atomic */
  gint64 done_us;
} Shot;

static void
set_up (Fixture * f, gconstpointer script)
{
  f->directory = model_test_directory ();
  f->path = g_build_filename (f->directory, "m.pt", NULL);
  fake_model_write (f->path, script);
  f->options = (TsInstanceOptions) {
    .model = {
      .model = f->path,.device = "cpu",.decoder = "segmentation"
  },.batch_size = 4,};
}

static void
tear_down (Fixture * f, gconstpointer script)
{
  g_assert_cmpuint (ts_registry_get_n_instances (), ==, 0);
  model_test_remove (f->directory);
  g_free (f->path);
}

static TsInstance *
acquire (Fixture * f, const gchar * id)
{
  g_autoptr (GError) error = NULL;
  TsInstance *instance = ts_registry_acquire (id, FALSE, &f->options, &error);

  g_assert_no_error (error);
  return instance;
}

static void
on_done (TsJob * job, gpointer user_data)
{
  Shot *shot = user_data;

  shot->done_us = g_get_monotonic_time ();
  g_atomic_int_set (&shot->done, 1);
}

/* Of one colour: 0 red, 1 green, 2 blue. */
static Shot *
make_shot (TsStream * stream, guint colour)
{
  Shot *shot = g_new0 (Shot, 1);

  for (guint i = 0; i < EDGE * EDGE; i++)
    shot->pixels[3 * i + colour] = 255;
  shot->stream = stream;
  shot->job = ts_stream_take_job (stream);
  shot->job->image = (TsImage) {
    TS_PIXEL_RGB, EDGE, EDGE, {
    shot->pixels}
    , {
    EDGE *3}
  };
  shot->job->thresholds = (TsThresholds) {
  -1.f, -1.f, 0};
  shot->job->done = on_done;
  shot->job->user_data = shot;
  return shot;
}

static Shot *
shoot (TsStream * stream, guint colour)
{
  Shot *shot = make_shot (stream, colour);

  ts_stream_push (stream, &shot->job, 1);
  return shot;
}

static void
wait_for (Shot * shot)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (!g_atomic_int_get (&shot->done)) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (200);
  }
}

static void
give_back (Shot * shot)
{
  ts_stream_give_back (shot->stream, shot->job);
  g_free (shot);
}

static void
check_colour (Shot * shot, guint colour)
{
  wait_for (shot);
  g_assert_no_error (shot->job->error);
  for (guint i = 0; i < EDGE * EDGE; i++)
    g_assert_cmpuint (shot->job->result.mask.classes[i], ==, colour);
}

/* So that the first real frames may go in a batch. */
static void
warm_up (TsStream * stream)
{
  Shot *shot = shoot (stream, 0);

  wait_for (shot);
  give_back (shot);
}

static void
test_same_settings_share (Fixture * f, gconstpointer script)
{
  TsInstance *one = acquire (f, NULL), *other = acquire (f, NULL);

  g_assert_true (one == other);
  g_assert_cmpuint (ts_registry_get_n_users (one), ==, 2);
  ts_registry_release (one);
  g_assert_cmpuint (ts_registry_get_n_instances (), ==, 1);
  ts_registry_release (other);
}

static void
test_other_settings_do_not (Fixture * f, gconstpointer script)
{
  TsInstance *one = acquire (f, NULL), *other;

  f->options.model.threads = 2;
  other = acquire (f, NULL);
  g_assert_true (one != other);
  ts_registry_release (one);
  ts_registry_release (other);
}

static void
test_other_file_does_not (Fixture * f, gconstpointer script)
{
  g_autofree gchar *next = g_strconcat (f->path, ".new", NULL);
  TsInstance *one = acquire (f, NULL), *other;

  fake_model_write (next, script);
  g_assert_cmpint (g_rename (next, f->path), ==, 0);
  other = acquire (f, NULL);
  g_assert_true (one != other);
  ts_registry_release (one);
  ts_registry_release (other);
}

static void
test_ids (Fixture * f, gconstpointer script)
{
  TsInstance *anonymous = acquire (f, NULL), *door = acquire (f, "door");
  g_autoptr (GError) error = NULL;
  TsInstance *joined;

  g_assert_true (anonymous != door);
  g_assert_true (acquire (f, "door") == door);
  f->options.batch_size = 2;
  g_assert_null (ts_registry_acquire ("door", FALSE, &f->options, &error));
  model_test_assert_error (&error, TS_ERROR_CONFIG,
      WORDS ("door", "batch-size=4", "batch-size=2", "model-instance-id"));
  f->options.model.model = NULL;
  joined = acquire (f, "door");
  g_assert_true (joined == door);
  ts_registry_release (anonymous);
  for (guint i = 0; i < 3; i++)
    ts_registry_release (door);
}

/* Who has it keeps it; who comes gets the new one. */
static void
test_id_is_replaced (Fixture * f, gconstpointer script)
{
  TsInstance *old = acquire (f, "door"), *new;

  f->options.model.threads = 2;
  new = ts_registry_acquire ("door", TRUE, &f->options, NULL);
  g_assert_true (new && new != old);
  g_assert_true (acquire (f, "door") == new);
  g_assert_true (ts_registry_acquire ("door", TRUE, &f->options, NULL) == new);
  g_assert_cmpuint (ts_registry_get_n_users (old), ==, 1);
  g_assert_cmpuint (ts_registry_get_n_users (new), ==, 3);
  ts_registry_release (old);
  for (guint i = 0; i < 3; i++)
    ts_registry_release (new);
}

static void
test_nothing_to_join (Fixture * f, gconstpointer script)
{
  g_autoptr (GError) error = NULL;

  f->options.model.model = NULL;
  g_assert_null (ts_registry_acquire ("door", FALSE, &f->options, &error));
  model_test_assert_error (&error, TS_ERROR_CONFIG,
      WORDS ("no model is named"));
}

static gpointer
acquire_in_thread (gpointer data)
{
  return acquire (data, NULL);
}

/* All come while it loads. */
static void
test_one_load (Fixture * f, gconstpointer script)
{
  GThread *threads[8];
  TsInstance *first = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("acquire", acquire_in_thread, f);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    TsInstance *instance = g_thread_join (threads[i]);

    g_assert_true (!first || first == instance);
    first = instance;
  }
  g_assert_cmpuint (ts_registry_get_n_instances (), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    ts_registry_release (first);
}

static void
test_each_gets_its_own (Fixture * f, gconstpointer script)
{
  TsInstance *instance = acquire (f, NULL);
  TsStream *streams[3];
  Shot *shots[30];

  for (guint i = 0; i < 3; i++)
    streams[i] = ts_stream_new (instance, 10);
  warm_up (streams[0]);
  for (guint i = 0; i < G_N_ELEMENTS (shots); i++)
    shots[i] = shoot (streams[i % 3], i % 3);
  for (guint i = 0; i < G_N_ELEMENTS (shots); i++) {
    check_colour (shots[i], i % 3);
    give_back (shots[i]);
  }
  for (guint i = 0; i < 3; i++)
    ts_stream_free (streams[i]);
  ts_registry_release (instance);
}

/* What comes while the lane works is one batch, of all streams. */
static void
test_latency_batches_what_waits (Fixture * f, gconstpointer script)
{
  TsInstance *instance = acquire (f, NULL);
  TsStream *streams[3];
  Shot *shots[4];

  for (guint i = 0; i < 3; i++)
    streams[i] = ts_stream_new (instance, 4);
  warm_up (streams[0]);
  shots[3] = shoot (streams[0], 0);
  g_usleep (20000);
  for (guint i = 0; i < 3; i++)
    shots[i] = shoot (streams[i], i);
  for (guint i = 0; i < 3; i++)
    check_colour (shots[i], i);
  g_assert_cmpuint (shots[3]->job->batch, ==, 1);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (shots[i]->job->batch, ==, 3);
  g_assert_cmpint (shots[0]->job->times.ns[TS_STAGE_WAIT], >, 20000000);
  g_assert_cmpint (shots[0]->job->times.ns[TS_STAGE_FORWARD], >=, 100000000);
  for (guint i = 0; i < 4; i++)
    give_back (shots[i]);
  for (guint i = 0; i < 3; i++)
    ts_stream_free (streams[i]);
  ts_registry_release (instance);
}

/* An idle lane does not run away with the first part of a frame. */
static void
test_parts_go_together (Fixture * f, gconstpointer script)
{
  TsInstance *instance = acquire (f, NULL);
  TsStream *stream = ts_stream_new (instance, 1);
  Shot *shots[3];
  TsJob *jobs[3];

  warm_up (stream);
  for (guint i = 0; i < 3; i++) {
    shots[i] = make_shot (stream, i);
    jobs[i] = shots[i]->job;
  }
  ts_stream_push (stream, jobs, 3);
  for (guint i = 0; i < 3; i++) {
    check_colour (shots[i], i);
    g_assert_cmpuint (jobs[i]->batch, ==, 3);
    give_back (shots[i]);
  }
  ts_stream_free (stream);
  ts_registry_release (instance);
}

static void
test_deadline (Fixture * f, gconstpointer script)
{
  TsInstance *instance;
  TsStream *stream;
  Shot *one, *two;

  f->options.scheduling = TS_SCHEDULING_THROUGHPUT;
  f->options.batch_timeout_us = 100000;
  instance = acquire (f, NULL);
  stream = ts_stream_new (instance, 10);
  warm_up (stream);
  one = shoot (stream, 1);
  g_usleep (30000);
  two = shoot (stream, 2);
  check_colour (one, 1);
  check_colour (two, 2);
  g_assert_cmpuint (one->job->batch, ==, 2);
  g_assert_cmpuint (two->job->batch, ==, 2);
  g_assert_cmpint (one->job->times.ns[TS_STAGE_WAIT], >=, 100000000);
  give_back (one);
  give_back (two);
  ts_stream_free (stream);
  ts_registry_release (instance);
}

/* A full batch waits for nothing, and neither does one that cannot fill. */
static void
test_no_needless_wait (Fixture * f, gconstpointer script)
{
  TsInstance *instance;
  TsStream *streams[2];
  Shot *shots[6];

  f->options.scheduling = TS_SCHEDULING_THROUGHPUT;
  f->options.batch_timeout_us = 600 * G_USEC_PER_SEC;
  instance = acquire (f, NULL);
  for (guint i = 0; i < 2; i++)
    streams[i] = ts_stream_new (instance, i ? 4 : 1);
  for (guint i = 0; i < 4; i++)
    shots[i] = shoot (streams[1], 1);
  for (guint i = 0; i < 4; i++) {
    check_colour (shots[i], 1);
    give_back (shots[i]);
  }
  ts_stream_free (streams[1]);
  shots[5] = shoot (streams[0], 2);
  check_colour (shots[5], 2);
  give_back (shots[5]);
  ts_stream_free (streams[0]);
  ts_registry_release (instance);
}

/* A hundred frames of one stream do not hold up the one of another. */
static void
test_no_starving (Fixture * f, gconstpointer script)
{
  TsInstance *instance = acquire (f, NULL);
  TsStream *greedy = ts_stream_new (instance, 100);
  TsStream *modest = ts_stream_new (instance, 1);
  Shot *shots[100], *one;
  guint before = 0;

  for (guint i = 0; i < 100; i++)
    shots[i] = shoot (greedy, 0);
  one = shoot (modest, 1);
  check_colour (one, 1);
  for (guint i = 0; i < 100; i++) {
    wait_for (shots[i]);
    before += shots[i]->done_us < one->done_us;
    give_back (shots[i]);
  }
  /* The batch that was on its way, and its own. */
  g_assert_cmpuint (before, <=, 12);
  give_back (one);
  ts_stream_free (greedy);
  ts_stream_free (modest);
  ts_registry_release (instance);
}

static void
test_errors_are_of_each (Fixture * f, gconstpointer script)
{
  TsInstance *instance;
  TsStream *stream;
  guint n_failed = 0;

  f->options.batch_size = 1;
  instance = acquire (f, NULL);
  stream = ts_stream_new (instance, 1);
  for (guint i = 0; i < 6; i++) {
    Shot *shot = shoot (stream, 0);

    wait_for (shot);
    if (shot->job->error) {
      n_failed++;
      g_assert_cmpuint (i, ==, 3);
      g_assert_error (shot->job->error, TS_ERROR, TS_ERROR_FORWARD);
      g_assert_cmpint (shot->job->result.mask.width, ==, 0);
    }
    give_back (shot);
  }
  g_assert_cmpuint (n_failed, ==, 1);
  ts_stream_free (stream);
  ts_registry_release (instance);
}

static void
test_cancel (Fixture * f, gconstpointer script)
{
  TsInstance *instance;
  TsStream *stream;
  Shot *shots[5];
  guint n_cancelled = 0;

  f->options.batch_size = 1;
  instance = acquire (f, NULL);
  stream = ts_stream_new (instance, 5);
  for (guint i = 0; i < 5; i++)
    shots[i] = shoot (stream, 0);
  g_usleep (20000);
  ts_stream_cancel (stream);
  for (guint i = 0; i < 5; i++) {
    wait_for (shots[i]);
    n_cancelled += shots[i]->job->is_cancelled;
  }
  g_assert_false (shots[0]->job->is_cancelled);
  g_assert_cmpuint (n_cancelled, ==, 4);
  for (guint i = 0; i < 5; i++)
    give_back (shots[i]);
  ts_stream_free (stream);
  ts_registry_release (instance);
}

/* Each forward pass sleeps; side by side they take less than one after the other. */
static void
test_lanes (Fixture * f, gconstpointer script)
{
  TsInstance *instance;
  TsStream *stream;
  Shot *shots[8];
  gint64 start;

  f->options.batch_size = 1;
  f->options.n_lanes = 2;
  instance = acquire (f, NULL);
  stream = ts_stream_new (instance, 8);
  warm_up (stream);
  g_assert_cmpuint (ts_instance_get_n_lanes (instance), ==, 2);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < 8; i++)
    shots[i] = shoot (stream, i % 3);
  for (guint i = 0; i < 8; i++) {
    check_colour (shots[i], i % 3);
    give_back (shots[i]);
  }
  g_assert_cmpint (g_get_monotonic_time () - start, <, 750000);
  ts_stream_free (stream);
  ts_registry_release (instance);
}

static void
assert_lanes (Fixture * f, guint n_lanes, gint threads)
{
  TsInstance *instance = acquire (f, NULL);
  TsModelUse use;

  ts_detector_get_use (ts_instance_get_detector (instance), &use);
  g_assert_cmpuint (ts_instance_get_max_lanes (instance), ==, n_lanes);
  g_assert_cmpint (use.threads, ==, threads);
  ts_registry_release (instance);
}

/* What nobody asked for: cores go round once, and a card has lanes of its own. */
static void
test_lanes_and_threads (Fixture * f, gconstpointer script)
{
  gint n_cores = ts_thread_count_processors ();
  gint n_lanes;

  assert_lanes (f, 1, 0);
  f->options.n_lanes = 3;
  assert_lanes (f, 3, MAX (n_cores / 3, 1));
  f->options.n_lanes = 0;
  f->options.scheduling = TS_SCHEDULING_THROUGHPUT;
  n_lanes = n_cores / (1 + (n_cores - 1) / TS_INSTANCE_MAX_CPU_LANES);
  assert_lanes (f, n_lanes, n_cores / n_lanes);
  fake_model_write (f->path, ECHO ("\"keeps_state\": true, "));
  assert_lanes (f, 1, 0);
  f->options.n_lanes = 2;
  assert_lanes (f, 1, 0);
  f->options.n_lanes = 0;
  fake_model_write (f->path, script);
  f->options.model.threads = n_cores;
  assert_lanes (f, 1, n_cores);
  f->options.model.threads = n_cores + 1;
  assert_lanes (f, 1, n_cores + 1);
  f->options.model.threads = 0;
  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0", TRUE);
  f->options.model.device = "cuda:0";
  assert_lanes (f, 2, 0);
  g_unsetenv ("FAKESHIM_DEVICES");
}

static void
assert_lanes_without_warm_up (Fixture * f, guint n_lanes)
{
  TsInstance *instance = acquire (f, NULL);
  TsStream *stream = ts_stream_new (instance, 8);

  for (guint i = 0; i < 2; i++) {
    Shot *shot = shoot (stream, 0);

    wait_for (shot);
    give_back (shot);
  }
  ts_stream_free (stream);
  g_assert_cmpuint (ts_instance_get_n_lanes (instance), ==, n_lanes);
  ts_registry_release (instance);
}

/* On the CPU, where a form that is still to come would be that of all lanes. */
static void
test_lanes_wait_for_the_form (Fixture * f, gconstpointer script)
{
  f->options.n_lanes = 2;
  assert_lanes_without_warm_up (f, 2);
  f->options.model.tune = TS_TUNE_AUTO;
  assert_lanes_without_warm_up (f, 1);
  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0", TRUE);
  f->options.model.device = "cuda:0";
  f->options.scheduling = TS_SCHEDULING_THROUGHPUT;
  assert_lanes_without_warm_up (f, 2);
  g_unsetenv ("FAKESHIM_DEVICES");
}

/* Gives the milliseconds that 8 pictures take at 100 ms each, one lane a device. */
static gint64
time_devices (Fixture * f, guint n_devices)
{
  TsInstance *instance = acquire (f, NULL);
  TsStream *stream = ts_stream_new (instance, 8);
  Shot *shots[8];
  gint64 start;

  g_assert_cmpuint (ts_instance_get_n_devices (instance), ==, n_devices);
  g_assert_cmpuint (ts_instance_get_max_lanes (instance), ==, n_devices);
  warm_up (stream);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < 8; i++)
    shots[i] = shoot (stream, i % 3);
  for (guint i = 0; i < 8; i++) {
    check_colour (shots[i], i % 3);
    give_back (shots[i]);
  }
  start = g_get_monotonic_time () - start;
  ts_stream_free (stream);
  ts_registry_release (instance);
  return start / 1000;
}

/* One is not shared out; of two each takes its half, and all three are used though
 * the second is the one that was asked for. */
static void
test_devices (Fixture * f, gconstpointer script)
{
  gint64 one_ms;

  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0,cuda:1", TRUE);
  f->options.batch_size = 1;
  f->options.n_lanes = 1;
  f->options.model.device = "cuda";
  one_ms = time_devices (f, 1);
  g_assert_cmpint (one_ms, >=, 800);
  f->options.all_devices = TRUE;
  g_assert_cmpint (time_devices (f, 2), <, one_ms * 3 / 4);
  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0,cuda:1,cuda:2", TRUE);
  f->options.model.device = "cuda:1";
  g_assert_cmpint (time_devices (f, 3), <, one_ms * 9 / 16);
  f->options.model.device = "cpu";
  time_devices (f, 1);
  g_unsetenv ("FAKESHIM_DEVICES");
}

/* The one device is warm long before the other. */
static void
test_all_devices_are_warm (Fixture * f, gconstpointer script)
{
  gint64 start = g_get_monotonic_time ();
  TsInstance *instance;
  TsStream *stream;
  Shot *shot;

  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0,cuda:1", TRUE);
  f->options.model.device = "cuda";
  f->options.all_devices = TRUE;
  instance = acquire (f, NULL);
  stream = ts_stream_new (instance, 8);
  shot = make_shot (stream, 0);
  shot->job->is_warm_up = TRUE;
  shot->job->warm_up_runs = 1;
  ts_stream_push (stream, &shot->job, 1);
  wait_for (shot);
  g_assert_no_error (shot->job->error);
  give_back (shot);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 400000);
  ts_stream_free (stream);
  ts_registry_release (instance);
  g_unsetenv ("FAKESHIM_DEVICES");
}

typedef struct
{
  TsInstance *instance;
  guint n;
} User;

/* Comes and goes, and keeps two frames on their way. */
static gpointer
use (gpointer data)
{
  User *user = data;

  for (guint round = 0; round < 5; round++) {
    TsStream *stream = ts_stream_new (user->instance, 2);
    Shot *before = shoot (stream, 0);

    for (guint i = 1; i < user->n; i++) {
      Shot *shot = shoot (stream, i % 3);

      check_colour (before, (i - 1) % 3);
      give_back (before);
      before = shot;
    }
    check_colour (before, (user->n - 1) % 3);
    give_back (before);
    ts_stream_free (stream);
  }
  return NULL;
}

static void
test_many_users (Fixture * f, gconstpointer script)
{
  GThread *threads[6];
  User user = { NULL, 50 };

  f->options.scheduling = TS_SCHEDULING_THROUGHPUT;
  f->options.batch_timeout_us = 1000;
  f->options.n_lanes = 2;
  user.instance = acquire (f, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use, &user);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (ts_instance_get_n_waiting (user.instance), ==, 0);
  ts_registry_release (user.instance);
}

#define ADD(path, script, test) \
  g_test_add ("/runtime/" path, Fixture, script, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  const gchar *slow = ECHO ("\"delay_ms\": 100, ");
  const gchar *fails = ECHO ("\"run_error\": {\"status\": \"forward\"}, "
      "\"fail_on_run\": 3, ");

  g_test_init (&argc, &argv, NULL);
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
  ADD ("same settings share", ECHO (""), test_same_settings_share);
  ADD ("other settings do not", ECHO (""), test_other_settings_do_not);
  ADD ("other file does not", ECHO (""), test_other_file_does_not);
  ADD ("ids", ECHO (""), test_ids);
  ADD ("id is replaced", ECHO (""), test_id_is_replaced);
  ADD ("nothing to join", ECHO (""), test_nothing_to_join);
  ADD ("one load", ECHO (""), test_one_load);
  ADD ("each gets its own", ECHO (""), test_each_gets_its_own);
  ADD ("latency batches what waits", slow, test_latency_batches_what_waits);
  ADD ("parts go together", ECHO (""), test_parts_go_together);
  ADD ("deadline", ECHO (""), test_deadline);
  ADD ("no needless wait", ECHO (""), test_no_needless_wait);
  ADD ("no starving", ECHO ("\"delay_ms\": 5, "), test_no_starving);
  ADD ("errors are of each", fails, test_errors_are_of_each);
  ADD ("cancel", slow, test_cancel);
  ADD ("lanes", slow, test_lanes);
  ADD ("lanes and threads", ECHO (""), test_lanes_and_threads);
  ADD ("lanes wait for the form", ECHO (""), test_lanes_wait_for_the_form);
  ADD ("devices", slow, test_devices);
  ADD ("all devices are warm", ECHO ("\"late_ms\": 400, "),
      test_all_devices_are_warm);
  ADD ("many users", ECHO (""), test_many_users);
  return g_test_run ();
}
