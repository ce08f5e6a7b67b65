// variants.cpp - other forms of a module, which compute the same in another way
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "variants.h"

#include <ATen/Config.h>
#include <ATen/Context.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <memory>
#include <utility>
#include <vector>

#include "blocked_graph.h"
#include "call_stacks.h"
#include "graph_edit.h"
#include "shim_error.h"
#include "torch_convert.h"

namespace jit = torch::jit;

namespace ts {
namespace {

[[noreturn]] void refuse(const std::string &why) {
  throw Error(TS_SHIM_ERROR_ARGUMENT, why);
}

// What oneDNN itself asks for before it computes in bfloat16.
bool onednn_has_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq");
#else
  return true;
#endif
}

void check(c10::Device device, const TsShimVariant &variant) {
  if (variant.blocked && (!device.is_cpu() || variant.precision != TS_SHIM_FLOAT32))
    refuse("images in blocks need the CPU and float32");
  if (variant.packed && (!device.is_cpu() || !at::hasMKLDNN()))
    refuse("packed weights need the CPU and a libtorch with oneDNN");
  if (variant.packed && variant.precision == TS_SHIM_BFLOAT16 && !onednn_has_bfloat16())
    refuse("packed weights in bfloat16 need a CPU with AVX-512; this one has none");
  if (variant.precision != TS_SHIM_FLOAT32 && variant.precision != TS_SHIM_FLOAT16 &&
      variant.precision != TS_SHIM_BFLOAT16)
    refuse("a module can compute in float32, float16 or bfloat16 only");
  if (device.is_cpu() && variant.precision == TS_SHIM_FLOAT16)
    refuse("libtorch has no float16 convolutions for the CPU; choose bf16");
}

// The method with @self, whose type is new, in place of the old one.
c10::FunctionSchema move_schema(const c10::FunctionSchema &schema,
                                const c10::TypePtr &self) {
  std::vector<c10::Argument> arguments = schema.arguments();
  arguments[0] = c10::Argument("self", self);
  return schema.cloneWithArguments(std::move(arguments));
}

// A clone would stay in the compilation unit of @frozen, and its weights with it, as
// long as any of them lives.  What is left of attributes needs one all the same.
jit::Module copy_module(const jit::Module &frozen, const std::string &method) {
  auto graph = frozen.get_method(method).graph()->copy();
  jit::Inline(*graph);
  if (graph->inputs()[0]->hasUses()) return frozen.clone();
  auto unit = std::make_shared<jit::CompilationUnit>();
  jit::Module copy(c10::QualifiedName("__torch__.Form"), unit);
  graph->inputs()[0]->setType(copy.type());
  jit::Function *function =
      unit->create_function(c10::QualifiedName(*copy.type()->name(), method), graph);
  function->setSchema(
      move_schema(frozen.get_method(method).function().getSchema(), copy.type()));
  copy.type()->addMethod(function);
  return copy;
}

}  // namespace

jit::Module make_variant(const jit::Module &frozen, const std::string &method,
                         c10::Device device, const TsShimVariant &variant) {
  check(device, variant);
  jit::Module made = copy_module(frozen, method);
  auto graph = made.get_method(method).graph();
  make_functional(graph);
  if (variant.precision != TS_SHIM_FLOAT32)
    lower_precision(graph, to_scalar_type(variant.precision));
  if (variant.channels_last) lay_out_channels_last(*graph);
  if (variant.blocked && !block_images(graph))
    refuse(
        "images in blocks need a shim with oneDNN, a CPU with AVX2 or AVX-512, and a "
        "module with convolutions");
  if (variant.packed && !pack_convolutions(graph))
    refuse("the module has no convolution that oneDNN could take");
  if (variant.optimized) made = jit::optimize_for_inference(made, {method});
  own_call_stacks(made, method);
  return made;
}

}  // namespace ts
