// vet_tensor.h - whether tensors stay inside of what is stored for them
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/ivalue.h>

#include <map>
#include <string>

namespace ts {

// The bytes that a storage really has, by where its memory is.
using StoredBytes = std::map<const void *, size_t>;

// libtorch believes what an archive says of sizes and strides.  Throws Error
// (TS_SHIM_ERROR_LOAD) if a tensor in @value reaches beyond its bytes.
void vet_tensors(const c10::IValue &value, const StoredBytes &stored,
                 const std::string &path);

}  // namespace ts
