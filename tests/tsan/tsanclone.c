/* tsanclone.c - keeps ThreadSanitizer away from a process that shares its memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * It takes clone() for fork(), after which it forgets all other threads: in the memory of
 * the one that writes for tswrite.c, which is that of its parent.
 */
#define _GNU_SOURCE             /* clone */
#include <sched.h>

/* The C library's own. */
int __clone (int (*func) (void *), void *stack, int flags, void *data, ...);

int
clone (int (*func) (void *), void *stack, int flags, void *data, ...)
{
  return __clone (func, stack, flags, data);
}
