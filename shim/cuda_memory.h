// cuda_memory.h - memory that lanes keep from frame to frame
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/ATen.h>

#include "cuda_error.h"

namespace ts {

// Page-locked host memory, which the card reads and writes while the host goes on.
class Pinned {
 public:
  Pinned() = default;
  Pinned(const Pinned &) = delete;
  Pinned &operator=(const Pinned &) = delete;
  ~Pinned() { cudaFreeHost(data_); }

  // Grows to @size bytes; what was in it is lost then.
  void reserve(size_t size) {
    if (size <= size_) return;
    cudaFreeHost(data_);
    data_ = nullptr;
    size_ = 0;
    check_cuda(cudaHostAlloc(&data_, size, cudaHostAllocPortable));
    size_ = size;
  }
  void *data() const { return data_; }

 private:
  void *data_ = nullptr;
  size_t size_ = 0;
};

// The same on the card, from libtorch's allocator.
inline uint8_t *reserve(at::Tensor *memory, int64_t size, c10::Device device) {
  if (!memory->defined() || memory->numel() < size) {
    *memory = at::Tensor();
    *memory = at::empty({size}, at::TensorOptions(at::kByte).device(device));
  }
  return (uint8_t *)memory->data_ptr();
}

}  // namespace ts
