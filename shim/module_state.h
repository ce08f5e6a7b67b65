// module_state.h - whether a method changes its own module
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/script.h>

#include <string>

namespace ts {

// Whether runs of @method may leave something for the next one: an attribute that is set,
// or a tensor or list of the module that is written to.  Two at a time would then disturb
// each other.  True where it cannot be told.
bool keeps_state(const torch::jit::Module &module, const std::string &method);

}  // namespace ts
