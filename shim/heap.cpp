// heap.cpp - memory that stays with the process from one run to the next
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Left to itself, glibc gives large blocks back at once, or the end of its heap,
// depending on which blocks were freed first; all of a run's memory then comes anew, and
// zeroed page by page, in some processes and not in others.
#include "heap.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <cstdlib>
#include <cstring>
#include <mutex>

namespace ts {

#ifdef __GLIBC__
namespace {

// The largest that glibc takes; larger blocks are mapped.
constexpr int kLargestOnHeap = 32 * 1024 * 1024;
constexpr int kSpare = 512 * 1024 * 1024;

bool user_has_set_heap() {
  const char *tunables = getenv("GLIBC_TUNABLES");
  return getenv("MALLOC_TRIM_THRESHOLD_") != nullptr ||
         getenv("MALLOC_MMAP_THRESHOLD_") != nullptr ||
         (tunables != nullptr && strstr(tunables, "glibc.malloc.") != nullptr);
}

}  // namespace

void keep_heap() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (user_has_set_heap()) return;
    mallopt(M_MMAP_THRESHOLD, kLargestOnHeap);
    mallopt(M_TRIM_THRESHOLD, kSpare);
  });
}

void trim_heap() { malloc_trim(0); }
#else
void keep_heap() {}

void trim_heap() {}
#endif

}  // namespace ts
