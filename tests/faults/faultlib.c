/* faultlib.c - makes calls into the C library fail when a test says so
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Called from everywhere and at any time, it allocates nothing.
 */
#define _GNU_SOURCE
/* Each function is meant as it is called here, not as a header would bend it. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include "faultlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__ (&name)) dlsym (RTLD_NEXT, #name))

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);
int fault_is_due (FaultKind kind, size_t size);
int __open_2 (const char *path, int flags);
ssize_t __read_chk (int fd, void *data, size_t size, size_t room);

static atomic_int armed = -1;
static atomic_long calls, failures;
static long first;
static int endless;
static size_t smallest;

void
fault_arm (FaultKind kind, long from, int all, size_t least)
{
  first = from;
  endless = all;
  smallest = least;
  calls = failures = 0;
  armed = (int) kind;
}

long
fault_disarm (void)
{
  armed = -1;
  return failures;
}

int
fault_is_due (FaultKind kind, size_t size)
{
  long number;

  if (armed != (int) kind || size < smallest)
    return 0;
  number = atomic_fetch_add (&calls, 1);
  if (number < first || (number > first && !endless))
    return 0;
  failures++;
  return 1;
}

static int
no_memory (size_t size)
{
  if (!fault_is_due (FAULT_MEMORY, size))
    return 0;
  errno = ENOMEM;
  return 1;
}

void *
malloc (size_t size)
{
  return no_memory (size) ? NULL : __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  return no_memory (n * size) ? NULL : __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  return no_memory (size) ? NULL : __libc_realloc (memory, size);
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  return no_memory (size) ? NULL : __libc_memalign (alignment, size);
}

int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  void *got = no_memory (size) ? NULL : __libc_memalign (alignment, size);

  *memory = got;
  return got ? 0 : ENOMEM;
}

/* How many bytes a read may have, or what it gives instead. */
static ssize_t
bend_read (size_t size, size_t *allowed)
{
  *allowed = size;
  if (fault_is_due (FAULT_READ, (size_t) -1)) {
    errno = EIO;
    return -1;
  }
  if (fault_is_due (FAULT_READ_AGAIN, (size_t) -1)) {
    errno = EINTR;
    return -1;
  }
  if (fault_is_due (FAULT_READ_END, (size_t) -1))
    return 0;
  if (size > 1 && fault_is_due (FAULT_READ_SHORT, (size_t) -1))
    *allowed = 1 + (size - 2) / 16;
  return 1;
}

ssize_t
read (int fd, void *data, size_t size)
{
  static __typeof__ (&read) next;
  size_t allowed;
  ssize_t bent = bend_read (size, &allowed);

  if (!next)
    next = NEXT (read);
  return bent <= 0 ? bent : next (fd, data, allowed);
}

/* What read() is where the compiler knows how large the memory is. */
ssize_t
__read_chk (int fd, void *data, size_t size, size_t room)
{
  return read (fd, data, size);
}

ssize_t
pread (int fd, void *data, size_t size, off_t offset)
{
  static __typeof__ (&pread) next;
  size_t allowed;
  ssize_t bent = bend_read (size, &allowed);

  if (!next)
    next = NEXT (pread);
  return bent <= 0 ? bent : next (fd, data, allowed, offset);
}

ssize_t
write (int fd, const void *data, size_t size)
{
  static __typeof__ (&write) next;

  if (!next)
    next = NEXT (write);
  /* The test itself goes on to say what it does. */
  if (fd > STDERR_FILENO && fault_is_due (FAULT_WRITE, (size_t) -1)) {
    errno = ENOSPC;
    return -1;
  }
  return next (fd, data, size);
}

static int
open_by (int (*next) (const char *, int, ...), const char *path, int flags,
    mode_t mode)
{
  if (fault_is_due (FAULT_OPEN, (size_t) -1)) {
    errno = EMFILE;
    return -1;
  }
  return next (path, flags, mode);
}

static mode_t
get_mode (int flags, va_list arguments)
{
  return flags & (O_CREAT | O_TMPFILE) ? va_arg (arguments, mode_t) : 0;
}

int
open (const char *path, int flags, ...)
{
  static __typeof__ (&open) next;
  va_list arguments;
  mode_t mode;

  va_start (arguments, flags);
  mode = get_mode (flags, arguments);
  va_end (arguments);
  if (!next)
    next = NEXT (open);
  return open_by (next, path, flags, mode);
}

int
open64 (const char *path, int flags, ...)
{
  static __typeof__ (&open64) next;
  va_list arguments;
  mode_t mode;

  va_start (arguments, flags);
  mode = get_mode (flags, arguments);
  va_end (arguments);
  if (!next)
    next = NEXT (open64);
  return open_by (next, path, flags, mode);
}

/* What open() is where the compiler sees that it gets no mode. */
int
__open_2 (const char *path, int flags)
{
  return open (path, flags);
}

int
pthread_create (pthread_t * thread, const pthread_attr_t * attributes,
    void *(*start) (void *), void *data)
{
  static __typeof__ (&pthread_create) next;

  if (!next)
    next = NEXT (pthread_create);
  return fault_is_due (FAULT_THREAD, (size_t) -1) ? EAGAIN :
      next (thread, attributes, start, data);
}
