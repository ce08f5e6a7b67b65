// shim_module.h - a loaded module
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "torchscript_shim.h"

struct TsShimModule {
  TsShimModule(const TsShimLoadOptions &options, c10::Device device);

  std::string path;
  std::string method_name;
  c10::Device device;
  TsShimDtype dtype_at_load;
  int threads_at_load;
  // Read by any thread.
  std::atomic<int> threads;
  std::atomic<TsShimDtype> precision;
  std::atomic<int64_t> weight_bytes{0};
  std::string config;
  torch::jit::Module module;
  bool writes_input = true;
  bool keeps_state = true;
  bool channels_last = false;
  bool is_frozen = false;  // its parameters are constants of the graph
  // What other forms are made of, until settle().
  std::optional<torch::jit::Module> as_loaded, frozen;

  // What lanes share.
  std::mutex lanes_lock;
  std::shared_ptr<void> lanes_share;
};
