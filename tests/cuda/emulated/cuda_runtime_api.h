// cuda_runtime_api.h - as much of CUDA as the kernels need, on the CPU
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Threads run one after the other; those of a block of 1024 take turns, so that they
// can meet at barriers.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include <cmath>
#include <functional>
#include <vector>

#define __device__
#define __global__
#define __shared__ static

typedef void *cudaStream_t;
enum cudaError_t { cudaSuccess = 0 };
inline cudaError_t cudaGetLastError() { return cudaSuccess; }

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

struct uint4 {
  uint32_t x, y, z, w;
};

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  cudaStream_t stream;
};

inline dim3 gridDim, blockDim, blockIdx, threadIdx;

using std::isfinite;

inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline uint32_t max(uint32_t a, uint32_t b) { return a > b ? a : b; }
inline int __float2int_rn(float value) { return (int)lrintf(value); }
inline float __expf(float value) { return expf(value); }
inline void atomicAdd(int *sum, int value) { *sum += value; }

inline uint32_t __float_as_uint(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// The threads of one block that take turns.
struct EmulatedBlock {
  static constexpr unsigned kThreads = 1024;
  static constexpr size_t kStack = 16 * 1024;

  std::function<void()> kernel;
  std::vector<char> stacks = std::vector<char>(kThreads * kStack);
  std::vector<ucontext_t> threads = std::vector<ucontext_t>(kThreads);
  std::vector<int> shuffled = std::vector<int>(kThreads);
  std::vector<bool> ended;
  ucontext_t scheduler;

  static EmulatedBlock &get() {
    static EmulatedBlock block;
    return block;
  }

  static void enter() {
    get().kernel();
    get().ended[threadIdx.x] = true;
    get().wait();
  }

  void wait() { swapcontext(&threads[threadIdx.x], &scheduler); }

  void start(unsigned i) {
    getcontext(&threads[i]);
    threads[i].uc_stack.ss_sp = &stacks[i * kStack];
    threads[i].uc_stack.ss_size = kStack;
    threads[i].uc_link = nullptr;
    makecontext(&threads[i], enter, 0);
  }

  // From barrier to barrier, each thread in turn.
  void run() {
    ended.assign(kThreads, false);
    for (unsigned i = 0; i < kThreads; i++) start(i);
    while (!ended[0])
      for (unsigned i = 0; i < kThreads; i++) {
        threadIdx = dim3(i, 0, 0);
        swapcontext(&scheduler, &threads[i]);
      }
  }
};

inline void __syncthreads() { EmulatedBlock::get().wait(); }

// All threads of the block come by; so a barrier of the block is one of the warp.
inline int __shfl_up_sync(uint32_t, int value, int step) {
  EmulatedBlock &block = EmulatedBlock::get();
  const int self = (int)threadIdx.x;
  block.shuffled[self] = value;
  __syncthreads();
  const int other = block.shuffled[self % 32 >= step ? self - step : self];
  __syncthreads();
  return other;
}

template <typename Run>
void emulate_block(Run run) {
  if (blockDim.x == EmulatedBlock::kThreads) {
    EmulatedBlock::get().kernel = run;
    EmulatedBlock::get().run();
    return;
  }
  for (unsigned y = 0; y < blockDim.y; y++)
    for (unsigned x = 0; x < blockDim.x; x++) {
      threadIdx = dim3(x, y, 0);
      run();
    }
}

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config,
                               void (*kernel)(Parameters...), Arguments... arguments) {
  gridDim = config->gridDim;
  blockDim = config->blockDim;
  for (unsigned z = 0; z < gridDim.z; z++)
    for (unsigned y = 0; y < gridDim.y; y++)
      for (unsigned x = 0; x < gridDim.x; x++) {
        blockIdx = dim3(x, y, z);
        emulate_block([&] { kernel(arguments...); });
      }
  return cudaSuccess;
}
