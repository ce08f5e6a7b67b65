// call_stacks.h - where the nodes of a method come from
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

namespace ts {

// A node that was inlined names the functions that it came from, which may be gone with
// the module that the method was made of, and an error looks their names up.  This lets
// the method itself stand for all of them; the places in the source stay.
void own_call_stacks(const torch::jit::Module &module, const std::string &method);

}  // namespace ts
