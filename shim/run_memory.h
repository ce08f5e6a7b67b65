// run_memory.h - memory of the CPU for the tensors of a forward pass
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace ts {

// Once, before libtorch computes anything.
void install_run_memory();

// One at a time a thread.  While it lives, large tensors that this thread makes lie in
// memory that is kept from one run to the next, in huge pages where the system has them.
// They may outlive it, and be freed by any thread.
class RunMemory {
 public:
  RunMemory();
  RunMemory(const RunMemory &) = delete;
  RunMemory &operator=(const RunMemory &) = delete;
  ~RunMemory();
};

// Gives the system what no tensor is in, and what malloc() has to spare.
void trim_memory();

}  // namespace ts
