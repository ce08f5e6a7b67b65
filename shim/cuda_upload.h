// cuda_upload.h - the bytes of frames to a card
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/ATen.h>
#include <c10/cuda/CUDAStream.h>

#include <vector>

#include "cuda_memory.h"
#include "cuda_staging.h"
#include "torchscript_shim.h"

namespace ts {

class Upload {
 public:
  explicit Upload(c10::cuda::CUDAStream stream) : stream_(stream) {}

  // Queues the copies of all frames; @on_card gets the same frames with their planes
  // there.  Page-locked frames go as they are and must last until the stream is past
  // that, others by way of memory of our own.
  void start(const TsShimFrame *frames, size_t n, std::vector<TsShimFrame> *on_card);

 private:
  void copy(const uint8_t *from, uint8_t *to, uint8_t *staging, size_t size);

  c10::cuda::CUDAStream stream_;
  Pinned staging_;
  Staging stager_;
  at::Tensor memory_;
};

}  // namespace ts
