/* tsanglib.c - tells ThreadSanitizer of GLib's locks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GLib builds them from futexes in a library that is not instrumented, so that what
 * they order would look like races.  These stand before GLib's and call them.  The
 * test "runtime" runs so with
 *   meson setup DIR -Db_sanitize=thread -Db_lundef=false -Dshim=disabled \
 *       -Dintrospection=disabled
 */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define NEXT(name) ((__typeof__ (&name)) find (#name))

static void *
find (const char *name)
{
  return dlsym (RTLD_NEXT, name);
}

void
g_mutex_lock (GMutex * mutex)
{
  NEXT (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

void
g_mutex_unlock (GMutex * mutex)
{
  __tsan_release (mutex);
  NEXT (g_mutex_unlock) (mutex);
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
