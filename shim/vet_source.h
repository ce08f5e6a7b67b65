// vet_source.h - looks through a source file of a module before it is compiled
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/frontend/source_range.h>

#include <memory>
#include <string>

namespace ts {

// Throws Error (TS_SHIM_ERROR_LOAD) if to compile @source would run code of it: the
// default values of parameters and the constants of classes must be literals.
void vet_source(const std::string &path,
                const std::shared_ptr<torch::jit::Source> &source);

// "code/__torch__/m.py, line 12: x = torch.save(y, z)"
std::string place_in_words(const torch::jit::SourceRange &range);

}  // namespace ts
