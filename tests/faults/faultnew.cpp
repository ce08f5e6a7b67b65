// faultnew.cpp - operator new that throws when a test says so
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dlfcn.h>
#include <execinfo.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "faultlib.h"

extern "C" int fault_is_due(FaultKind kind, size_t size);

namespace {

// libtorch ends the process if it gets no memory in the constructor of AliasDb (1.13) or in
// Method::owner() (2.6); docs/reliability.md says so.
bool is_where_libtorch_ends() {
  void *frames[8];
  const int n = backtrace(frames, 8);
  for (int i = 0; i < n; i++) {
    Dl_info info;
    if (dladdr(frames[i], &info) && info.dli_sname &&
        (strstr(info.dli_sname, "AliasDbC") || strstr(info.dli_sname, "6Method5owner")))
      return true;
  }
  return false;
}

void *take(size_t size, size_t alignment) {
  void *memory = nullptr;
  if (fault_is_due(FAULT_NEW, size) ||
      posix_memalign(&memory, alignment, size ? size : 1) != 0)
    return nullptr;
  return memory;
}

void *allocate(size_t size, size_t alignment) {
  void *memory = take(size, alignment);
  if (memory == nullptr && is_where_libtorch_ends()) memory = take(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void *operator new(size_t size) { return allocate(size, alignof(max_align_t)); }

void *operator new(size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<size_t>(alignment));
}

void operator delete(void *memory) noexcept { free(memory); }
void operator delete(void *memory, size_t) noexcept { free(memory); }
void operator delete(void *memory, std::align_val_t) noexcept { free(memory); }
void operator delete(void *memory, size_t, std::align_val_t) noexcept { free(memory); }
