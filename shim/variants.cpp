// variants.cpp - other forms of a module, which compute the same in another way
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "variants.h"

#include <ATen/Config.h>
#include <ATen/Context.h>
#include <torch/csrc/jit/passes/frozen_graph_optimizations.h>

#include "graph_edit.h"
#include "shim_error.h"
#include "torch_convert.h"

namespace jit = torch::jit;

namespace ts {
namespace {

[[noreturn]] void refuse(const std::string &why) {
  throw Error(TS_SHIM_ERROR_ARGUMENT, why);
}

void check(c10::Device device, const TsShimVariant &variant) {
  if (variant.packed && (!device.is_cpu() || !at::hasMKLDNN()))
    refuse("packed weights need the CPU and a libtorch with oneDNN");
  if (variant.precision != TS_SHIM_FLOAT32 && variant.precision != TS_SHIM_FLOAT16 &&
      variant.precision != TS_SHIM_BFLOAT16)
    refuse("a module can compute in float32, float16 or bfloat16 only");
  if (device.is_cpu() && variant.precision == TS_SHIM_FLOAT16)
    refuse("libtorch has no float16 convolutions for the CPU; choose bf16");
}

}  // namespace

jit::Module make_variant(const jit::Module &frozen, const std::string &method,
                         c10::Device device, const TsShimVariant &variant) {
  check(device, variant);
  jit::Module made = frozen.clone();
  auto graph = made.get_method(method).graph();
  make_functional(graph);
  if (variant.precision != TS_SHIM_FLOAT32)
    lower_precision(graph, to_scalar_type(variant.precision));
  if (variant.channels_last) lay_out_channels_last(*graph);
  if (variant.packed && !pack_convolutions(graph))
    refuse("the module has no convolution that oneDNN could take");
  return variant.optimized ? jit::optimize_for_inference(made, {method}) : made;
}

}  // namespace ts
