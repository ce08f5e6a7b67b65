// move_graph.cpp - makes a graph that was recorded on one device run on another
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "move_graph.h"

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>

#include "shim_error.h"

namespace jit = torch::jit;

namespace ts {
namespace {

const char *const kExportAnew =
    "move the module and its example input to the device before torch.jit.trace(), or "
    "take the device from a tensor (x.device) and script the module, and export it anew";

class Mover {
 public:
  Mover(jit::Graph &graph, c10::Device device, const std::string &path)
      : graph_(graph), device_(device), path_(path) {}
  void move(jit::Block *block);

 private:
  void move_constant(jit::Node *node);
  void give_device(jit::Node *node);
  c10::IValue moved(const c10::IValue &value, const jit::Node *node) const;
  [[noreturn]] void fail(const jit::Node *node, const std::string &found) const;
  jit::Graph &graph_;
  c10::Device device_;
  const std::string &path_;
};

// "model.py:12", or the graph's own word for a node without a source.
std::string place_of(const jit::Node *node) {
  if (auto place = node->sourceRange().file_line_col())
    return std::get<0>(*place) + ":" + std::to_string(std::get<1>(*place));
  return "%" + node->output()->debugName() + " of its graph";
}

void Mover::fail(const jit::Node *node, const std::string &found) const {
  throw Error(TS_SHIM_ERROR_DEVICE, path_ + ": the constant at " + place_of(node) +
                                        " is " + found + " and cannot be moved to " +
                                        device_.str() + "; " + kExportAnew);
}

// What a constant holds: tensors and devices, in lists, tuples and dicts as well.
c10::IValue Mover::moved(const c10::IValue &value, const jit::Node *node) const {
  if (value.isTensor()) return value.toTensor().to(device_);
  if (value.isDevice()) return device_;
  if (value.isTuple()) {
    std::vector<c10::IValue> items;
    for (const auto &item : value.toTupleRef().elements())
      items.push_back(moved(item, node));
    return c10::ivalue::Tuple::create(std::move(items));
  }
  if (value.isList()) {
    auto list = value.toList();
    for (size_t i = 0; i < list.size(); i++) list.set(i, moved(list.get(i), node));
    return value;
  }
  if (value.isGenericDict()) {
    for (auto &item : value.toGenericDict()) item.setValue(moved(item.value(), node));
    return value;
  }
  if (value.isObject()) fail(node, "an object (" + value.type()->annotation_str() + ")");
  return value;
}

void Mover::move_constant(jit::Node *node) {
  if (!node->hasAttribute(c10::attr::value)) return;
  const jit::AttributeKind kind = node->kindOf(c10::attr::value);
  if (node->output()->type()->kind() == c10::TypeKind::DeviceObjType)
    node->s_(c10::attr::value, device_.str());
  else if (kind == jit::AttributeKind::t)
    node->t_(c10::attr::value, node->t(c10::attr::value).to(device_));
  else if (kind == jit::AttributeKind::ival)
    node->ival_(c10::attr::value, moved(node->ival(c10::attr::value), node));
}

bool is_none(const jit::Value *value) {
  return value->type()->kind() == c10::TypeKind::NoneType;
}

// A scripted torch.arange() that names no device makes its tensor on the CPU.
// Operators that are given a tensor take that one's device.
void Mover::give_device(jit::Node *node) {
  const c10::FunctionSchema *schema = node->maybeSchema();
  if (schema == nullptr) return;
  const auto &arguments = schema->arguments();
  if (std::any_of(arguments.begin(), arguments.end(), [](const c10::Argument &a) {
        return a.type()->kind() == c10::TypeKind::TensorType;
      }))
    return;
  auto index = schema->argumentIndexWithName("device");
  if (!index || !is_none(node->input((size_t)*index))) return;
  jit::WithInsertPoint here(node);
  node->replaceInput((size_t)*index, graph_.insertConstant(device_));
}

void Mover::move(jit::Block *block) {
  for (jit::Node *node : block->nodes()) {
    for (jit::Block *inner : node->blocks()) move(inner);
    if (node->kind() == c10::prim::Constant)
      move_constant(node);
    else
      give_device(node);
  }
}

}  // namespace

void move_graph(std::shared_ptr<jit::Graph> &graph, c10::Device device,
                const std::string &path) {
  jit::Inline(*graph);
  jit::ConstantPropagation(graph);
  Mover(*graph, device, path).move(graph->block());
}

std::string explain_mixed_devices(const std::string &core, c10::Device device) {
  const bool mixed = core.find("same device") != std::string::npos ||
                     core.find("different from other tensors") != std::string::npos ||
                     core.find("should be the same") != std::string::npos;
  if (device.is_cpu() || !mixed) return "";
  return "; there the module makes a tensor that stays on another device than " +
         device.str() + ": " + kExportAnew;
}

}  // namespace ts
