// custom_ops.cpp - shared libraries that register operators
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "custom_ops.h"

#include <dlfcn.h>
#include <torch/version.h>

#include <string>

#include "shim_error.h"

namespace ts {

void load_op_libs(const char *const *paths) {
  for (; paths != nullptr && *paths != nullptr; paths++) {
    if (dlopen(*paths, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) != nullptr) continue;
    const char *cause = dlerror();
    throw Error(TS_SHIM_ERROR_LOAD,
                std::string(*paths) + ": cannot load this library of custom operators: " +
                    (cause ? cause : "no reason given") +
                    "; expected a shared library linked with libtorch " TORCH_VERSION);
  }
}

}  // namespace ts
