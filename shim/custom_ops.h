// custom_ops.h - shared libraries that register operators
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace ts {

// Loads the libraries @paths, which end in NULL (NULL: none), for good: what they
// register cannot be taken back.  Throws Error (TS_SHIM_ERROR_LOAD).
void load_op_libs(const char *const *paths);

}  // namespace ts
