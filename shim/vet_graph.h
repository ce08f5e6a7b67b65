// vet_graph.h - looks through compiled code for what it may not call
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/api/compilation_unit.h>

#include "vetting.h"

namespace ts {

// Throws Error (TS_SHIM_ERROR_LOAD) if a function or method of @unit calls what is
// not allowed, or has a value of a class that is not.
void vet_graphs(const torch::jit::CompilationUnit &unit, const Vetting &vetting);

// The same for a type by itself.
void vet_type(const c10::TypePtr &type, const Vetting &vetting);

}  // namespace ts
