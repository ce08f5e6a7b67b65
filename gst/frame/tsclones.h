/* tsclones.h - one C loop, compiled for several instruction sets
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/* The dynamic linker picks the clone for the CPU (AVX-512, AVX2, baseline),
 * where compiler, CPU and C library can do so; meson.build finds out. */
#ifdef HAVE_TARGET_CLONES
#define TS_CLONES __attribute__ ((target_clones \
        ("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TS_CLONES
#endif

/* For what such a loop calls: out of line it would be baseline code. */
#define TS_CLONED_INLINE static inline __attribute__ ((always_inline))
