// test_fold.cpp - what follows a convolution by constants becomes part of it
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Usage: test_fold [MODULE.pt ...], these to be left without batch norm and addcmul
#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cstdio>
#include <set>

#include "fold_graph.h"

namespace jit = torch::jit;

struct Case {
  const char *name, *body;
  int n_convolutions, n_weights, n_others;
};

// The parameters are weight, scale and shift, the last two of one number a channel.
static const Case kCases[] = {
    {"a scale and a shift",
     "return torch.addcmul(self.shift, torch.conv2d(x, self.weight), self.scale)", 1, 1,
     0},
    {"one weight at several dilations",
     "a = torch.addcmul(self.shift, torch.conv2d(x, self.weight), self.scale)\n"
     "  b = torch.addcmul(self.shift, torch.conv2d(x, self.weight, None, 1, 0, 2), "
     "self.scale)\n"
     "  return torch.cat([a.flatten(1), b.flatten(1)], 1)",
     2, 1, 0},
    {"batch norm",
     "return torch.batch_norm(torch.conv2d(x, self.weight), self.norm, self.norm, "
     "self.norm, self.norm, False, 0.1, 0.001, True)",
     1, 1, 0},
    {"twice the product",
     "return torch.addcmul(self.shift, torch.conv2d(x, self.weight), self.scale, "
     "value=2)",
     1, 1, 1},
    {"a convolution that others read",
     "y = torch.conv2d(x, self.weight)\n"
     "  return torch.addcmul(self.shift, y, self.scale).flatten() - y.flatten()",
     1, 1, 1},
    {"a scale of each column",
     "return torch.addcmul(self.shift, torch.conv2d(x, self.weight), self.columns)", 1, 1,
     1},
};

static jit::Module make_module(const Case &test) {
  jit::Module module("M");
  module.register_parameter("weight", at::randn({8, 3, 3, 3}), false);
  module.register_parameter("scale", at::rand({1, 8, 1, 1}) + 0.5, false);
  module.register_parameter("shift", at::randn({1, 8, 1, 1}), false);
  module.register_parameter("norm", at::rand({8}) + 0.5, false);
  module.register_parameter("columns", at::rand({1, 1, 1, 14}) + 0.5, false);
  module.define(std::string("def forward(self, x):\n  ") + test.body + "\n");
  module.eval();
  return module;
}

struct Counts {
  int n_convolutions = 0, n_scaled = 0, n_sums = 0;
  std::set<const void *> weights;
};

static Counts count(const jit::Graph &graph) {
  Counts found;
  for (const jit::Node *node : graph.nodes()) {
    found.n_scaled +=
        node->kind() == c10::aten::addcmul || node->kind() == c10::aten::batch_norm;
    found.n_sums += node->kind() == c10::aten::mul || node->kind() == c10::aten::add;
    if (node->kind() != c10::aten::conv2d) continue;
    found.n_convolutions++;
    found.weights.insert(jit::toIValue(node->input(1))->toTensor().data_ptr());
  }
  return found;
}

static Counts fold(jit::Module &frozen) {
  auto graph = frozen.get_method("forward").graph();
  ts::fold_convolutions(graph);
  return count(*graph);
}

static bool check(const Case &test) {
  jit::Module module = make_module(test);
  jit::Module frozen = jit::freeze_module(module);
  const Counts found = fold(frozen);
  const at::Tensor x = at::rand({2, 3, 12, 16});
  const at::Tensor a = module.forward({x}).toTensor(), b = frozen.forward({x}).toTensor();
  const double error = (a - b).abs().max().item<double>();
  const int n_others = found.n_scaled + found.n_sums;
  printf("%s: %d convolutions, %zu weights, %d others, differs by %g\n", test.name,
         found.n_convolutions, found.weights.size(), n_others, error);
  return found.n_convolutions == test.n_convolutions &&
         found.weights.size() == (size_t)test.n_weights && n_others == test.n_others &&
         error < 1e-5;
}

static bool check_file(const char *path) {
  jit::Module module = jit::load(path);
  module.eval();
  jit::Module frozen = jit::freeze_module(module);
  const Counts found = fold(frozen);
  printf("%d convolutions, %zu weights, %d not folded, %d sums and products\n",
         found.n_convolutions, found.weights.size(), found.n_scaled, found.n_sums);
  return found.n_convolutions > 0 && found.n_scaled == 0;
}

int main(int argc, char **argv) {
  jit::setTensorExprFuserEnabled(false);
  at::manual_seed(1);
  bool ok = true;
  for (const Case &test : kCases) ok &= check(test);
  for (int i = 1; i < argc; i++) ok &= check_file(argv[i]);
  return ok ? 0 : 1;
}
