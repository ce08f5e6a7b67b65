// custom_ops.h - shared libraries that register operators
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>

namespace ts {

// Loads the libraries @paths, which end in NULL (NULL: none), for good: what they
// register cannot be taken back.  Gives the names of the operators that came with
// them, "torchvision::nms".  Throws Error (TS_SHIM_ERROR_LOAD).
std::set<std::string> load_op_libs(const char *const *paths);

}  // namespace ts
