// allowed_operators.h - what a module may do
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace ts {

// Whether the list of allowed_operators.inc has the operator @name ("aten::add").
bool is_allowed_operator(const std::string &name);

// Whether a module may hold objects of libtorch's C++ class @name
// ("__torch__.torch.classes.quantized.LinearPackedParamsBase").
bool is_allowed_class(const std::string &name);

}  // namespace ts
