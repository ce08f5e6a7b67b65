// weights.cpp - puts other weights over a module's parameters and buffers
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "weights.h"

#include <ATen/ops/empty.h>

#include <cstring>
#include <map>
#include <sstream>

#include "shim_error.h"
#include "torch_convert.h"

namespace ts {
namespace {

// Names that a message lists of each kind.
constexpr size_t kListed = 8;

using Tensors = std::vector<std::pair<std::string, at::Tensor>>;
using Given = std::map<std::string, const TsShimTensor *>;

// What does not fit, by kind.
class Misfits {
 public:
  void add(const char *kind, const std::string &text) { lists_[kind].push_back(text); }
  bool any() const { return !lists_.empty(); }
  std::string text() const;

 private:
  std::map<std::string, std::vector<std::string>> lists_;
};

std::string Misfits::text() const {
  std::string text;
  for (const auto &[kind, list] : lists_) {
    text += (text.empty() ? "" : "; ") + kind + ": ";
    for (size_t i = 0; i < list.size() && i < kListed; i++)
      text += (i > 0 ? ", " : "") + list[i];
    if (list.size() > kListed)
      text += " and " + std::to_string(list.size() - kListed) + " more";
  }
  return text;
}

Tensors state_of(const torch::jit::Module &module) {
  Tensors state;
  for (const auto &item : module.named_parameters(true))
    state.emplace_back(item.name, item.value);
  for (const auto &item : module.named_buffers(true))
    state.emplace_back(item.name, item.value);
  return state;
}

// Writers leave out all but one of several names for one tensor.
const TsShimTensor *find_tied(const Tensors &state, const Given &given,
                              const at::Tensor &tensor) {
  if (tensor.numel() == 0) return nullptr;
  for (const auto &[name, other] : state) {
    auto found = given.find(name);
    if (found != given.end() && other.data_ptr() == tensor.data_ptr() &&
        other.sizes() == tensor.sizes() && other.strides() == tensor.strides())
      return found->second;
  }
  return nullptr;
}

std::string in_words(at::IntArrayRef shape) {
  std::ostringstream text;
  text << shape;
  return text.str();
}

int number_kind(at::ScalarType type) {
  return type == at::kBool ? 2 : at::isFloatingType(type) ? 1 : 0;
}

void check_fit(const std::string &name, const at::Tensor &place,
               const TsShimTensor &given, Misfits *misfits) {
  at::IntArrayRef shape(given.shape, (size_t)given.n_dims);
  at::ScalarType type = to_scalar_type(given.dtype);
  if (shape != place.sizes())
    misfits->add("of another shape",
                 name + " is " + in_words(shape) + " and not " + in_words(place.sizes()));
  if (number_kind(type) != number_kind(place.scalar_type()))
    misfits->add("of another type", name + " is " + dtype_name(type) + " and not " +
                                        dtype_name(place.scalar_type()));
}

at::Tensor aligned(const TsShimTensor &given) {
  at::Tensor tensor = at::empty(at::IntArrayRef(given.shape, (size_t)given.n_dims),
                                to_scalar_type(given.dtype));
  if (tensor.nbytes() > 0) memcpy(tensor.data_ptr(), given.data, tensor.nbytes());
  return tensor;
}

[[noreturn]] void fail(const TsShimLoadOptions &options, const Misfits &misfits) {
  throw Error(TS_SHIM_ERROR_ARGUMENT,
              std::string(options.weights_path ? options.weights_path : "the weights") +
                  ": does not fit " + options.path + ": " + misfits.text() +
                  "; expected the tensors of the module's state_dict()");
}

}  // namespace

Weights::Weights(const torch::jit::Module &module, const TsShimLoadOptions &options) {
  if (options.weights == nullptr) return;
  Tensors state = state_of(module);
  Given given, extra;
  for (size_t i = 0; i < options.n_weights; i++)
    given[options.weights[i].name] = &options.weights[i].tensor;
  extra = given;
  Misfits misfits;
  for (const auto &[name, place] : state) {
    auto found = given.find(name);
    const TsShimTensor *tensor =
        found != given.end() ? found->second : find_tied(state, given, place);
    extra.erase(name);
    if (tensor == nullptr) {
      misfits.add("missing", name);
      continue;
    }
    check_fit(name, place, *tensor, &misfits);
    places_.emplace_back(place, tensor);
  }
  for (const auto &item : extra) misfits.add("extra", item.first);
  if (misfits.any()) fail(options, misfits);
}

void Weights::put() const {
  for (const auto &[place, given] : places_) place.copy_(aligned(*given));
}

}  // namespace ts
