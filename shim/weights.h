// weights.h - puts other weights over a module's parameters and buffers
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <utility>
#include <vector>

#include "torchscript_shim.h"

namespace ts {

// Two steps, because tensors that share memory are known as such only as long as
// their types are those of the file.
class Weights {
 public:
  // Finds the places of @options' weights in @module; throws Error
  // (TS_SHIM_ERROR_ARGUMENT) that lists all that do not fit.
  Weights(const torch::jit::Module &module, const TsShimLoadOptions &options);

  // Copies them there.  The weights' memory must still be there.
  void put() const;

 private:
  std::vector<std::pair<at::Tensor, const TsShimTensor *>> places_;
};

}  // namespace ts
