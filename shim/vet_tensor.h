// vet_tensor.h - whether tensors stay inside of what is stored for them
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/ivalue.h>

#include <map>
#include <string>
#include <vector>

namespace ts {

// libtorch believes what an archive says of sizes and strides.
class TensorVetter {
 public:
  // @path is for messages, and outlives this.
  explicit TensorVetter(const std::string &path) : path_(path) {}

  // The bytes that a storage really has; libtorch has the archive's word for them.
  void add_storage(const void *memory, size_t bytes) { stored_[memory] = bytes; }

  // Throws Error (TS_SHIM_ERROR_LOAD) if a tensor in @value, or its storage, reaches
  // beyond its bytes.
  void vet(const c10::IValue &value);

  // The same once more for all that was in the values before: what is unpickled later may
  // have put more into their lists and dicts, or taken them out of sight.
  void vet_again();

 private:
  void vet_tensor(const at::Tensor &tensor) const;
  void walk(std::vector<c10::IValue> values, bool keeps);

  const std::string &path_;
  std::map<const void *, size_t> stored_;
  std::vector<c10::IValue> kept_;  // containers
};

}  // namespace ts
