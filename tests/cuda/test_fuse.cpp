// test_fuse.cpp - the fused graph computes what the plain one does, on the CPU
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Usage: test_fuse MODULE.pt AT_LEAST_SILU AT_LEAST_SUMS [MODULE.pt ...]
// Where a tensor is on no card, the operators use libtorch's kernels; those of our own
// are compared in test_kernels.cpp.
#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/frozen_graph_optimizations.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cstdio>
#include <cstdlib>

#include "cuda_fuse.h"

namespace jit = torch::jit;

static at::Tensor run(const std::shared_ptr<jit::Graph> &graph, const jit::Module &module,
                      const at::Tensor &x) {
  jit::GraphExecutor executor(graph, "forward");
  jit::Stack stack = {module._ivalue(), x.clone()};
  executor.run(stack);
  return stack[0].toTensor();
}

static int count(const std::shared_ptr<jit::Graph> &graph, const char *name) {
  int n = 0;
  for (const jit::Node *node : graph->nodes())
    n += node->kind() == c10::Symbol::fromQualString(name);
  return n;
}

static bool check(const char *path, int at_least_silu, int at_least_sums) {
  jit::Module module = jit::load(path);
  module.eval();
  for (const c10::IValue &value : module.attributes())
    if (value.isTensor() && value.toTensor().is_floating_point())
      value.toTensor().set_data(value.toTensor().to(at::kFloat));
  module = jit::freeze_module(module);
  auto plain = module.get_method("forward").graph();
  jit::OptimizeFrozenGraph(plain, true);
  jit::Inline(*plain);
  jit::ConstantPropagation(plain);
  auto fused = plain->copy();
  ts::fuse_for_cuda(fused);
  const int sums = count(fused, "gst_torchscript::conv2d_silu_add");
  const int silu = count(fused, "gst_torchscript::conv2d_silu");
  const at::Tensor x = at::rand({2, 3, 64, 96});
  const at::Tensor a = run(plain, module, x), b = run(fused, module, x);
  const double error = (a - b).abs().max().item<double>();
  const double largest = a.abs().max().item<double>();
  printf("%s: %d with SiLU, %d with a sum as well; differs by %g of %g\n", path, silu,
         sums, error, largest);
  return silu >= at_least_silu && sums >= at_least_sums && error <= 1e-5 * largest;
}

int main(int argc, char **argv) {
  at::NoGradGuard no_grad;
  jit::setTensorExprFuserEnabled(false);
  jit::getProfilingMode() = false;
  bool good = argc > 3;
  for (int i = 1; i + 2 < argc; i += 3)
    good = check(argv[i], atoi(argv[i + 1]), atoi(argv[i + 2])) && good;
  return good ? 0 : 1;
}
