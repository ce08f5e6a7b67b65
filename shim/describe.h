// describe.h - what is in a module
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

#include "shim_value.h"

namespace ts {

// The dict that TsShimApi's describe() gives; @method is one of the module's.
TsShimValue describe_module(const torch::jit::Module &module, const std::string &method);

// The memory of all tensors that the method can reach, each stretch of it once.
int64_t count_weight_bytes(const torch::jit::Module &module, const std::string &method);

}  // namespace ts
