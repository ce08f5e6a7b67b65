// shim_value.h - the tree of values that a module returned
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "torchscript_shim.h"

struct TsShimValue {
  TsShimKind kind = TS_SHIM_NONE;
  std::vector<TsShimValue> children;  // of a list or dict
  std::vector<std::string> keys;      // of a dict, one a child
  TsShimTensor tensor{};
  std::shared_ptr<void> storage;  // keeps tensor.data alive
  int64_t integer = 0;
  double real = 0;
  std::string text;
};

namespace ts {

// Fills the value_*() part of the table.
void fill_value_functions(TsShimApi *api);

}  // namespace ts
