// call_stacks.cpp - where the nodes of a method come from
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "call_stacks.h"

#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/ir/scope.h>

namespace jit = torch::jit;

namespace ts {
namespace {

jit::InlinedCallStackPtr owned(const jit::InlinedCallStackPtr &stack,
                               jit::Function *function) {
  jit::InlinedCallStackPtr made;
  const auto calls = stack->vec();
  for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
    const jit::SourceRange place = std::get<1>(*call);
    made = made ? c10::make_intrusive<jit::InlinedCallStack>(made, function, place)
                : c10::make_intrusive<jit::InlinedCallStack>(function, place);
  }
  return made;
}

void own(jit::Block *block, jit::Function *function) {
  for (jit::Node *node : block->nodes()) {
    for (jit::Block *inner : node->blocks()) own(inner, function);
    if (auto stack = node->callstack()) node->setCallStack(owned(*stack, function));
  }
}

}  // namespace

void own_call_stacks(const jit::Module &module, const std::string &method) {
  const jit::Method found = module.get_method(method);
  own(found.graph()->block(), &found.function());
}

}  // namespace ts
