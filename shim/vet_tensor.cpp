// vet_tensor.cpp - whether tensors stay inside of what is stored for them
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vet_tensor.h"

#include <ATen/ATen.h>

#include "shim_error.h"

namespace ts {
namespace {

[[noreturn]] void refuse(const std::string &path, const at::Tensor &tensor,
                         size_t bytes) {
  std::ostringstream sizes;
  sizes << tensor.sizes() << " and the strides " << tensor.strides();
  throw Error(TS_SHIM_ERROR_LOAD, path + ": has a tensor of the shape " + sizes.str() +
                                      " that reaches beyond the " +
                                      std::to_string(bytes) +
                                      " bytes stored for it; the file is damaged or "
                                      "made to do harm");
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

void vet_tensor(const at::Tensor &tensor, const StoredBytes &stored,
                const std::string &path) {
  if (!tensor.defined()) return;
  if (tensor.layout() != at::kStrided)
    throw Error(TS_SHIM_ERROR_LOAD,
                path +
                    ": stores a sparse tensor, whose indices nobody checks; store "
                    "it dense");
  if (is_empty(tensor)) return;
  auto found = stored.find(tensor.storage().data());
  size_t bytes = found == stored.end() ? 0 : found->second;
  if (!is_inside(tensor, bytes)) refuse(path, tensor, bytes);
}

}  // namespace

void vet_tensors(const c10::IValue &value, const StoredBytes &stored,
                 const std::string &path) {
  c10::IValue::HashAliasedIValues parts;
  value.getSubValues(parts);
  if (value.isTensor()) parts.insert(value);
  for (const c10::IValue &part : parts)
    if (part.isTensor()) vet_tensor(part.toTensor(), stored, path);
}

}  // namespace ts
