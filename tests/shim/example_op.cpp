// example_op.cpp - registers one operator, as a library for custom-op-libs does
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <torch/library.h>

static at::Tensor scale(const at::Tensor &x, double factor) { return x.mul(factor); }

TORCH_LIBRARY(shim_example, library) {
  library.def("scale(Tensor x, float factor) -> Tensor", scale);
}
