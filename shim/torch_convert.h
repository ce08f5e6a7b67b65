// torch_convert.h - libtorch's values to and from the C ABI's
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include "shim_value.h"

namespace ts {

// Throws Error (TS_SHIM_ERROR_ARGUMENT) for a number that is no TsShimDtype.
at::ScalarType to_scalar_type(TsShimDtype dtype);

// "float32", or libtorch's word for what is not in the ABI.
const char *dtype_name(at::ScalarType type);

// A tensor over the memory of @input, which must outlive it; throws Error
// (TS_SHIM_ERROR_ARGUMENT).
at::Tensor borrow_tensor(const TsShimTensor &input);

// The answer of the module @path as a tree that owns all its memory, on the host;
// throws Error (TS_SHIM_ERROR_OUTPUT) for what has no C form.
TsShimValue to_value(const c10::IValue &answer, const std::string &path);

}  // namespace ts
