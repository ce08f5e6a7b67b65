// faultnew.cpp - operator new that throws when a test says so
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>
#include <new>

#include "faultlib.h"

extern "C" int fault_is_due(FaultKind kind, size_t size);

namespace {

void *allocate(size_t size, size_t alignment) {
  void *memory = nullptr;
  if (fault_is_due(FAULT_NEW, size) ||
      posix_memalign(&memory, alignment, size ? size : 1) != 0)
    throw std::bad_alloc();
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
