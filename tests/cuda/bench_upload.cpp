// bench_upload.cpp - how long a frame of 1080p NV12 takes to become a tensor on the card
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Usage: bench_upload
// From ordinary and from page-locked memory, until the host knows that the tensor is
// there.  Prints one JSON object for each.
#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "cuda_kernels.h"
#include "cuda_upload.h"

namespace {

constexpr int kWidth = 1920, kHeight = 1080, kEdge = 1024, kResized = 576;
constexpr size_t kSize = (size_t)kWidth * kHeight * 3 / 2;
constexpr int kFrames = 8, kRuns = 400;

TsShimFrame frame_at(const uint8_t *pixels) {
  TsShimFrame frame = {};
  frame.width = kWidth;
  frame.height = kHeight;
  frame.n_planes = 2;
  frame.plane[0] = pixels;
  frame.plane[1] = pixels + (size_t)kWidth * kHeight;
  frame.stride[0] = frame.stride[1] = frame.row_bytes[0] = frame.row_bytes[1] = kWidth;
  frame.rows[0] = kHeight;
  frame.rows[1] = kHeight / 2;
  frame.component[0] = {0, 0, 1, 0};
  frame.component[1] = {1, 0, 2, 1};
  frame.component[2] = {1, 1, 2, 1};
  frame.is_yuv = 1;
  frame.yuv = {1192, 16, 1192, 1836, -218, -546, 2164};
  frame.resized_width = kEdge;
  frame.resized_height = kResized;
  frame.top = (kEdge - kResized) / 2;
  return frame;
}

void measure(const char *name, uint8_t *const *pixels) {
  const auto stream = c10::cuda::getStreamFromPool(false, 0);
  c10::cuda::CUDAStreamGuard on_stream(stream);
  TsShimInput input = {};
  input.width = input.height = kEdge;
  input.channels = 3;
  for (float &scale : input.scale) scale = 1 / 255.f;
  input.dtype = TS_SHIM_FLOAT16;
  at::Tensor tensor = at::empty({1, 3, kEdge, kEdge}, at::device(at::kCUDA).dtype(at::kHalf));
  ts::Upload upload(stream);
  std::vector<TsShimFrame> on_card;
  std::vector<double> ms;
  for (int i = 0; i < kRuns; i++) {
    const TsShimFrame frame = frame_at(pixels[i % kFrames]);
    const auto start = std::chrono::steady_clock::now();
    upload.start(&frame, 1, &on_card);
    ts::check_cuda(ts::cuda_tensorize({on_card[0], input, true}, tensor.data_ptr(), stream));
    ts::check_cuda(cudaStreamSynchronize(stream));
    const std::chrono::duration<double, std::milli> time =
        std::chrono::steady_clock::now() - start;
    ms.push_back(time.count());
  }
  std::sort(ms.begin(), ms.end());
  printf("{\"bench\": \"upload\", \"memory\": \"%s\", \"format\": \"NV12\", "
         "\"width\": %d, \"height\": %d, \"ms\": {\"min\": %.4f, "
         "\"median\": %.4f, \"p90\": %.4f}}\n",
         name, kWidth, kHeight, ms[0], ms[ms.size() / 2],
         ms[ms.size() * 9 / 10]);
}

void fill(uint8_t *pixels, size_t seed) {
  for (size_t k = 0; k < kSize; k++) pixels[k] = (uint8_t)(((k + seed) * 2654435761u) >> 13);
}

}  // namespace

int main() {
  std::vector<std::vector<uint8_t>> ordinary(kFrames, std::vector<uint8_t>(kSize));
  uint8_t *pixels[kFrames];
  ts::Pinned pinned[kFrames];
  for (int i = 0; i < kFrames; i++) fill(pixels[i] = ordinary[i].data(), i * 977);
  measure("ordinary", pixels);
  for (int i = 0; i < kFrames; i++) {
    pinned[i].reserve(kSize);
    fill(pixels[i] = (uint8_t *)pinned[i].data(), i * 977);
  }
  measure("page-locked", pixels);
  return 0;
}
