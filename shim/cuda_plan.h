// cuda_plan.h - one way to run a module on one shape of input
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/ATen.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "cuda_graph.h"
#include "cuda_kernels.h"
#include "cuda_memory.h"
#include "shim_module.h"

namespace ts {

// What a plan is made for.
struct PlanShape {
  int64_t n;  // frames
  TsShimInput input;
  int64_t keep;  // columns of a head; 0: all
};

// A module's code with its weights in one layout.
class Variant {
 public:
  Variant(const TsShimModule &module, bool channels_last);
  c10::IValue run(const at::Tensor &pixels);
  const bool channels_last;

 private:
  c10::IValue self_;
  torch::jit::GraphExecutor executor_;
};

// The input's memory, the module, and its answer: queued call by call, or as one CUDA
// graph, on a stream that other plans may use too.  Lanes may share a plan; who queues a
// run holds its turn until all of it, the copy of the answer included, is queued.
class Plan {
 public:
  Plan(std::shared_ptr<Variant> variant, const PlanShape &shape,
       c10::cuda::CUDAStream stream);

  // Writes @frames, whose planes are on the card, to the input.
  void fill(const std::vector<TsShimFrame> &frames);

  // Queues the module and, of a head, the choice of the best.
  void run();

  // Queues the copy of what was chosen of a head: float32 [n, rows, keep].
  void fetch(Pinned *host) const;

  // Runs once and waits.  Then a graph can be tried: FALSE with a *reason if there is
  // to be none.
  void warm_up();
  bool try_capture(std::string *reason);
  bool is_graph() const { return graph_ != nullptr; }
  bool is_channels_last() const { return variant_->channels_last; }

  // Whether the answer was a head, of which the best were chosen.
  bool is_head() const { return rows_ > 0; }
  int64_t rows() const { return rows_; }
  const c10::IValue &answer() const { return answer_; }
  const PlanShape &shape() const { return shape_; }
  c10::cuda::CUDAStream stream() const { return stream_; }
  std::atomic<int> runs{0};
  std::mutex turn;
  const void *last_user = nullptr;  // whose answer it has; guarded by turn
  std::string note;                 // how it runs, for people
  int64_t bytes = 0;                // of the card's memory, that only this plan has

 private:
  void queue();
  void select();
  const std::shared_ptr<Variant> variant_;
  const PlanShape shape_;
  c10::cuda::CUDAStream stream_;
  at::Tensor pixels_;
  c10::IValue answer_;
  int64_t rows_ = 0;
  at::Tensor keys_, best_;
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
};

}  // namespace ts
