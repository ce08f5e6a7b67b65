// variants.h - other forms of a module, which compute the same in another way
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

#include "torchscript_shim.h"

namespace ts {

// A form of @frozen (a module that libtorch has frozen, on @device) as @variant says;
// @frozen stays as it is, and shares with the form what the form does not change.
// Throws Error (TS_SHIM_ERROR_ARGUMENT) if this libtorch or module has no such form.
torch::jit::Module make_variant(const torch::jit::Module &frozen,
                                const std::string &method, c10::Device device,
                                const TsShimVariant &variant);

}  // namespace ts
