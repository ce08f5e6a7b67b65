// cuda_error.h - CUDA's status codes as exceptions
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

namespace ts {

inline void check_cuda(cudaError_t status) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // else the next call would fail with it as well
  throw std::runtime_error(std::string("CUDA error: ") + cudaGetErrorString(status));
}

}  // namespace ts
