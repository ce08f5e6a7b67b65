// cuda_graph.cpp - a call's launches as one CUDA graph
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cuda_graph.h"

#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>

#include "cuda_error.h"
#include "shim_error.h"

namespace ts {
namespace {

// libtorch raises an error wherever it would wait for the card.
class NoWaiting {
 public:
  NoWaiting() : before_(c10::cuda::warning_state().get_sync_debug_mode()) {
    c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_ERROR);
  }
  ~NoWaiting() { c10::cuda::warning_state().set_sync_debug_mode(before_); }

 private:
  c10::cuda::SyncDebugMode before_;
};

// capture_end() gives up at the first error and would leave the rest as during a
// capture: the stream, and the allocator, which then frees nothing any more.
void clean_up(c10::cuda::CUDAStream stream, at::cuda::CUDAGraph *graph) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  if (cudaStreamIsCapturing(stream, &status) != cudaSuccess ||
      status != cudaStreamCaptureStatusNone) {
    cudaGraph_t half = nullptr;
    cudaStreamEndCapture(stream, &half);
    if (half != nullptr) cudaGraphDestroy(half);
  }
  cudaGetLastError();
  try {
    c10::cuda::CUDACachingAllocator::endAllocateToPool(stream.device_index(),
                                                       graph->pool());
    c10::cuda::CUDACachingAllocator::releasePool(stream.device_index(), graph->pool());
  } catch (const std::exception &) {
    // It had come that far by itself.
  }
}

}  // namespace

bool can_capture(const std::function<void()> &body, std::string *reason) {
  NoWaiting no_waiting;
  try {
    body();
    return true;
  } catch (const std::exception &e) {
    if (is_out_of_memory(e.what())) throw;
    *reason = core_message(e.what());
    return false;
  }
}

std::unique_ptr<at::cuda::CUDAGraph> capture(c10::cuda::CUDAStream stream,
                                             const std::function<void()> &body,
                                             std::string *reason) {
  auto graph = std::make_unique<at::cuda::CUDAGraph>();
  std::string failure;
  // Other threads may go on allocating.
  graph->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
  try {
    body();
  } catch (const std::exception &e) {
    failure = core_message(e.what());
  }
  try {
    graph->capture_end();
  } catch (const std::exception &e) {
    if (failure.empty()) failure = core_message(e.what());
    clean_up(stream, graph.get());
  }
  if (failure.empty()) return graph;
  *reason = failure;
  return nullptr;
}

}  // namespace ts
