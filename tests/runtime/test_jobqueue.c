/* test_jobqueue.c - turns, batches and order, without threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A job is known by its line and its number in it; two fit one batch if they are
 * equally wide.
 */
#include "tsjobqueue.h"

#define N_LINES 3
#define MAX_BATCH 8

typedef struct
{
  TsJobQueue queue;
  TsJobLine lines[N_LINES];
  GPtrArray *jobs;
} Fixture;

static void
set_up (Fixture * f, gconstpointer data)
{
  ts_job_queue_init (&f->queue);
  for (guint i = 0; i < N_LINES; i++) {
    f->lines[i] = (TsJobLine) {
    .max_frames = 4};
    ts_job_queue_add_line (&f->queue, &f->lines[i]);
  }
  f->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) ts_job_free);
}

static void
tear_down (Fixture * f, gconstpointer data)
{
  ts_job_queue_clear (&f->queue);
  g_ptr_array_unref (f->jobs);
}

static TsJob *
push (Fixture * f, guint line, gint width)
{
  TsJob *job = ts_job_new (NULL);

  job->image.width = width;
  job->user_data = GUINT_TO_POINTER (100 * line + f->jobs->len);
  g_ptr_array_add (f->jobs, job);
  ts_job_queue_push (&f->queue, &f->lines[line], job);
  return job;
}

static gboolean
fits (const TsJob * one, const TsJob * other, gpointer user_data)
{
  return one->image.width == other->image.width;
}

/* Takes a batch, of these lines in this order. */
static void
check_take (Fixture * f, guint max, const gchar * expected)
{
  g_autoptr (GString) found = g_string_new (NULL);
  TsJob *jobs[MAX_BATCH];
  guint n = ts_job_queue_take (&f->queue, max, fits, NULL, jobs);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (found, "%u",
        GPOINTER_TO_UINT (jobs[i]->user_data) / 100);
  g_assert_cmpstr (found->str, ==, expected);
}

static void
test_turns (Fixture * f, gconstpointer data)
{
  for (guint i = 0; i < 4; i++)
    push (f, 0, 1);
  push (f, 1, 1);
  push (f, 2, 1);
  check_take (f, 1, "0");
  check_take (f, 1, "1");
  check_take (f, 1, "2");
  check_take (f, 1, "0");
  check_take (f, MAX_BATCH, "00");
  check_take (f, MAX_BATCH, "");
}

/* One line's crowd waits behind the others' one each. */
static void
test_batch_is_fair (Fixture * f, gconstpointer data)
{
  for (guint i = 0; i < 6; i++)
    push (f, 1, 1);
  push (f, 0, 1);
  push (f, 2, 1);
  check_take (f, 4, "0121");
  g_assert_cmpuint (f->lines[1].n_frames, ==, 6);
  check_take (f, 4, "1111");
  g_assert_cmpuint (f->queue.n_jobs, ==, 0);
}

static void
test_order_stays (Fixture * f, gconstpointer data)
{
  TsJob *jobs[MAX_BATCH];
  TsJob *first = push (f, 0, 1);

  /* The second is of another size, and the third may not overtake it. */
  push (f, 0, 2);
  push (f, 0, 1);
  push (f, 1, 1);
  g_assert_cmpuint (ts_job_queue_take (&f->queue, MAX_BATCH, fits, NULL, jobs),
      ==, 2);
  g_assert_true (jobs[0] == first);
  g_assert_cmpint (f->lines[0].jobs.length, ==, 2);
  check_take (f, MAX_BATCH, "0");
  check_take (f, MAX_BATCH, "0");
}

/* However often others come, a size of its own gets its turn. */
static void
test_rare_size_does_not_starve (Fixture * f, gconstpointer data)
{
  push (f, 2, 7);
  for (guint i = 0; i < 3; i++) {
    push (f, 0, 1);
    push (f, 1, 1);
  }
  check_take (f, 2, "01");
  check_take (f, 2, "10");
  check_take (f, 2, "2");
  check_take (f, 2, "01");
}

static void
test_warm_up_goes_alone (Fixture * f, gconstpointer data)
{
  push (f, 0, 1)->is_warm_up = TRUE;
  push (f, 1, 1);
  push (f, 2, 1)->is_warm_up = TRUE;
  push (f, 2, 1);
  check_take (f, MAX_BATCH, "0");
  check_take (f, MAX_BATCH, "1");
  check_take (f, MAX_BATCH, "2");
  check_take (f, MAX_BATCH, "2");
}

static void
test_growth (Fixture * f, gconstpointer data)
{
  TsJob *jobs[MAX_BATCH];

  g_assert_true (ts_job_queue_may_grow (&f->queue));
  for (guint i = 0; i < 4 * N_LINES; i++)
    push (f, i % N_LINES, 1);
  g_assert_false (ts_job_queue_may_grow (&f->queue));
  /* What a lane works on is not back yet. */
  ts_job_queue_take (&f->queue, 1, fits, NULL, jobs);
  g_assert_false (ts_job_queue_may_grow (&f->queue));
  ts_job_queue_done (&f->lines[0], jobs[0]);
  g_assert_true (ts_job_queue_may_grow (&f->queue));
}

/* A frame of many parts is one frame, and none before its last part is there. */
static void
test_growth_by_parts (Fixture * f, gconstpointer data)
{
  TsJob *jobs[MAX_BATCH];
  TsJob part = {.more_follow = TRUE };

  ts_job_queue_remove_line (&f->queue, &f->lines[2]);
  ts_job_queue_remove_line (&f->queue, &f->lines[1]);
  f->lines[0].max_frames = 1;
  part.link.data = &part;
  ts_job_queue_push (&f->queue, &f->lines[0], &part);
  g_assert_true (ts_job_queue_may_grow (&f->queue));
  push (f, 0, 1);
  g_assert_false (ts_job_queue_may_grow (&f->queue));
  part.image.width = 1;
  g_assert_cmpuint (ts_job_queue_take (&f->queue, MAX_BATCH, fits, NULL, jobs),
      ==, 2);
  ts_job_queue_done (&f->lines[0], &part);
  g_assert_false (ts_job_queue_may_grow (&f->queue));
  ts_job_queue_done (&f->lines[0], jobs[1]);
  g_assert_true (ts_job_queue_may_grow (&f->queue));
}

static void
test_line_leaves (Fixture * f, gconstpointer data)
{
  GQueue stolen = G_QUEUE_INIT;

  push (f, 0, 1);
  push (f, 1, 1);
  push (f, 2, 1);
  check_take (f, 1, "0");
  ts_job_queue_steal (&f->queue, &f->lines[1], &stolen);
  g_assert_cmpuint (stolen.length, ==, 1);
  g_assert_cmpuint (f->queue.n_jobs, ==, 1);
  ts_job_queue_remove_line (&f->queue, &f->lines[1]);
  ts_job_queue_remove_line (&f->queue, &f->lines[0]);
  check_take (f, 1, "2");
  ts_job_queue_remove_line (&f->queue, &f->lines[2]);
  check_take (f, 1, "");
}

#define ADD(path, test) \
  g_test_add ("/jobqueue/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("turns", test_turns);
  ADD ("batch is fair", test_batch_is_fair);
  ADD ("order stays", test_order_stays);
  ADD ("rare size does not starve", test_rare_size_does_not_starve);
  ADD ("warm-up goes alone", test_warm_up_goes_alone);
  ADD ("growth", test_growth);
  ADD ("growth by parts", test_growth_by_parts);
  ADD ("line leaves", test_line_leaves);
  return g_test_run ();
}
