// vet_tensor.cpp - whether tensors stay inside of what is stored for them
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vet_tensor.h"

#include <ATen/ATen.h>

#include <unordered_set>

#include "shim_error.h"

namespace ts {
namespace {

[[noreturn]] void refuse(const std::string &path, const at::Tensor &tensor,
                         size_t bytes) {
  std::ostringstream sizes;
  sizes << tensor.sizes() << " and the strides " << tensor.strides()
        << " in a storage of " << tensor.storage().nbytes() << " bytes";
  throw Error(TS_SHIM_ERROR_LOAD, path + ": has a tensor of the shape " + sizes.str() +
                                      " that reaches beyond the " +
                                      std::to_string(bytes) +
                                      " bytes stored for it; the file is damaged or "
                                      "made to do harm: get it anew from who made it");
}

// Whether all elements lie within @bytes.  Sums may not wrap around.
bool is_inside(const at::Tensor &tensor, size_t bytes) {
  const int64_t room = (int64_t)(bytes / tensor.itemsize());
  __int128 last = tensor.storage_offset();
  if (last < 0) return false;
  for (int64_t d = 0; d < tensor.dim(); d++) {
    if (tensor.size(d) < 0 || tensor.stride(d) < 0) return false;
    last += (__int128)(tensor.size(d) - 1) * tensor.stride(d);
    if (last > room) return false;
  }
  return last < room;
}

bool is_empty(const at::Tensor &tensor) {
  for (int64_t size : tensor.sizes())
    if (size == 0) return true;
  return false;
}

template <typename Values>
void add_each(const Values &values, std::vector<c10::IValue> &parts) {
  for (const c10::IValue &value : values) parts.push_back(value);
}

// What @value is made of, one level down; false if nothing ever is.
bool add_parts(const c10::IValue &value, std::vector<c10::IValue> &parts) {
  if (value.isTuple()) {
    add_each(value.toTupleRef().elements(), parts);
  } else if (value.isList()) {
    add_each(value.toListRef(), parts);
  } else if (value.isGenericDict()) {
    for (const auto &entry : value.toGenericDict()) {
      parts.push_back(entry.key());
      parts.push_back(entry.value());
    }
  } else if (value.isObject()) {
    add_each(value.toObjectRef().slots(), parts);
  } else {
    return false;
  }
  return true;
}

}  // namespace

// Any view of the storage is bounded by what it claims to have, so that counts even
// where the tensor itself is small or empty.
void TensorVetter::vet_tensor(const at::Tensor &tensor) const {
  if (!tensor.defined()) return;
  if (tensor.layout() != at::kStrided)
    throw Error(TS_SHIM_ERROR_LOAD,
                path_ +
                    ": stores a sparse tensor, whose indices nobody checks; store "
                    "it dense");
  auto found = stored_.find(tensor.storage().data());
  size_t bytes = found == stored_.end() ? 0 : found->second;
  if (tensor.storage().nbytes() > bytes ||
      (!is_empty(tensor) && !is_inside(tensor, bytes)))
    refuse(path_, tensor, bytes);
}

// Without recursion, and each container once: they may lie in themselves.  Tensors of one
// storage are each looked at.
void TensorVetter::walk(std::vector<c10::IValue> values, bool keeps) {
  std::unordered_set<const void *> seen;
  for (size_t i = 0; i < values.size(); i++) {
    const c10::IValue value = values[i];
    if (value.isTensor()) {
      vet_tensor(value.toTensor());
    } else if (value.isPtrType() && seen.insert(value.internalToPointer()).second) {
      if (add_parts(value, values) && keeps) kept_.push_back(value);
    }
  }
}

void TensorVetter::vet(const c10::IValue &value) {
  walk(std::vector<c10::IValue>(1, value), true);
}

void TensorVetter::vet_again() { walk(kept_, false); }

}  // namespace ts
