// cuda_upload.cpp - the bytes of frames to a card
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cuda_upload.h"

namespace ts {
namespace {

constexpr size_t kAlignment = 256;
// Two planes that are no further apart are one piece of memory: less than a page, so
// that what lies between can be read.
constexpr ptrdiff_t kLargestGap = 2048;

// A stretch of memory with one or more planes in it.
struct Span {
  const uint8_t *data;
  size_t size;
};

size_t plane_size(const TsShimFrame &frame, int plane) {
  return (size_t)(frame.rows[plane] - 1) * (size_t)frame.stride[plane] +
         (size_t)frame.row_bytes[plane];
}

size_t aligned(size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

// Calls @use for every span with its place in the frame's memory on the card.
template <typename Use>
size_t for_each_span(const TsShimFrame &frame, Use use) {
  size_t offset = 0;
  for (int first = 0; first < frame.n_planes;) {
    const uint8_t *end = frame.plane[first] + plane_size(frame, first);
    int next = first + 1;
    for (; next < frame.n_planes; next++) {
      const ptrdiff_t gap = frame.plane[next] - end;
      if (gap < 0 || gap > kLargestGap) break;
      end = frame.plane[next] + plane_size(frame, next);
    }
    const Span span = {frame.plane[first], (size_t)(end - frame.plane[first])};
    use(span, offset, first, next);
    offset += aligned(span.size);
    first = next;
  }
  return offset;
}

size_t frame_size(const TsShimFrame &frame) {
  return for_each_span(frame, [](const Span &, size_t, int, int) {});
}

bool is_pinned(const void *data) {
  cudaPointerAttributes attributes;
  if (cudaPointerGetAttributes(&attributes, data) == cudaSuccess)
    return attributes.type == cudaMemoryTypeHost;
  cudaGetLastError();
  return false;
}

}  // namespace

void Upload::copy(const uint8_t *from, uint8_t *to, uint8_t *staging, size_t size) {
  auto queue = [&](const uint8_t *source, size_t at, size_t n) {
    check_cuda(cudaMemcpyAsync(to + at, source + at, n, cudaMemcpyHostToDevice, stream_));
  };
  if (is_pinned(from)) {
    queue(from, 0, size);
    return;
  }
  stager_.copy(from, staging, size, [&](size_t at, size_t n) { queue(staging, at, n); });
}

void Upload::start(const TsShimFrame *frames, size_t n,
                   std::vector<TsShimFrame> *on_card) {
  size_t size = 0;
  for (size_t i = 0; i < n; i++) size += frame_size(frames[i]);
  staging_.reserve(size);
  uint8_t *staging = (uint8_t *)staging_.data();
  uint8_t *memory = reserve(&memory_, (int64_t)size, stream_.device());
  on_card->assign(frames, frames + n);
  for (size_t i = 0; i < n; i++) {
    const size_t used = for_each_span(
        frames[i], [&](const Span &span, size_t offset, int first, int next) {
          copy(span.data, memory + offset, staging + offset, span.size);
          for (int plane = first; plane < next; plane++)
            (*on_card)[i].plane[plane] =
                memory + offset + (frames[i].plane[plane] - span.data);
        });
    memory += used;
    staging += used;
  }
}

}  // namespace ts
