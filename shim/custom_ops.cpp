// custom_ops.cpp - shared libraries that register operators
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "custom_ops.h"

#include <dlfcn.h>
#include <torch/csrc/jit/runtime/operator.h>
#include <torch/version.h>

#include <map>
#include <mutex>

#include "shim_error.h"

namespace ts {
namespace {

using Names = std::set<std::string>;

Names registered() {
  Names names;
  for (const auto &op : torch::jit::getAllOperators()) names.insert(op->schema().name());
  return names;
}

void *open_library(const char *path) {
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle != nullptr) return handle;
  const char *cause = dlerror();
  throw Error(TS_SHIM_ERROR_LOAD,
              std::string(path) + ": cannot load this library of custom operators: " +
                  (cause ? cause : "no reason given") +
                  "; expected a shared library linked with libtorch " TORCH_VERSION);
}

// What came with the library @path; at a later time it is there already.
const Names &load_one(const char *path) {
  static std::map<void *, Names> libraries;
  Names before = registered();
  void *handle = open_library(path);
  auto [place, is_new] = libraries.try_emplace(handle);
  if (!is_new) return place->second;
  for (const auto &name : registered())
    if (before.count(name) == 0) place->second.insert(name);
  return place->second;
}

}  // namespace

Names load_op_libs(const char *const *paths) {
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  Names names;
  for (; paths != nullptr && *paths != nullptr; paths++) {
    const Names &added = load_one(*paths);
    names.insert(added.begin(), added.end());
  }
  return names;
}

}  // namespace ts
