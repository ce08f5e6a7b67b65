/* faultlib.h - makes calls into the C library fail when a test says so
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program that is linked with this library gets its malloc(), operator new, read(),
 * write(), open() and pthread_create(), and so do all libraries that it uses.
 */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum
{
  FAULT_MEMORY,                 /* malloc() and its like give NULL */
  FAULT_NEW,                    /* operator new throws std::bad_alloc */
  FAULT_READ,                   /* read() and pread() give -1 and EIO */
  FAULT_READ_AGAIN,             /* ... -1 and EINTR, once */
  FAULT_READ_SHORT,             /* ... a sixteenth of what is asked for, at least a byte */
  FAULT_READ_END,               /* ... 0, as at the end of the file */
  FAULT_WRITE,                  /* write() gives -1 and ENOSPC */
  FAULT_OPEN,                   /* open() gives -1 and EMFILE */
  FAULT_THREAD                  /* pthread_create() gives EAGAIN */
} FaultKind;

/* From now on call number @from (counted from 0) of this kind fails, and every one
 * after it if @all; memory only where @least bytes or more are asked for. */
void fault_arm (FaultKind kind, long from, int all, size_t least);

/* Every call works again.  Gives how many have failed since fault_arm(). */
long fault_disarm (void);

#ifdef __cplusplus
}
#endif
