// waiting_op.cpp - an operator that waits for the card, which no CUDA graph may
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <torch/library.h>

// libtorch cannot see this wait coming, unlike its own.
extern "C" int cudaDeviceSynchronize(void);

static at::Tensor wait(const at::Tensor &x) {
  TORCH_CHECK(cudaDeviceSynchronize() == 0, "the card does not let itself be waited for");
  return x;
}

TORCH_LIBRARY(shim_cuda_test, library) { library.def("wait(Tensor x) -> Tensor", wait); }
