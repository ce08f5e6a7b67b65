// describe.cpp - what is in a module
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "describe.h"

#include <torch/csrc/jit/passes/inliner.h>

#include <set>

#include "torch_convert.h"

namespace jit = torch::jit;

namespace ts {
namespace {

using Names = std::set<std::string>;

TsShimValue integer(int64_t number) {
  TsShimValue value;
  value.kind = TS_SHIM_INT;
  value.integer = number;
  return value;
}

template <typename Strings>
TsShimValue list(const Strings &strings) {
  TsShimValue value;
  value.kind = TS_SHIM_LIST;
  for (const auto &string : strings) {
    TsShimValue child;
    child.kind = TS_SHIM_STRING;
    child.text = string;
    value.children.push_back(child);
  }
  return value;
}

void put(TsShimValue *dict, const char *key, TsShimValue value) {
  dict->keys.push_back(key);
  dict->children.push_back(std::move(value));
}

// "forward(Tensor x) -> Tensor": the schema without self.
std::string signature(const jit::Method &method) {
  const c10::FunctionSchema &schema = method.function().getSchema();
  std::string text = method.name() + "(";
  for (size_t i = 1; i < schema.arguments().size(); i++) {
    const c10::Argument &argument = schema.arguments()[i];
    text +=
        (i > 1 ? ", " : "") + argument.type()->annotation_str() + " " + argument.name();
  }
  text += ") -> ";
  return text + (schema.returns().empty() ? "None"
                                          : schema.returns()[0].type()->annotation_str());
}

std::vector<std::string> signatures(const jit::Module &module) {
  std::vector<std::string> texts;
  for (const auto &method : module.get_methods()) texts.push_back(signature(method));
  return texts;
}

void look_through(const jit::Block *block, Names *operators, Names *devices) {
  for (const jit::Node *node : block->nodes()) {
    for (const jit::Block *inner : node->blocks())
      look_through(inner, operators, devices);
    // What is of the language itself is no operator.
    if (!node->kind().is_prim()) operators->insert(node->kind().toQualString());
    if (node->kind() == c10::prim::Constant && node->hasAttribute(c10::attr::value) &&
        node->output()->type()->kind() == c10::TypeKind::DeviceObjType)
      devices->insert(node->s(c10::attr::value));
  }
}

// Counts @tensors, and adds their bytes and types to the sums.
template <typename Tensors>
int64_t count(const Tensors &tensors, int64_t *bytes, Names *dtypes) {
  int64_t numbers = 0;
  for (const at::Tensor &tensor : tensors) {
    numbers += tensor.numel();
    *bytes += (int64_t)tensor.nbytes();
    dtypes->insert(dtype_name(tensor.scalar_type()));
  }
  return numbers;
}

class ByteCount {
 public:
  void add(const c10::IValue &value) {
    if (value.isTensor()) add(value.toTensor());
    if (value.isTensorList())
      for (const at::Tensor &tensor : value.toTensorVector()) add(tensor);
  }

  void add(const at::Tensor &tensor) {
    if (!tensor.defined()) return;
    // Weights in an order of oneDNN's have no storage.
    const bool stored = tensor.has_storage();
    const void *memory = stored ? (const void *)tensor.storage().unsafeGetStorageImpl()
                                : (const void *)tensor.unsafeGetTensorImpl();
    if (!seen_.insert(memory).second) return;
    bytes += stored ? (int64_t)tensor.storage().nbytes()
                    : tensor.numel() * (int64_t)tensor.element_size();
  }

  int64_t bytes = 0;

 private:
  std::set<const void *> seen_;
};

void add_constants(const jit::Block *block, ByteCount *count) {
  for (const jit::Node *node : block->nodes()) {
    for (const jit::Block *inner : node->blocks()) add_constants(inner, count);
    if (!node->hasAttribute(c10::attr::value)) continue;
    // No prim::Constant holds the weights of oneDNN's.
    if (node->kindOf(c10::attr::value) == jit::AttributeKind::t)
      count->add(node->t(c10::attr::value));
    else if (node->kindOf(c10::attr::value) == jit::AttributeKind::ival)
      count->add(node->ival(c10::attr::value));
  }
}

}  // namespace

int64_t count_weight_bytes(const jit::Module &module, const std::string &method) {
  ByteCount count;
  for (const c10::IValue &attribute : module.attributes()) count.add(attribute);
  auto graph = module.get_method(method).graph()->copy();
  jit::Inline(*graph);
  add_constants(graph->block(), &count);
  return count.bytes;
}

TsShimValue describe_module(const jit::Module &module, const std::string &method) {
  auto graph = module.get_method(method).graph()->copy();
  jit::Inline(*graph);
  Names operators, devices, dtypes;
  look_through(graph->block(), &operators, &devices);
  int64_t bytes = 0;
  TsShimValue dict;
  dict.kind = TS_SHIM_DICT;
  put(&dict, "methods", list(signatures(module)));
  put(&dict, "operators", list(operators));
  put(&dict, "device_constants", list(devices));
  put(&dict, "parameters", integer(count(module.parameters(), &bytes, &dtypes)));
  put(&dict, "buffers", integer(count(module.buffers(), &bytes, &dtypes)));
  put(&dict, "bytes", integer(bytes));
  put(&dict, "dtypes", list(dtypes));
  return dict;
}

}  // namespace ts
