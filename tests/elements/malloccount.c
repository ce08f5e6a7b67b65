/* malloccount.c - counts allocations by the library that asked for them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Put before the C library with LD_PRELOAD.  An allocation belongs to the first
 * caller that is not the C library, GLib or GObject, which allocate for others.
 */
#define _GNU_SOURCE
#include "malloccount.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FRAMES 24
#define MAX_OWNERS 64

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);

static struct
{
  char name[64];
  int count;
} owners[MAX_OWNERS];
static int is_on;
static __thread int is_busy __attribute__((tls_model ("initial-exec")));

static int
is_helper (const char *name)
{
  static const char *const helpers[] = { "libmalloccount", "libc.so",
    "libglib-2.0", "libgobject-2.0", "ld-linux"
  };
  size_t i;

  for (i = 0; i < sizeof helpers / sizeof *helpers; i++)
    if (strncmp (name, helpers[i], strlen (helpers[i])) == 0)
      return 1;
  return 0;
}

static const char *
get_library (void *address)
{
  Dl_info info;
  const char *slash;

  if (!dladdr (address, &info) || info.dli_fname == NULL)
    return "?";
  slash = strrchr (info.dli_fname, '/');
  return slash != NULL ? slash + 1 : info.dli_fname;
}

static void
add_owner (const char *name)
{
  int i;

  for (i = 0; i < MAX_OWNERS; i++) {
    if (owners[i].name[0] == '\0')
      snprintf (owners[i].name, sizeof owners[i].name, "%s", name);
    if (strcmp (owners[i].name, name) == 0) {
      __atomic_add_fetch (&owners[i].count, 1, __ATOMIC_SEQ_CST);
      return;
    }
  }
}

static void
count (void)
{
  void *frames[MAX_FRAMES];
  int i, n;

  if (!__atomic_load_n (&is_on, __ATOMIC_SEQ_CST) || is_busy)
    return;
  is_busy = 1;
  n = backtrace (frames, MAX_FRAMES);
  for (i = 0; i < n; i++) {
    const char *name = get_library (frames[i]);

    if (is_helper (name))
      continue;
    add_owner (name);
    break;
  }
  is_busy = 0;
}

void *
malloc (size_t size)
{
  count ();
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  count ();
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  count ();
  return __libc_realloc (memory, size);
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  count ();
  return __libc_memalign (alignment, size);
}

void
malloc_count_set (int on)
{
  void *frame;
  int i;

  /* Its first call allocates. */
  backtrace (&frame, 1);
  for (i = 0; on && i < MAX_OWNERS; i++)
    owners[i].count = 0;
  __atomic_store_n (&is_on, on, __ATOMIC_SEQ_CST);
}

int
malloc_count_get (const char *library)
{
  int i, sum = 0;

  for (i = 0; i < MAX_OWNERS; i++)
    if (strstr (owners[i].name, library) != NULL)
      sum += owners[i].count;
  return sum;
}

void
malloc_count_print (int frames)
{
  int i;

  for (i = 0; i < MAX_OWNERS && owners[i].name[0] != '\0'; i++)
    printf ("%8.2f a frame by %s\n", owners[i].count / (double) frames,
        owners[i].name);
}
