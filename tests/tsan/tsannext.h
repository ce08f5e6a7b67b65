/* tsannext.h - what the functions that stand before those of a library share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * They are in the program itself, where the dynamic linker looks first: calls from the
 * plugin, the tests and between libraries come here.  Calls within one library do not,
 * as GLib and GStreamer are linked with -Bsymbolic-functions.
 */
#pragma once

#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* The library's own function.  Relaxed, so that this orders nothing. */
#define NEXT(name) ((__typeof__ (&name)) (__extension__ ({ \
  static gpointer next_; \
  gpointer found_ = __atomic_load_n (&next_, __ATOMIC_RELAXED); \
  if (!found_) { \
    found_ = dlsym (RTLD_NEXT, #name); \
    __atomic_store_n (&next_, found_, __ATOMIC_RELAXED); \
  } \
  found_; })))

/* Accesses that ThreadSanitizer sees, in place of those of a library. */
#define SEE_READ(field) \
  ((void) *(const volatile __typeof__ (field) *) &(field))
#define SEE_WRITE(field) \
  ((void) (*(volatile __typeof__ (field) *) &(field) = (field)))

/* A function of which ThreadSanitizer sees nothing. */
#define NOT_SEEN __attribute__ ((noinline, no_sanitize ("thread")))
