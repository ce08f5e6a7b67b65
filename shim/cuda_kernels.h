// cuda_kernels.h - the kernels of our own, as nvcc builds them: no libtorch in here
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Each only queues work on @stream; what goes wrong later, the next synchronisation
// says.
#pragma once

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "torchscript_shim.h"

namespace ts {

// A frame whose planes lie in device memory, and the tensor that it becomes.
struct CudaTensorize {
  TsShimFrame frame;  // plane[] in device memory
  TsShimInput input;
  bool interleaved;  // channels innermost, whatever input.layout says of the shape
};

// Writes the item of the batch that starts at @out, of input.dtype.  Bit by bit what
// gst/frame/ computes; float16 and bfloat16 round that to the nearest.
cudaError_t cuda_tensorize(const CudaTensorize &job, void *out, cudaStream_t stream);

// A raw YOLO head [n, rows, anchors]: four rows of a box, one a class.
struct CudaHead {
  const void *data;
  TsShimDtype dtype;  // float32, float16 or bfloat16
  int n, rows, anchors;
};

// Copies of each item the @keep columns (fewer than anchors) with the best class, in
// their order; of equal ones the first.  A column with a class that is NaN or infinite
// counts as best, so that whoever reads the answer meets it.
// @keys has room for n x (anchors + keep), @out for n x rows x keep.
cudaError_t cuda_select(const CudaHead &head, int keep, uint32_t *keys, float *out,
                        cudaStream_t stream);

// y = silu(y + bias[channel]), then + residual unless that is NULL; in place.
struct CudaActivation {
  void *y;
  const void *bias;      // NULL: none
  const void *residual;  // laid out as y, or NULL
  TsShimDtype dtype;     // float32, float16 or bfloat16, of all three
  int64_t n;             // numbers in y, less than 2^32
  uint32_t channels;
  uint32_t inner;  // numbers from one channel to the next: 1 if they are innermost
};

// Whether the kernel below takes it: it reads 16 bytes at a time.
bool cuda_can_activate(const CudaActivation &job);
cudaError_t cuda_activate(const CudaActivation &job, cudaStream_t stream);

}  // namespace ts
