// torch_convert.cpp - libtorch's values to and from the C ABI's
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torch_convert.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "shim_error.h"

namespace ts {
namespace {

// A module can nest tuples without end in a value of type Any.
constexpr int kDeepest = 32;

// A tensor may repeat four bytes so often that no memory holds it all.
constexpr int kMostGiB = 4;

constexpr struct {
  TsShimDtype dtype;
  at::ScalarType scalar_type;
  const char *name;
} kDtypes[] = {
    {TS_SHIM_FLOAT32, at::kFloat, "float32"},
    {TS_SHIM_FLOAT16, at::kHalf, "float16"},
    {TS_SHIM_BFLOAT16, at::kBFloat16, "bfloat16"},
    {TS_SHIM_FLOAT64, at::kDouble, "float64"},
    {TS_SHIM_UINT8, at::kByte, "uint8"},
    {TS_SHIM_INT8, at::kChar, "int8"},
    {TS_SHIM_INT16, at::kShort, "int16"},
    {TS_SHIM_INT32, at::kInt, "int32"},
    {TS_SHIM_INT64, at::kLong, "int64"},
    {TS_SHIM_BOOL, at::kBool, "bool"},
};

class Converter {
 public:
  explicit Converter(const std::string &path) : path_(path) {}
  TsShimValue convert(const c10::IValue &from, int depth) const;

 private:
  [[noreturn]] void fail(const std::string &found) const;
  void check_tensor(const at::Tensor &tensor) const;
  void check_size(const at::Tensor &tensor) const;
  TsShimDtype to_dtype(const at::Tensor &tensor) const;
  TsShimValue tensor(const at::Tensor &from) const;
  TsShimValue list(c10::ArrayRef<c10::IValue> from, int depth) const;
  TsShimValue dict(const c10::IValue &from, int depth) const;
  std::string key(const c10::IValue &from) const;
  const std::string &path_;
  mutable double bytes_ = 0;  // of all tensors; in an integer it may not fit
};

void Converter::fail(const std::string &found) const {
  throw Error(TS_SHIM_ERROR_OUTPUT,
              path_ + " returned " + found +
                  "; expected dense tensors, numbers, strings, None, or lists, tuples "
                  "and dicts of them: export a wrapper that returns only such values");
}

void Converter::check_tensor(const at::Tensor &tensor) const {
  if (tensor.is_quantized())
    fail(std::string("a quantised tensor (") + at::toString(tensor.scalar_type()) + ")");
  if (tensor.layout() != at::kStrided || tensor.is_nested())
    fail("a sparse, nested or otherwise not dense tensor");
  if (tensor.is_meta()) fail("a tensor without data (device meta)");
  if (tensor.dim() > TS_SHIM_MAX_DIMS)
    fail("a tensor of " + std::to_string(tensor.dim()) + " dimensions, more than " +
         std::to_string(TS_SHIM_MAX_DIMS));
}

void Converter::check_size(const at::Tensor &tensor) const {
  double bytes = (double)tensor.element_size();
  for (int64_t size : tensor.sizes()) bytes *= (double)size;
  bytes_ += bytes;
  if (bytes_ <= (double)kMostGiB * (1 << 30)) return;
  const std::string most = std::to_string(kMostGiB) + " GiB";
  throw Error(TS_SHIM_ERROR_OUTPUT,
              path_ + " returned tensors of more than " + most + ", the last of shape " +
                  c10::str(tensor.sizes()) + "; expected at most " + most +
                  " in all: export a wrapper that returns less, or use smaller batches");
}

TsShimDtype Converter::to_dtype(const at::Tensor &tensor) const {
  for (const auto &row : kDtypes)
    if (row.scalar_type == tensor.scalar_type()) return row.dtype;
  fail(std::string("a tensor of type ") + at::toString(tensor.scalar_type()));
}

// Memory that something else still refers to (the caller's input, a buffer of the
// module) could change or vanish under the new owner.
bool is_sole_owner(const at::Tensor &tensor) {
  return tensor.use_count() == 1 && tensor.storage().use_count() == 1;
}

TsShimValue Converter::tensor(const at::Tensor &from) const {
  TsShimValue value;
  if (!from.defined()) return value;
  check_tensor(from);
  check_size(from);
  value.kind = TS_SHIM_TENSOR;
  value.tensor.dtype = to_dtype(from);
  bool shared = from.is_cpu() && !is_sole_owner(from);
  auto dense = std::make_shared<at::Tensor>(from.to(at::kCPU).resolve_neg().contiguous());
  if (shared && dense->is_alias_of(from)) *dense = dense->clone();
  value.tensor.data = dense->data_ptr();
  value.tensor.n_dims = (int32_t)dense->dim();
  std::copy(dense->sizes().begin(), dense->sizes().end(), value.tensor.shape);
  value.storage = std::move(dense);
  return value;
}

TsShimValue Converter::list(c10::ArrayRef<c10::IValue> from, int depth) const {
  TsShimValue value;
  value.kind = TS_SHIM_LIST;
  value.children.reserve(from.size());
  for (const auto &item : from) value.children.push_back(convert(item, depth + 1));
  return value;
}

std::string to_utf8(std::string text) {
  make_utf8(&text[0], text.size());
  return text;
}

std::string Converter::key(const c10::IValue &from) const {
  if (from.isString()) return to_utf8(from.toStringRef());
  if (from.isInt()) return std::to_string(from.toInt());
  fail("a dict whose keys are of type " + from.type()->annotation_str());
}

TsShimValue Converter::dict(const c10::IValue &from, int depth) const {
  TsShimValue value;
  value.kind = TS_SHIM_DICT;
  for (const auto &item : from.toGenericDict()) {
    value.keys.push_back(key(item.key()));
    value.children.push_back(convert(item.value(), depth + 1));
  }
  return value;
}

TsShimValue Converter::convert(const c10::IValue &from, int depth) const {
  if (depth > kDeepest)
    fail("values nested more than " + std::to_string(kDeepest) + " deep");
  if (from.isTensor()) return tensor(from.toTensor());
  if (from.isTuple()) return list(from.toTupleRef().elements(), depth);
  if (from.isList()) return list(from.toListRef(), depth);
  if (from.isGenericDict()) return dict(from, depth);
  TsShimValue value;
  if (from.isNone()) return value;
  if (from.isInt() || from.isBool()) {
    value.kind = TS_SHIM_INT;
    value.integer = from.isBool() ? from.toBool() : from.toInt();
  } else if (from.isDouble()) {
    value.kind = TS_SHIM_DOUBLE;
    value.real = from.toDouble();
  } else if (from.isString()) {
    value.kind = TS_SHIM_STRING;
    value.text = to_utf8(from.toStringRef());
  } else {
    fail("a value of type " + from.type()->annotation_str());
  }
  return value;
}

}  // namespace

at::ScalarType to_scalar_type(TsShimDtype dtype) {
  for (const auto &row : kDtypes)
    if (row.dtype == dtype) return row.scalar_type;
  throw Error(TS_SHIM_ERROR_ARGUMENT,
              "element type " + std::to_string((int)dtype) + " is not in the shim's ABI");
}

const char *dtype_name(at::ScalarType type) {
  for (const auto &row : kDtypes)
    if (row.scalar_type == type) return row.name;
  return at::toString(type);
}

at::Tensor borrow_tensor(const TsShimTensor &input) {
  if (input.n_dims < 0 || input.n_dims > TS_SHIM_MAX_DIMS)
    throw Error(TS_SHIM_ERROR_ARGUMENT, "an input tensor has " +
                                            std::to_string(input.n_dims) +
                                            " dimensions; expected 0 to 8");
  at::IntArrayRef shape(input.shape, (size_t)input.n_dims);
  bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  bool negative =
      std::any_of(shape.begin(), shape.end(), [](int64_t n) { return n < 0; });
  if (negative || (input.data == nullptr && !empty))
    throw Error(TS_SHIM_ERROR_ARGUMENT, "an input tensor has a negative size or no data");
  return at::from_blob(input.data, shape, at::TensorOptions(to_scalar_type(input.dtype)));
}

TsShimValue to_value(const c10::IValue &answer, const std::string &path) {
  return Converter(path).convert(answer, 0);
}

}  // namespace ts
