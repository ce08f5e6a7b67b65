// torchscript_shim.cpp - the C ABI over libtorch: loads a module and runs it
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torchscript_shim.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/version.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "archive_bytes.h"
#include "blas.h"
#include "call_stacks.h"
#include "cuda_lane.h"
#include "custom_ops.h"
#include "describe.h"
#include "fold_graph.h"
#include "model_file.h"
#include "module_state.h"
#include "move_graph.h"
#include "run_memory.h"
#include "shim_error.h"
#include "shim_module.h"
#include "torch_convert.h"
#include "torch_device.h"
#include "variants.h"
#include "vetting.h"
#include "weights.h"

namespace jit = torch::jit;

TsShimModule::TsShimModule(const TsShimLoadOptions &options, c10::Device device)
    : path(options.path),
      method_name(options.method ? options.method : "forward"),
      device(device),
      dtype_at_load(options.dtype),
      threads_at_load(ts::thread_count(options.threads)),
      threads(threads_at_load),
      precision(dtype_at_load) {}

namespace {

constexpr char kConfigFile[] = "config.txt";

void configure_executor() {
  static std::once_flag once;
  std::call_once(once, [] {
    // libtorch 2.6 did not come back from compiling with this fuser.
    jit::setTensorExprFuserEnabled(false);
    // The profiling executor is no faster without a fuser, and its first calls with
    // each new shape took up to ten times as long.
    jit::getProfilingMode() = false;
  });
}

// Integer buffers (class numbers, anchors' indices) keep their type.
void convert_floats(const jit::Module &module, at::ScalarType type) {
  for (const c10::IValue &attribute : module.attributes()) {
    if (!attribute.isTensor()) continue;
    at::Tensor tensor = attribute.toTensor();
    if (tensor.defined() && tensor.is_floating_point() && tensor.scalar_type() != type)
      tensor.set_data(tensor.to(type));
  }
}

void check_method(const jit::Module &module, const TsShimModule &self) {
  if (module.find_method(self.method_name)) return;
  std::string names;
  for (const auto &method : module.get_methods())
    names += (names.empty() ? "" : ", ") + method.name();
  throw ts::Error(TS_SHIM_ERROR_METHOD,
                  self.path + " has no method '" + self.method_name +
                      "'; it has: " + (names.empty() ? "none" : names));
}

// Parameters become constants, and convolutions swallow what follows.  What
// libtorch cannot freeze runs as it was loaded.
jit::Module freeze(const jit::Module &module, const std::string &method) {
  try {
    jit::Module frozen = jit::freeze_module(module, {method});
    auto graph = frozen.get_method(method).graph();
    ts::fold_convolutions(graph);
    ts::own_call_stacks(frozen, method);
    return frozen;
  } catch (const std::exception &e) {
    if (ts::is_out_of_memory(e.what())) throw;
    return module;
  }
}

// A module traced on the CPU has "cpu" in its graph, where no load() moves it.
void fit_to_device(const jit::Module &module, const TsShimModule &self) {
  if (self.device.is_cpu()) return;
  auto graph = module.get_method(self.method_name).graph();
  ts::move_graph(graph, self.device, self.path);
  // float32 means float32: with these the boxes move by more than rounding does.
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

// Whether the method may change the memory of an input.
bool writes_input(const jit::Module &module, const std::string &method) {
  auto graph = module.get_method(method).graph()->copy();
  jit::Inline(*graph);
  jit::AliasDb aliases(graph);
  const auto inputs = graph->inputs();
  return std::any_of(inputs.begin() + 1, inputs.end(),
                     [&](const jit::Value *input) { return aliases.hasWriters(input); });
}

void check_options(const TsShimLoadOptions &options) {
  if (options.path == nullptr)
    throw ts::Error(TS_SHIM_ERROR_ARGUMENT, "no path of a TorchScript file is given");
  if (options.threads < 0)
    throw ts::Error(TS_SHIM_ERROR_ARGUMENT, "threads is " +
                                                std::to_string(options.threads) +
                                                "; expected 0 (one a core) or more");
  if (!at::isFloatingType(ts::to_scalar_type(options.dtype)))
    throw ts::Error(TS_SHIM_ERROR_ARGUMENT,
                    "parameters can only be converted to a floating type");
}

jit::Module load_file(TsShimModule &self, const TsShimLoadOptions &options) {
  auto archive = std::make_shared<ts::Archive>(options);
  const ts::Vetting vetting{self.path, ts::load_op_libs(options.op_libs),
                            options.unsafe_operators != 0};
  try {
    ts::vet_archive(archive, vetting);
    jit::ExtraFilesMap extra_files{{kConfigFile, ""}};
    jit::Module module = jit::load(archive, self.device, extra_files);
    self.config = extra_files[kConfigFile];
    return module;
  } catch (const ts::Error &) {
    throw;
  } catch (const std::exception &e) {
    std::string core = ts::core_message(e.what());
    throw ts::Error(
        ts::is_out_of_memory(e.what()) ? TS_SHIM_ERROR_MEMORY : TS_SHIM_ERROR_LOAD,
        ts::explain_load_failure(self.path, core));
  }
}

std::unique_ptr<TsShimModule> load_module(const TsShimLoadOptions &options) {
  check_options(options);
  auto self = std::make_unique<TsShimModule>(options, ts::find_device(options.device));
  configure_executor();
  ts::use_threads(self->threads);
  ts::set_blas_threads(self->threads);
  at::NoGradGuard no_grad;
  jit::Module module = load_file(*self, options);
  module.eval();
  check_method(module, *self);
  const ts::Weights weights(module, options);
  convert_floats(module, ts::to_scalar_type(options.dtype));
  weights.put();
  self->module = freeze(module, self->method_name);
  self->is_frozen = self->module._ivalue() != module._ivalue();
  fit_to_device(self->module, *self);
  if (self->device.is_cuda()) ts::prepare_card(self->device);
  self->writes_input = writes_input(self->module, self->method_name);
  self->keeps_state = ts::keeps_state(self->module, self->method_name);
  self->weight_bytes = ts::count_weight_bytes(self->module, self->method_name);
  if (options.tunable) {
    self->as_loaded = std::move(module);
    self->frozen = self->module;
  }
  return self;
}

void prepare_module(TsShimModule &self, const TsShimVariant &variant) {
  if (!self.frozen)
    throw ts::Error(TS_SHIM_ERROR_ARGUMENT,
                    self.path + " was not loaded to be tuned, or is settled");
  c10::InferenceMode inference;
  jit::Module module = variant.frozen ? ts::make_variant(*self.frozen, self.method_name,
                                                         self.device, variant)
                                      : *self.as_loaded;
  self.writes_input = writes_input(module, self.method_name);
  self.module = std::move(module);
  self.channels_last = variant.channels_last || variant.packed;
  self.threads = variant.threads > 0 ? variant.threads : self.threads_at_load;
  self.precision =
      variant.precision != TS_SHIM_FLOAT32 ? variant.precision : self.dtype_at_load;
  self.weight_bytes = ts::count_weight_bytes(self.module, self.method_name);
  ts::set_blas_threads(self.threads);
}

std::unique_ptr<TsShimValue> describe_file(const TsShimLoadOptions &options) {
  if (options.path == nullptr)
    throw ts::Error(TS_SHIM_ERROR_ARGUMENT, "no path of a TorchScript file is given");
  TsShimModule self(options, c10::Device(c10::kCPU));
  jit::Module module = load_file(self, options);
  check_method(module, self);
  return std::make_unique<TsShimValue>(ts::describe_module(module, self.method_name));
}

// What run() gets from its caller.
struct Inputs {
  const TsShimTensor *tensors;
  size_t n;
  size_t n_listed;
};

std::vector<c10::IValue> to_arguments(const TsShimModule &self, const Inputs &inputs) {
  if (inputs.n_listed > inputs.n)
    throw ts::Error(TS_SHIM_ERROR_ARGUMENT, "more inputs are listed than there are");
  std::vector<c10::IValue> arguments;
  c10::List<at::Tensor> list;
  if (inputs.n_listed > 0) arguments.emplace_back(list);
  for (size_t i = 0; i < inputs.n; i++) {
    at::Tensor tensor = ts::borrow_tensor(inputs.tensors[i]).to(self.device);
    // The caller's memory is only to be read; what happens to a list's elements the
    // analysis does not tell.
    if ((self.writes_input || i < inputs.n_listed) && self.device.is_cpu())
      tensor = tensor.clone();
    if (self.channels_last && tensor.dim() == 4)
      tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    if (i < inputs.n_listed)
      list.push_back(std::move(tensor));
    else
      arguments.emplace_back(std::move(tensor));
  }
  return arguments;
}

std::unique_ptr<TsShimValue> run_module(TsShimModule &self, const Inputs &inputs) {
  c10::InferenceMode inference;
  c10::OptionalDeviceGuard on_device;
  if (!self.device.is_cpu()) on_device.reset_device(self.device);
  ts::use_threads(self.threads);
  const ts::RunMemory memory;
  // Held until the answer is converted, which copies what still has another owner.
  const auto arguments = to_arguments(self, inputs);
  c10::IValue answer = self.module.get_method(self.method_name)(arguments);
  return std::make_unique<TsShimValue>(ts::to_value(answer, self.path));
}

std::string shapes_to_string(const TsShimTensor *inputs, size_t n_inputs) {
  std::string text;
  for (size_t i = 0; i < n_inputs; i++) {
    text += i > 0 ? ", [" : "[";
    for (int d = 0; d < inputs[i].n_dims; d++)
      text += (d > 0 ? ", " : "") + std::to_string(inputs[i].shape[d]);
    text += "]";
  }
  return text;
}

const char *runtime() { return "libtorch " TORCH_VERSION; }

const char *runtime_warning() { return at::hasMKL() ? nullptr : ts::blas_warning(); }

TsShimStatus check_device(const char *device, char *error, size_t error_size) {
  auto prefix = [&] { return std::string("device '") + device + "' does not work: "; };
  return ts::guard(error, error_size, TS_SHIM_ERROR_DEVICE, prefix,
                   [&] { ts::find_device(device); });
}

TsShimStatus load(const TsShimLoadOptions *options, TsShimModule **module, char *error,
                  size_t error_size) {
  auto prefix = [&] {
    return std::string("libtorch cannot load ") + options->path + ": ";
  };
  return ts::guard(error, error_size, TS_SHIM_ERROR_LOAD, prefix,
                   [&] { *module = load_module(*options).release(); });
}

void module_free(TsShimModule *module) {
  const bool on_card = module != nullptr && module->device.is_cuda();
  delete module;
  ts::trim_memory();
  if (on_card) ts::release_card_memory();
}

const char *config(const TsShimModule *module, size_t *size) {
  if (module->config.empty()) return nullptr;
  *size = module->config.size();
  return module->config.c_str();
}

TsShimStatus run_listed(TsShimModule *module, const TsShimTensor *tensors,
                        size_t n_inputs, size_t n_listed, TsShimValue **output,
                        char *error, size_t error_size) {
  auto prefix = [&] {
    return module->path + ": " + module->method_name + "() failed on input " +
           shapes_to_string(tensors, n_inputs) + ": ";
  };
  return ts::guard(error, error_size, TS_SHIM_ERROR_FORWARD, prefix, [&] {
    ts::advise_on_devices(module->device, [&] {
      *output = run_module(*module, {tensors, n_inputs, n_listed}).release();
    });
  });
}

TsShimStatus run(TsShimModule *module, const TsShimTensor *inputs, size_t n_inputs,
                 TsShimValue **output, char *error, size_t error_size) {
  return run_listed(module, inputs, n_inputs, 0, output, error, error_size);
}

TsShimStatus describe(const TsShimLoadOptions *options, TsShimValue **description,
                      char *error, size_t error_size) {
  auto prefix = [&] {
    return std::string("libtorch cannot load ") + options->path + ": ";
  };
  return ts::guard(error, error_size, TS_SHIM_ERROR_LOAD, prefix,
                   [&] { *description = describe_file(*options).release(); });
}

TsShimStatus prepare(TsShimModule *module, const TsShimVariant *variant, char *error,
                     size_t error_size) {
  auto prefix = [&] { return module->path + " cannot be prepared: "; };
  return ts::guard(error, error_size, TS_SHIM_ERROR_FORWARD, prefix,
                   [&] { prepare_module(*module, *variant); });
}

void settle(TsShimModule *module) {
  module->as_loaded.reset();
  module->frozen.reset();
  ts::trim_memory();  // of what the forms that were tried left behind
}

TsShimStatus prepare_process(const char *const *op_libs, char *error, size_t error_size) {
  auto prefix = [] { return std::string("cannot load libraries of operators: "); };
  return ts::guard(error, error_size, TS_SHIM_ERROR_LOAD, prefix, [&] {
    ts::load_op_libs(op_libs);
    c10::InferenceMode inference;
    at::conv2d(at::ones({1, 3, 8, 8}), at::ones({4, 3, 3, 3})).relu();
  });
}

void use(const TsShimModule *module, TsShimUse *use) {
  use->precision = module->precision;
  use->threads = module->threads;
  use->weight_bytes = module->weight_bytes;
  use->device_bytes = ts::bytes_on_card(module->device);
  use->keeps_state = module->keeps_state;
}

TsShimApi make_api() {
  ts::install_run_memory();
  TsShimApi api{};
  api.abi_version = TS_SHIM_ABI_VERSION;
  api.runtime = runtime;
  api.runtime_warning = runtime_warning;
  api.check_device = check_device;
  api.load = load;
  api.module_free = module_free;
  api.config = config;
  api.run = run;
  api.run_listed = run_listed;
  api.describe = describe;
  api.prepare = prepare;
  api.settle = settle;
  api.prepare_process = prepare_process;
  api.use = use;
  ts::fill_lane_functions(&api);
  ts::fill_value_functions(&api);
  return api;
}

}  // namespace

const TsShimApi *ts_shim_api(uint32_t abi_version) {
  static const TsShimApi api = make_api();
  return abi_version == TS_SHIM_ABI_VERSION ? &api : nullptr;
}
