// torch_device.cpp - the devices and CPU threads of libtorch
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torch_device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <sched.h>

#include <string>

#include "shim_error.h"

namespace ts {
namespace {

[[noreturn]] void fail(const std::string &text) {
  throw Error(TS_SHIM_ERROR_DEVICE, text);
}

// Says which of the three things is missing; torch::cuda::is_available() cannot.
void check_cuda(const std::string &name, int index) {
  const auto *cuda = c10::impl::device_guard_impl_registry[(size_t)c10::kCUDA].load();
  if (cuda == nullptr)
    fail("device '" + name + "' does not work: this libtorch is built without CUDA");
  int count = cuda->deviceCount();
  if (count == 0)
    fail("device '" + name +
         "' does not work: CUDA found no device (see nvidia-smi: no card, no driver, or "
         "one "
         "too old for this libtorch)");
  if (index >= count)
    fail("device '" + name + "' does not exist: CUDA found " + std::to_string(count) +
         (count == 1 ? " device, cuda:0" : " devices, the last is cuda:") +
         (count == 1 ? "" : std::to_string(count - 1)));
}

// The N of "cuda:N", 0 for "cuda", -1 if @name is something else.
int cuda_index(const std::string &name) {
  if (name == "cuda") return 0;
  std::string digits = name.compare(0, 5, "cuda:") == 0 ? name.substr(5) : "";
  if (digits.empty() || digits.size() > 2) return -1;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::stoi(digits);
}

}  // namespace

c10::Device find_device(const char *name) {
  std::string wanted = name ? name : "";
  if (wanted == "cpu") return c10::Device(c10::kCPU);
  if (wanted == "mps") {
    if (!at::hasMPS()) fail("device 'mps' does not work: this libtorch has no Metal");
    return c10::Device(c10::kMPS, 0);
  }
  int index = cuda_index(wanted);
  if (index < 0) fail("unknown device '" + wanted + "': choose cpu, cuda, cuda:N or mps");
  check_cuda(wanted, index);
  return c10::Device(c10::kCUDA, (c10::DeviceIndex)index);
}

int thread_count(int option) {
  if (option > 0) return option;
  cpu_set_t cpus;
  return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
}

void use_threads(int threads) {
  // OpenMP keeps the number for each calling thread, so whoever runs must set it.
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

}  // namespace ts
