/* tsanlocks.c - tells ThreadSanitizer what GLib orders between threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GLib's locks are built from futexes and atomics in a library that is not instrumented,
 * and tsan.supp has all calls from it ignored, those of pthread_mutex_lock() in
 * GRecMutex included.  These tell of exactly what each call orders and no more: what is
 * said in excess would hide a race.  Threads need nothing, as their start and end are
 * seen all the same.
 */
#include "tsannext.h"

/* Macros are before these, here or in other versions of GLib. */
#undef g_once_init_enter
#undef g_once_init_leave
#undef g_atomic_ref_count_inc
#undef g_atomic_ref_count_dec
#undef g_atomic_ref_count_compare

#define TELL_OF_LOCK(name, Type) \
void \
name##_lock (Type * mutex) \
{ \
  NEXT (name##_lock) (mutex); \
  __tsan_acquire (mutex); \
} \
\
gboolean \
name##_trylock (Type * mutex) \
{ \
  gboolean locked = NEXT (name##_trylock) (mutex); \
\
  if (locked) \
    __tsan_acquire (mutex); \
  return locked; \
} \
\
void \
name##_unlock (Type * mutex) \
{ \
  __tsan_release (mutex); \
  NEXT (name##_unlock) (mutex); \
}

/* *INDENT-OFF* */
TELL_OF_LOCK (g_mutex, GMutex)
TELL_OF_LOCK (g_rec_mutex, GRecMutex)
/* *INDENT-ON* */

/* Readers come after the writer before them and not after each other, so that what they
 * have done is noted beside what writers have. */
static gpointer
readers (GRWLock * lock)
{
  return lock->i;
}

void
g_rw_lock_writer_lock (GRWLock * lock)
{
  NEXT (g_rw_lock_writer_lock) (lock);
  __tsan_acquire (lock);
  __tsan_acquire (readers (lock));
}

void
g_rw_lock_writer_unlock (GRWLock * lock)
{
  __tsan_release (lock);
  NEXT (g_rw_lock_writer_unlock) (lock);
}

void
g_rw_lock_reader_lock (GRWLock * lock)
{
  NEXT (g_rw_lock_reader_lock) (lock);
  __tsan_acquire (lock);
}

void
g_rw_lock_reader_unlock (GRWLock * lock)
{
  __tsan_release (readers (lock));
  NEXT (g_rw_lock_reader_unlock) (lock);
}

void
g_cond_wait (GCond * cond, GMutex * mutex)
{
  __tsan_release (mutex);
  NEXT (g_cond_wait) (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
g_cond_wait_until (GCond * cond, GMutex * mutex, gint64 end)
{
  gboolean woken;

  __tsan_release (mutex);
  woken = NEXT (g_cond_wait_until) (cond, mutex, end);
  __tsan_acquire (mutex);
  return woken;
}

/* The way in for those who come later is an atomic load of the same place, in code that
 * is instrumented; who waits in here has no such load. */
gboolean
g_once_init_enter (volatile void *location)
{
  gboolean first = NEXT (g_once_init_enter) (location);

  if (!first)
    __tsan_acquire ((void *) location);
  return first;
}

void
g_once_init_leave (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  NEXT (g_once_init_leave) (location, result);
}

/* What GLib does, in code that is instrumented. */
void
g_atomic_ref_count_inc (gatomicrefcount * count)
{
  g_atomic_int_inc (count);
}

gboolean
g_atomic_ref_count_dec (gatomicrefcount * count)
{
  return g_atomic_int_dec_and_test (count);
}

gboolean
g_atomic_ref_count_compare (gatomicrefcount * count, gint value)
{
  return g_atomic_int_get (count) == value;
}

/* Who takes something out of a queue comes after the one who put that in, not after
 * all others who put something in meanwhile. */
void
g_async_queue_push (GAsyncQueue * queue, gpointer data)
{
  __tsan_release (data);
  NEXT (g_async_queue_push) (queue, data);
}

static gpointer
taken (gpointer data)
{
  if (data)
    __tsan_acquire (data);
  return data;
}

gpointer
g_async_queue_pop (GAsyncQueue * queue)
{
  return taken (NEXT (g_async_queue_pop) (queue));
}

gpointer
g_async_queue_try_pop (GAsyncQueue * queue)
{
  return taken (NEXT (g_async_queue_try_pop) (queue));
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue * queue, guint64 timeout)
{
  return taken (NEXT (g_async_queue_timeout_pop) (queue, timeout));
}

typedef struct
{
  GFunc func;
  gpointer user_data;
} Work;

static void
do_work (gpointer data, gpointer user_data)
{
  const Work *work = user_data;

  __tsan_acquire (data);
  work->func (data, work->user_data);
}

/* What this allocates is as few as the pools, and stays. */
GThreadPool *
g_thread_pool_new (GFunc func, gpointer user_data, gint max_threads,
    gboolean exclusive, GError ** error)
{
  Work *work = g_new (Work, 1);

  work->func = func;
  work->user_data = user_data;
  return NEXT (g_thread_pool_new) (do_work, work, max_threads, exclusive,
      error);
}

gboolean
g_thread_pool_push (GThreadPool * pool, gpointer data, GError ** error)
{
  __tsan_release (data);
  return NEXT (g_thread_pool_push) (pool, data, error);
}
