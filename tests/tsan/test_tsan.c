/* test_tsan.c - ThreadSanitizer sees the races that there are, and no others
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the sources beside this one tell of GLib and GStreamer must neither be too little,
 * which gives races that are none, nor too much, which hides them.  Each case has two
 * threads, and runs in a process of its own, which a race ends.
 */
#include <gst/gst.h>

/* Long enough for one thread to be behind the other, which orders nothing. */
#define LATER_US 100000

typedef struct
{
  void (*first) (void);
  void (*second) (void);        /* later, in another thread */
} Case;

static GMutex lock;
static GRecMutex rec_lock;
static GRWLock rw_lock;
static GAsyncQueue *handed;
static GQueue list = G_QUEUE_INIT;
static GArray *array;
static GstMiniObject *object;
static gint *block, counter, other, given, given_later;
static gatomicrefcount references;
static gsize made;

static void
count (void)
{
  counter++;
}

static void
count_locked (void)
{
  g_mutex_lock (&lock);
  counter++;
  g_mutex_unlock (&lock);
}

static void
count_rec_locked (void)
{
  g_rec_mutex_lock (&rec_lock);
  counter++;
  g_rec_mutex_unlock (&rec_lock);
}

static void
count_as_writer (void)
{
  g_rw_lock_writer_lock (&rw_lock);
  counter++;
  g_rw_lock_writer_unlock (&rw_lock);
}

static void
count_as_reader (void)
{
  g_rw_lock_reader_lock (&rw_lock);
  counter++;
  g_rw_lock_reader_unlock (&rw_lock);
}

static void
push_link (void)
{
  g_queue_push_tail_link (&list, g_list_alloc ());
}

static void
push_link_locked (void)
{
  g_mutex_lock (&lock);
  push_link ();
  g_mutex_unlock (&lock);
}

static void
append (void)
{
  g_array_append_val (array, other);
}

static void
read_block (void)
{
  other = *block;
}

static void
free_block (void)
{
  g_free (block);
}

static void
give (void)
{
  counter++;
  g_async_queue_push (handed, &given);
  other++;
  g_async_queue_push (handed, &given_later);
}

static void
take (void)
{
  g_assert_true (g_async_queue_pop (handed) == &given);
  counter++;
}

/* The second is still in the queue. */
static void
take_first_of_two (void)
{
  take ();
  other++;
}

static void
let_go (void)
{
  counter++;
  gst_mini_object_unref (object);
}

static void
free_object (GstMiniObject * unused)
{
  counter++;
}

static void
let_go_last (void)
{
  gst_mini_object_unref (object);
}

static void
keep_and_read (void)
{
  counter++;
}

static void
drop_reference (void)
{
  counter++;
  g_assert_false (g_atomic_ref_count_dec (&references));
}

static void
drop_last_reference (void)
{
  if (g_atomic_ref_count_dec (&references))
    counter++;
}

static void
make (void)
{
  if (g_once_init_enter (&made)) {
    counter++;
    g_once_init_leave (&made, 1);
  }
}

static void
use_made (void)
{
  make ();
  other = counter;
}

/* *INDENT-OFF* */
static const struct
{
  const gchar *name;
  Case threads;
  gboolean is_race;
} cases[] = {
  {"/tsan/unlocked", {count, count}, TRUE},
  {"/tsan/locked", {count_locked, count_locked}, FALSE},
  {"/tsan/one-locked", {count_locked, count}, TRUE},
  {"/tsan/two-locks", {count_locked, count_rec_locked}, TRUE},
  {"/tsan/recursive-lock", {count_rec_locked, count_rec_locked}, FALSE},
  {"/tsan/writers", {count_as_writer, count_as_writer}, FALSE},
  {"/tsan/writer-then-reader", {count_as_writer, count_as_reader}, FALSE},
  {"/tsan/reader-then-writer", {count_as_reader, count_as_writer}, FALSE},
  {"/tsan/readers", {count_as_reader, count_as_reader}, TRUE},
  {"/tsan/list-unlocked", {push_link, push_link}, TRUE},
  {"/tsan/list-locked", {push_link_locked, push_link_locked}, FALSE},
  {"/tsan/array-unlocked", {append, append}, TRUE},
  {"/tsan/freed-in-use", {read_block, free_block}, TRUE},
  {"/tsan/handed-over", {give, take}, FALSE},
  {"/tsan/handed-over-later", {give, take_first_of_two}, TRUE},
  {"/tsan/last-reference", {let_go, let_go_last}, FALSE},
  {"/tsan/reference-kept", {keep_and_read, let_go_last}, TRUE},
  {"/tsan/last-count", {drop_reference, drop_last_reference}, FALSE},
  {"/tsan/once", {make, use_made}, FALSE},
};
/* *INDENT-ON* */

static gpointer
run_first (gpointer threads)
{
  ((const Case *) threads)->first ();
  return NULL;
}

static gpointer
run_second (gpointer threads)
{
  g_usleep (LATER_US);
  ((const Case *) threads)->second ();
  return NULL;
}

static void
run (const Case * threads, gboolean keeps)
{
  GThread *first, *second;

  handed = g_async_queue_new ();
  array = g_array_new (FALSE, FALSE, sizeof (gint));
  block = g_new0 (gint, 1);
  object = g_new0 (GstMiniObject, 1);
  gst_mini_object_init (object, 0, G_TYPE_BOXED, NULL, NULL, free_object);
  if (!keeps)
    gst_mini_object_ref (object);
  g_atomic_ref_count_init (&references);
  g_atomic_ref_count_inc (&references);
  first = g_thread_new ("first", run_first, (gpointer) threads);
  second = g_thread_new ("second", run_second, (gpointer) threads);
  g_thread_join (first);
  g_thread_join (second);
}

static void
test_case (gconstpointer number)
{
  guint i = GPOINTER_TO_UINT (number);

  if (g_test_subprocess ()) {
    run (&cases[i].threads, cases[i].threads.first == keep_and_read);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  if (cases[i].is_race) {
    g_test_trap_assert_failed ();
    g_test_trap_assert_stderr ("*ThreadSanitizer: data race*");
  } else {
    g_test_trap_assert_passed ();
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].name, GUINT_TO_POINTER (i), test_case);
  return g_test_run ();
}
