// cuda_lane.cpp - frames in, answers out, on a card
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cuda_lane.h"

#include <ATen/Context.h>
#include <ATen/cuda/CUDAContext.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <shared_mutex>

#include "cuda_plan.h"
#include "cuda_upload.h"
#include "move_graph.h"
#include "shim_error.h"
#include "shim_module.h"
#include "shim_value.h"
#include "torch_convert.h"
#include "torch_device.h"

namespace ts {
namespace {

// A batch that is not the largest so far may be one of a kind: only what comes again
// is worth a graph.
constexpr int kRunsBeforeGraph = 3;
constexpr int kTimedRuns = 3;
constexpr size_t kStreamsMemory = (size_t)64 << 20;
constexpr size_t kLittleMemory = (size_t)512 << 20;

// A plan that takes more of the card than this serves all lanes, one after the other;
// of smaller ones each lane has its own, as two of them fill the card better.
constexpr int64_t kOwnPlanBytes = (int64_t)256 << 20;

// Making a graph needs all cards alone (see can_capture()); running does not.  Who
// waits to be alone keeps the gate shut, or those who run would never leave a gap.
std::mutex card_gate;
std::shared_mutex card_lock;

class Together {
 public:
  Together() {
    std::lock_guard<std::mutex> gate(card_gate);
    card_lock.lock_shared();
  }
  Together(const Together &) = delete;
  Together &operator=(const Together &) = delete;
  ~Together() { card_lock.unlock_shared(); }
};

class Alone {
 public:
  Alone() : gate_(card_gate), lock_(card_lock) {}

 private:
  std::lock_guard<std::mutex> gate_;
  std::unique_lock<std::shared_mutex> lock_;
};

// What the lanes of one module share.
struct Share {
  std::mutex lock;  // guards the making of variants
  std::shared_ptr<Variant> variants[2];
  std::vector<std::weak_ptr<Plan>> plans;  // those for all lanes; touched alone
  std::mutex turn;  // of a module that keeps state: one lane at a time
};

class Event {
 public:
  Event() { check_cuda(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming)); }
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;
  ~Event() { cudaEventDestroy(event_); }
  void record(cudaStream_t stream) { check_cuda(cudaEventRecord(event_, stream)); }
  void wait() { check_cuda(cudaEventSynchronize(event_)); }

 private:
  cudaEvent_t event_ = nullptr;
};

// How long the card takes from one point of a stream to another.
class Timer {
 public:
  Timer() {
    check_cuda(cudaEventCreate(&begin_));
    check_cuda(cudaEventCreate(&end_));
  }
  Timer(const Timer &) = delete;
  Timer &operator=(const Timer &) = delete;
  ~Timer() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }
  void begin(cudaStream_t stream) { check_cuda(cudaEventRecord(begin_, stream)); }
  void end(cudaStream_t stream) { check_cuda(cudaEventRecord(end_, stream)); }
  // What is queued on @stream from now on waits for the end.
  void hold(cudaStream_t stream) { check_cuda(cudaStreamWaitEvent(stream, end_, 0)); }
  // The stream must be past the end.
  int64_t ns() const {
    float ms = 0;
    check_cuda(cudaEventElapsedTime(&ms, begin_, end_));
    return (int64_t)(ms * 1e6);
  }

 private:
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

// cuDNN measures its algorithms for each new shape; the winners stay known.
class Benchmarking {
 public:
  Benchmarking() : before_(at::globalContext().benchmarkCuDNN()) {
    at::globalContext().setBenchmarkCuDNN(true);
  }
  ~Benchmarking() { at::globalContext().setBenchmarkCuDNN(before_); }

 private:
  bool before_;
};

bool same_input(const TsShimInput &a, const TsShimInput &b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

double time_ms(Plan &plan) {
  check_cuda(cudaStreamSynchronize(plan.stream()));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimedRuns; i++) plan.run();
  check_cuda(cudaStreamSynchronize(plan.stream()));
  const std::chrono::duration<double, std::milli> time =
      std::chrono::steady_clock::now() - start;
  return time.count() / kTimedRuns;
}

std::string in_ms(double ms) {
  char text[32];
  snprintf(text, sizeof text, "%.2f ms", ms);
  return text;
}

std::string layout_name(bool channels_last) {
  return channels_last ? "channels_last" : "contiguous";
}

}  // namespace
}  // namespace ts

using ts::Plan;
using ts::PlanShape;

struct TsShimLane {
  explicit TsShimLane(TsShimModule &module);
  const TsShimValue *run(const PlanShape &shape, const TsShimFrame *frames);
  TsShimValue answer() const;
  void prepare_as(const TsShimLane &other);
  const char *note() const { return last_ ? last_->note.c_str() : ""; }
  TsShimModule &module;
  int64_t upload_ns = 0;  // of the last run

 private:
  const TsShimValue *run_in_room(const PlanShape &shape, const TsShimFrame *frames);
  const TsShimValue *run_on_card(const PlanShape &shape, const TsShimFrame *frames);
  std::shared_ptr<Plan> find_plan(const PlanShape &shape);
  std::shared_ptr<Plan> find_made(const PlanShape &shape) const;
  std::shared_ptr<Plan> find_ready(const PlanShape &shape) const;
  std::shared_ptr<Plan> make_plan(const PlanShape &shape);
  int64_t round_up(const PlanShape &shape) const;
  std::shared_ptr<Plan> tune(const PlanShape &shape);
  std::shared_ptr<Plan> new_plan(const PlanShape &shape, bool channels_last);
  std::shared_ptr<Plan> try_layout(const PlanShape &shape, bool channels_last,
                                   double *ms);
  void offer(const std::shared_ptr<Plan> &plan);
  void take_shared_plans(const TsShimInput &input);
  void try_graph(Plan &plan);
  void make_workspace();
  void forget_plans();
  bool out_of_memory(const char *what) const;
  std::shared_ptr<ts::Variant> variant(bool channels_last);
  void drop_variant(bool channels_last);
  const TsShimValue *head_value(const Plan &plan, int64_t n);

  ts::Share &share_;
  c10::cuda::CUDAStream stream_;  // for the frames' bytes
  // For the plans that this lane makes: cuBLAS keeps 32 MB for every stream.
  c10::cuda::CUDAStream plan_stream_;
  ts::Timer upload_time_;
  ts::Event done_;
  ts::Upload upload_;
  std::vector<TsShimFrame> on_card_;
  std::vector<std::shared_ptr<Plan>> plans_;
  ts::Pinned host_;       // of a head, the best of the last run
  Plan *last_ = nullptr;  // that of the last run
  bool last_is_head_ = false;
  int64_t last_n_ = 0;
  int64_t largest_ = 0;
  bool channels_last_ = false;  // the faster layout, as far as measured
  TsShimValue value_;
};

namespace {

ts::Share &share_of(TsShimModule &module) {
  std::lock_guard<std::mutex> guard(module.lanes_lock);
  if (!module.lanes_share) module.lanes_share = std::make_shared<ts::Share>();
  return *static_cast<ts::Share *>(module.lanes_share.get());
}

}  // namespace

TsShimLane::TsShimLane(TsShimModule &module)
    : module(module),
      share_(share_of(module)),
      stream_(c10::cuda::getStreamFromPool(false, module.device.index())),
      plan_stream_(c10::cuda::getStreamFromPool(false, module.device.index())),
      upload_(stream_) {
  // The weights came by another stream.
  ts::check_cuda(cudaDeviceSynchronize());
  make_workspace();
}

// cuBLAS' workspace is for good: not in what cuDNN's search takes (try_layout()).  It
// comes from libtorch's allocator, which a module without weights has not started.
void TsShimLane::make_workspace() {
  c10::cuda::CUDAStreamGuard on_stream(plan_stream_);
  try {
    at::empty({0}, at::device(module.device));
    at::cuda::getCurrentCUDABlasHandle();
  } catch (const std::exception &) {
    cudaGetLastError();  // who needs it will say so
  }
}

std::shared_ptr<ts::Variant> TsShimLane::variant(bool channels_last) {
  std::lock_guard<std::mutex> guard(share_.lock);
  auto &variant = share_.variants[channels_last];
  if (!variant) variant = std::make_shared<ts::Variant>(module, channels_last);
  return variant;
}

// Its weights go with the last plan that uses them.
void TsShimLane::drop_variant(bool channels_last) {
  std::lock_guard<std::mutex> guard(share_.lock);
  share_.variants[channels_last].reset();
}

std::shared_ptr<Plan> TsShimLane::new_plan(const PlanShape &shape, bool channels_last) {
  // Weights that are laid out anew are so on the stream that reads them first.
  c10::cuda::CUDAStreamGuard on_stream(plan_stream_);
  auto plan = std::make_shared<Plan>(variant(channels_last), shape, plan_stream_);
  upload_time_.hold(plan->stream());
  plan->fill(on_card_);
  plan->warm_up();
  return plan;
}

// A large graph is there for the other lanes as well.
void TsShimLane::offer(const std::shared_ptr<Plan> &plan) {
  if (plan->bytes > ts::kOwnPlanBytes) share_.plans.push_back(plan);
}

void TsShimLane::take_shared_plans(const TsShimInput &input) {
  auto &shared = share_.plans;
  shared.erase(std::remove_if(shared.begin(), shared.end(),
                              [](const auto &plan) { return plan.expired(); }),
               shared.end());
  for (const auto &weak : shared) {
    auto plan = weak.lock();
    if (ts::same_input(plan->shape().input, input) &&
        std::find(plans_.begin(), plans_.end(), plan) == plans_.end())
      plans_.push_back(plan);
  }
}

void TsShimLane::try_graph(Plan &plan) {
  c10::cuda::CUDAStreamGuard on_stream(plan.stream());
  std::string reason;
  c10::cuda::CUDACachingAllocator::emptyCache();
  const int64_t before = ts::bytes_on_card(module.device);
  if (plan.try_capture(&reason))
    plan.note = "as a CUDA graph";
  else
    plan.note = "call by call, as there can be no CUDA graph: " + reason;
  c10::cuda::CUDACachingAllocator::emptyCache();
  if (!plan.is_graph()) return;
  plan.bytes = ts::bytes_on_card(module.device) - before;
  plan.note += " in " + std::to_string(plan.bytes >> 20) + " MB";
}

std::shared_ptr<Plan> TsShimLane::try_layout(const PlanShape &shape, bool channels_last,
                                             double *ms) {
  // cuDNN's search takes gigabytes for a moment. What the first plan keeps lies in them,
  // so that libtorch would keep them all; the second has no search any more.
  new_plan(shape, channels_last);
  c10::cuda::CUDACachingAllocator::emptyCache();
  auto plan = new_plan(shape, channels_last);
  try_graph(*plan);
  c10::cuda::CUDAStreamGuard on_stream(plan->stream());
  *ms = ts::time_ms(*plan);
  return plan;
}

// Makes a plan of each layout, measures, keeps the faster.
std::shared_ptr<Plan> TsShimLane::tune(const PlanShape &shape) {
  ts::Benchmarking benchmarking;
  double plain_ms = 0, other_ms = 0;
  auto best = try_layout(shape, false, &plain_ms);
  channels_last_ = false;
  if (module.is_frozen && !shape.input.interleaved && shape.input.channels > 1) {
    try {
      auto other = try_layout(shape, true, &other_ms);
      channels_last_ = other_ms < plain_ms;
      if (channels_last_) std::swap(best, other);
    } catch (const std::exception &) {
      cudaGetLastError();  // the plain layout works
    }
  }
  best->note += ", " + ts::layout_name(channels_last_) + " (" + ts::in_ms(plain_ms) +
                " contiguous" +
                (other_ms > 0 ? ", " + ts::in_ms(other_ms) + " channels_last)" : ")");
  drop_variant(!channels_last_);
  c10::cuda::CUDACachingAllocator::emptyCache();
  return best;
}

std::shared_ptr<Plan> TsShimLane::find_made(const PlanShape &shape) const {
  std::shared_ptr<Plan> same, larger;
  for (const auto &plan : plans_) {
    const PlanShape &made = plan->shape();
    if (!ts::same_input(made.input, shape.input) || made.keep != shape.keep) continue;
    if (made.n == shape.n && (!same || plan->is_graph())) same = plan;
    // Places left over cost less than another plan, and a head can be cut.
    if (plan->is_head() && made.n > shape.n && made.n <= 2 * shape.n &&
        (!larger || made.n < larger->shape().n))
      larger = plan;
  }
  return same ? same : larger;
}

// How many places a plan for @n has: a head can be cut, and few sizes are soon made.
int64_t TsShimLane::round_up(const PlanShape &shape) const {
  const bool can_cut = std::any_of(plans_.begin(), plans_.end(), [&](const auto &plan) {
    return plan->is_head() && plan->shape().keep == shape.keep;
  });
  int64_t n = 1;
  while (n < shape.n) n *= 2;
  return can_cut ? std::min(n, largest_) : shape.n;
}

// A plan that needs nothing more to be done to it, or NULL.
std::shared_ptr<Plan> TsShimLane::find_ready(const PlanShape &shape) const {
  auto plan = find_made(shape);
  return plan && (plan->is_graph() || plan->runs != ts::kRunsBeforeGraph) ? plan
                                                                          : nullptr;
}

std::shared_ptr<Plan> TsShimLane::make_plan(const PlanShape &shape) {
  std::shared_ptr<Plan> plan = find_made(shape);
  if (plan) {
    try_graph(*plan);
  } else if (shape.n > largest_) {
    plan = tune(shape);
    largest_ = shape.n;
    plan->runs = ts::kRunsBeforeGraph;
    plans_.push_back(plan);
  } else {
    PlanShape rounded = shape;
    rounded.n = round_up(shape);
    plan = new_plan(rounded, channels_last_);
    plans_.push_back(plan);
  }
  offer(plan);
  return plan;
}

std::shared_ptr<Plan> TsShimLane::find_plan(const PlanShape &shape) {
  if (!plans_.empty() && !ts::same_input(plans_[0]->shape().input, shape.input)) {
    forget_plans();
    largest_ = 0;
  }
  {
    ts::Together together;
    if (auto plan = find_ready(shape)) return plan;
  }
  ts::Alone alone;
  take_shared_plans(shape.input);
  auto plan = find_ready(shape);
  return plan ? plan : make_plan(shape);
}

void TsShimLane::prepare_as(const TsShimLane &other) {
  c10::InferenceMode inference;
  c10::cuda::CUDAStreamGuard on_stream(stream_);
  ts::Alone alone;
  channels_last_ = other.channels_last_;
  largest_ = other.largest_;
  for (const auto &made : other.plans_) {
    if (made->bytes > ts::kOwnPlanBytes) {
      plans_.push_back(made);
      continue;
    }
    auto plan = new_plan(made->shape(), made->is_channels_last());
    if (made->is_graph()) try_graph(*plan);
    plan->runs = ts::kRunsBeforeGraph + 1;
    plan->bytes = made->bytes;
    plan->note = made->note;
    plans_.push_back(std::move(plan));
  }
}

void TsShimLane::forget_plans() {
  last_ = nullptr;
  plans_.clear();
  ts::Alone alone;  // nothing can be given back while another lane makes a graph
  c10::cuda::CUDACachingAllocator::emptyCache();
}

const TsShimValue *TsShimLane::head_value(const Plan &plan, int64_t n) {
  value_ = TsShimValue();
  value_.kind = TS_SHIM_TENSOR;
  value_.tensor.data = host_.data();
  value_.tensor.dtype = TS_SHIM_FLOAT32;
  value_.tensor.n_dims = 3;
  value_.tensor.shape[0] = n;
  value_.tensor.shape[1] = plan.rows();
  value_.tensor.shape[2] = plan.shape().keep;
  return &value_;
}

// What is queued on the plan's stream is in order, so that only the queuing has to be
// one lane's at a time; an answer that is no head is copied before the next one's run.
const TsShimValue *TsShimLane::run_on_card(const PlanShape &shape,
                                           const TsShimFrame *frames) {
  upload_time_.begin(stream_);
  upload_.start(frames, (size_t)shape.n, &on_card_);
  upload_time_.end(stream_);
  const std::shared_ptr<Plan> found = find_plan(shape);
  Plan &plan = *found;
  ts::Together together;
  c10::cuda::CUDAStreamGuard on_stream(plan.stream());
  std::unique_lock<std::mutex> turn(plan.turn);
  last_ = nullptr;
  upload_time_.hold(plan.stream());
  plan.fill(on_card_);
  plan.run();
  plan.runs++;
  const bool is_head = plan.is_head();
  if (is_head) plan.fetch(&host_);
  done_.record(plan.stream());
  plan.last_user = this;
  if (is_head) turn.unlock();
  done_.wait();
  upload_ns = upload_time_.ns();
  last_ = &plan;
  last_is_head_ = is_head;
  last_n_ = shape.n;
  if (is_head) return head_value(plan, shape.n);
  value_ = ts::to_value(plan.answer(), module.path);
  return &value_;
}

// cuDNN without memory only says that no algorithm works.
bool TsShimLane::out_of_memory(const char *what) const {
  if (ts::is_out_of_memory(what)) return true;
  size_t free = 0, total = 0;
  const bool vague = strstr(what, "unable to find an engine") != nullptr ||
                     strstr(what, "ALLOC_FAILED") != nullptr;
  return vague && cudaMemGetInfo(&free, &total) == cudaSuccess &&
         free < ts::kLittleMemory;
}

// What is kept for speed may be what is missing: without it there is another try.
const TsShimValue *TsShimLane::run_in_room(const PlanShape &shape,
                                           const TsShimFrame *frames) {
  try {
    return run_on_card(shape, frames);
  } catch (const std::exception &e) {
    cudaGetLastError();
    if (plans_.empty() || !out_of_memory(e.what())) throw;
  }
  forget_plans();
  return run_on_card(shape, frames);
}

const TsShimValue *TsShimLane::run(const PlanShape &shape, const TsShimFrame *frames) {
  c10::InferenceMode inference;
  c10::cuda::CUDAStreamGuard on_stream(stream_);
  ts::check_cuda(cudaSetDevice(module.device.index()));
  ts::use_threads(module.threads);
  std::unique_lock<std::mutex> turn(share_.turn, std::defer_lock);
  if (module.keeps_state) turn.lock();
  try {
    return run_in_room(shape, frames);
  } catch (const std::exception &e) {
    cudaGetLastError();
    if (!out_of_memory(e.what())) throw;
    forget_plans();
    throw ts::Error(TS_SHIM_ERROR_MEMORY,
                    module.path + ": " + std::to_string(shape.n) +
                        (shape.n == 1 ? " frame does" : " frames do") +
                        " not fit into the free memory of " + module.device.str() +
                        "; use smaller batches, or free memory there (" +
                        ts::core_message(e.what()) + ")");
  }
}

TsShimValue TsShimLane::answer() const {
  if (last_ == nullptr)
    throw ts::Error(TS_SHIM_ERROR_ARGUMENT, "the lane has run nothing yet");
  if (!last_is_head_) return value_;
  c10::cuda::CUDAStreamGuard on_stream(last_->stream());
  ts::Together together;
  std::lock_guard<std::mutex> turn(last_->turn);
  if (last_->last_user != this)
    throw ts::Error(TS_SHIM_ERROR_ARGUMENT, "another lane has run since");
  c10::IValue answer = last_->answer();
  if (last_n_ < last_->shape().n) answer = answer.toTensor().narrow(0, 0, last_n_);
  return ts::to_value(answer, module.path);
}

namespace ts {
namespace {

void check_input(const TsShimInput &input, const TsShimFrame *frames, size_t n) {
  if (n == 0 || frames == nullptr)
    throw Error(TS_SHIM_ERROR_ARGUMENT, "a lane is given no frame");
  if (input.dtype > TS_SHIM_BFLOAT16 || (input.channels != 1 && input.channels != 3))
    throw Error(TS_SHIM_ERROR_ARGUMENT,
                "a lane makes tensors of float32, float16 or bfloat16 with 1 channel or "
                "3");
}

TsShimStatus lane_new(TsShimModule *module, const TsShimLane *like, TsShimLane **lane,
                      char *error, size_t error_size) {
  auto prefix = [&] { return module->path + ": no lane to the card: "; };
  return guard(error, error_size, TS_SHIM_ERROR_DEVICE, prefix, [&] {
    if (!module->device.is_cuda())
      throw Error(TS_SHIM_ERROR_DEVICE, module->path + " is on " + module->device.str() +
                                            "; frames go straight to CUDA devices only");
    c10::cuda::CUDAGuard on_device(module->device);
    auto made = std::make_unique<TsShimLane>(*module);
    if (like != nullptr) made->prepare_as(*like);
    *lane = made.release();
  });
}

void lane_free(TsShimLane *lane) {
  if (lane == nullptr) return;
  c10::cuda::CUDAGuard on_device(lane->module.device);
  delete lane;
}

TsShimStatus lane_run(TsShimLane *lane, const TsShimInput *input,
                      const TsShimFrame *frames, size_t n, size_t keep,
                      const TsShimValue **output, char *error, size_t error_size) {
  auto prefix = [&] {
    return lane->module.path + ": " + lane->module.method_name + "() failed on " +
           std::to_string(n) + (n == 1 ? " frame of " : " frames of ") +
           std::to_string(input->width) + "x" + std::to_string(input->height) +
           " pixels: ";
  };
  return guard(error, error_size, TS_SHIM_ERROR_FORWARD, prefix, [&] {
    check_input(*input, frames, n);
    advise_on_devices(lane->module.device, [&] {
      *output = lane->run({(int64_t)n, *input, (int64_t)keep}, frames);
    });
  });
}

TsShimStatus lane_answer(TsShimLane *lane, TsShimValue **answer, char *error,
                         size_t error_size) {
  auto prefix = [&] { return lane->module.path + ": no answer from the card: "; };
  return guard(error, error_size, TS_SHIM_ERROR_FORWARD, prefix,
               [&] { *answer = new TsShimValue(lane->answer()); });
}

int64_t lane_upload_ns(const TsShimLane *lane) { return lane->upload_ns; }

const char *lane_note(const TsShimLane *lane) { return lane->note(); }

void *host_alloc(const char *device, size_t size) {
  void *memory = nullptr;
  if (cudaSetDevice(c10::Device(device).index()) == cudaSuccess &&
      cudaHostAlloc(&memory, size, cudaHostAllocPortable) == cudaSuccess)
    return memory;
  cudaGetLastError();
  return nullptr;
}

void host_free(void *memory) { cudaFreeHost(memory); }

}  // namespace

void prepare_card(c10::Device device) {
  c10::cuda::CUDAGuard on_device(device);
  size_t free = 0, total = 0;
  check_cuda(cudaMemGetInfo(&free, &total));
  if (free < kStreamsMemory)
    throw Error(TS_SHIM_ERROR_MEMORY, device.str() + " has " +
                                          std::to_string(free >> 20) +
                                          " MB of free memory; free some there");
  c10::cuda::getStreamFromPool(false, device.index());
}

int64_t bytes_on_card(c10::Device device) {
  if (!device.is_cuda()) return -1;
  // A module without weights has not started it, and it tells by an exception.
  if (!c10::cuda::CUDACachingAllocator::get()->initialized()) return 0;
  // The first of the figures is the sum of all kinds of blocks.
  return c10::cuda::CUDACachingAllocator::getDeviceStats(device.index())
      .reserved_bytes[0]
      .current;
}

void release_card_memory() {
  try {
    c10::cuda::CUDACachingAllocator::emptyCache();
  } catch (const std::exception &) {
    cudaGetLastError();
  }
}

void fill_lane_functions(TsShimApi *api) {
  api->lane_new = lane_new;
  api->lane_free = lane_free;
  api->lane_run = lane_run;
  api->lane_answer = lane_answer;
  api->lane_note = lane_note;
  api->lane_upload_ns = lane_upload_ns;
  api->host_alloc = host_alloc;
  api->host_free = host_free;
}

}  // namespace ts
