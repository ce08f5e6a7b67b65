// cuda_kernels.cu - pixels to tensors, heads to candidates, activations
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Compiled without contraction to fused multiply-add, as gst/frame/ is: the numbers
// must be the same.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "cuda_kernels.h"

namespace ts {
namespace {

constexpr int kWeightOne = 2048;

// Not in the brackets that only nvcc reads: tests/cuda/ runs these kernels without it.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, cudaStream_t stream,
            Arguments... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  cudaLaunchKernelEx(&config, kernel, arguments...);
}

template <typename T>
__device__ T from_float(float value);
template <>
__device__ float from_float(float value) {
  return value;
}
template <>
__device__ __half from_float(float value) {
  return __float2half_rn(value);
}
template <>
__device__ __nv_bfloat16 from_float(float value) {
  return __float2bfloat16_rn(value);
}

__device__ float to_float(float value) { return value; }
__device__ float to_float(__half value) { return __half2float(value); }
__device__ float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }

// Pixels to a tensor

struct Colors {
  int c[3];
};

__device__ int sample(const TsShimFrame &f, int component, int x, int y) {
  const TsShimComponent k = f.component[component];
  return f.plane[k.plane][(int64_t)(y >> k.shift) * f.stride[k.plane] + k.offset +
                          (int64_t)(x >> k.shift) * k.step];
}

__device__ int16_t multiply_high(int16_t a, int16_t b) {
  return (int16_t)((a * b) >> 16);
}

__device__ int to_level(int16_t sum) {
  int level = (int16_t)(sum + 16 + 1) >> 5;
  return min(max(level, 0), 255);
}

// tscolor.c, ts_yuv_to_rgbx().
__device__ Colors yuv_to_rgb(const TsShimYuv &k, int y, int cb, int cr) {
  int16_t luma = multiply_high((int16_t)((y - k.y_black) * 128), k.y_gain);
  int16_t u = (int16_t)((cb - 128) * 256), v = (int16_t)((cr - 128) * 256);
  return {{to_level((int16_t)(luma + multiply_high(v, k.cr_to_r))),
           to_level((int16_t)(luma + multiply_high(u, k.cb_to_g) +
                              multiply_high(v, k.cr_to_g))),
           to_level((int16_t)(luma + multiply_high(u, k.cb_to_b)))}};
}

// tscolor.c, ts_yuv_to_luma() and ts_rgb_to_luma(), which leaves grey as it is.
__device__ int luma(const TsShimFrame &f, int x, int y) {
  if (f.is_yuv) {
    int level =
        ((sample(f, 0, x, y) - f.yuv.y_black) * f.yuv.luma_gain + (1 << 15)) >> 16;
    return min(max(level, 0), 255);
  }
  return (sample(f, 0, x, y) * 9798 + sample(f, 1, x, y) * 19235 +
          sample(f, 2, x, y) * 3735 + (1 << 14)) >>
         15;
}

template <int channels>
__device__ Colors pixel(const TsShimFrame &f, int x, int y) {
  if (channels == 1) return {{luma(f, x, y), 0, 0}};
  Colors p = {{sample(f, 0, x, y), sample(f, 1, x, y), sample(f, 2, x, y)}};
  return f.is_yuv ? yuv_to_rgb(f.yuv, p.c[0], p.c[1], p.c[2]) : p;
}

// Two neighbours of an axis and their weights: tsaxis.c.
struct Pair {
  int first, second, weight0, weight1;
};

__device__ Pair weigh(int first, float fraction) {
  return {first, first + 1, __float2int_rn((1.f - fraction) * kWeightOne),
          __float2int_rn(fraction * kWeightOne)};
}

__device__ Pair row_pair(int i, double scale, int source) {
  float position = (float)((i + 0.5) * scale - 0.5);
  int first = (int)floorf(position);
  Pair pair = weigh(first, position - first);
  pair.first = max(first, 0);
  pair.second = min(first + 1, source - 1);
  return pair;
}

__device__ Pair column_pair(int i, double scale, int source) {
  float position = (float)((i + 0.5) * scale - 0.5);
  int first = (int)floorf(position);
  Pair pair = weigh(first, position - first);
  if (first < 0)
    pair = weigh(0, 0.f);
  else if (first >= source - 1)
    pair = weigh(max(source - 2, 0), source > 1 ? 1.f : 0.f);
  pair.second = min(pair.second, source - 1);
  return pair;
}

// tsrow.c: the two passes of OpenCV's INTER_LINEAR on 8 bits.
__device__ int blend(int a, int b, int c, int d, const Pair &x, const Pair &y) {
  int above = (a * x.weight0 + b * x.weight1) >> 4;
  int below = (c * x.weight0 + d * x.weight1) >> 4;
  return (((above * y.weight0) >> 16) + ((below * y.weight1) >> 16) + 2) >> 2;
}

template <int channels>
__device__ Colors resample(const TsShimFrame &f, int column, int row) {
  const Pair x = column_pair(
      column, 1. / ((double)f.resized_width / f.width), f.width);
  const Pair y =
      row_pair(row, 1. / ((double)f.resized_height / f.height), f.height);
  const Colors a = pixel<channels>(f, x.first, y.first);
  const Colors b = pixel<channels>(f, x.second, y.first);
  const Colors c = pixel<channels>(f, x.first, y.second);
  const Colors d = pixel<channels>(f, x.second, y.second);
  Colors out;
  for (int i = 0; i < channels; i++)
    out.c[i] = blend(a.c[i], b.c[i], c.c[i], d.c[i], x, y);
  return out;
}

template <typename T, int channels>
__global__ void tensorize(const CudaTensorize job, T *__restrict__ out) {
  const TsShimInput &in = job.input;
  const int column = blockIdx.x * blockDim.x + threadIdx.x;
  const int row = blockIdx.y * blockDim.y + threadIdx.y;
  if (column >= in.width || row >= in.height) return;
  const int x = column - job.frame.left, y = row - job.frame.top;
  const bool inside = x >= 0 && x < job.frame.resized_width && y >= 0 &&
                      y < job.frame.resized_height;
  Colors color = {{in.pad_value, in.pad_value, in.pad_value}};
  if (inside) color = resample<channels>(job.frame, x, y);
  const size_t at = (size_t)row * in.width + column;
  const size_t area = (size_t)in.width * in.height;
  for (int c = 0; c < channels; c++) {
    const int source = channels == 3 && in.bgr ? 2 - c : c;
    const float value = color.c[source] * in.scale[source] + in.offset[source];
    out[job.interleaved ? at * channels + c : c * area + at] = from_float<T>(value);
  }
}

template <typename T>
void launch_tensorize(const CudaTensorize &job, void *out, cudaStream_t stream) {
  const dim3 block(32, 8);
  const dim3 grid((job.input.width + 31) / 32, (job.input.height + 7) / 8);
  if (job.input.channels == 1)
    launch(tensorize<T, 1>, grid, block, stream, job, (T *)out);
  else
    launch(tensorize<T, 3>, grid, block, stream, job, (T *)out);
}

// Heads to candidates

constexpr int kSelectThreads = 1024;
constexpr int kDigits = 256;
constexpr uint32_t kWorst = 0, kBest = 0xffffffff;

// Rises as the score does; never kBest for a finite one.
__device__ uint32_t to_key(float score) {
  const uint32_t bits = __float_as_uint(score);
  return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

template <typename T>
__global__ void find_best_class(const T *__restrict__ data, int rows, int anchors,
                                uint32_t *__restrict__ keys) {
  const int anchor = blockIdx.x * blockDim.x + threadIdx.x;
  if (anchor >= anchors) return;
  const T *column = data + (size_t)blockIdx.y * rows * anchors + anchor;
  uint32_t best = kWorst;
  for (int row = 4; row < rows; row++) {
    const float score = to_float(column[(size_t)row * anchors]);
    best = max(best, isfinite(score) ? to_key(score) : kBest);
  }
  keys[(size_t)blockIdx.y * anchors + anchor] = best;
}

// The sum of @value over the threads before this one; *total is that of all.
__device__ int prefix_sum(int value, int *warp_sums, int *total) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int sum = value;
  for (int step = 1; step < 32; step *= 2) {
    const int other = __shfl_up_sync(0xffffffff, sum, step);
    if (lane >= step) sum += other;
  }
  if (lane == 31) warp_sums[warp] = sum;
  __syncthreads();
  int before = 0, all = 0;
  for (int i = 0; i < kSelectThreads / 32; i++) {
    if (i < warp) before += warp_sums[i];
    all += warp_sums[i];
  }
  __syncthreads();
  *total = all;
  return before + sum - value;
}

struct Cut {
  uint32_t key;  // the worst that is kept
  int n_equal;   // how many of those with that very key
};

// Finds, digit by digit, the key of the column that ranks last among the kept.
__device__ Cut find_cut(const uint32_t *keys, int anchors, int keep) {
  __shared__ int count[kDigits];
  __shared__ Cut cut;
  uint32_t prefix = 0, mask = 0;
  int wanted = keep;
  for (int shift = 24; shift >= 0; shift -= 8) {
    for (int i = threadIdx.x; i < kDigits; i += blockDim.x) count[i] = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < anchors; i += blockDim.x)
      if ((keys[i] & mask) == prefix) atomicAdd(&count[keys[i] >> shift & 255], 1);
    __syncthreads();
    if (threadIdx.x == 0) {
      int digit = kDigits - 1, left = wanted;
      while (digit > 0 && count[digit] < left) left -= count[digit--];
      cut.key = prefix | (uint32_t)digit << shift;
      cut.n_equal = left;
    }
    __syncthreads();
    prefix = cut.key;
    wanted = cut.n_equal;
    mask |= 0xffu << shift;
    __syncthreads();
  }
  return cut;
}

// A block an item.  *order gets the kept columns, rising.
__global__ void choose(const uint32_t *__restrict__ keys, int anchors, int keep,
                       int *__restrict__ order) {
  __shared__ int sums[kSelectThreads / 32];
  const uint32_t *mine = keys + (size_t)blockIdx.x * anchors;
  const Cut cut = find_cut(mine, anchors, keep);
  int n_kept = 0, n_equal = 0;
  for (int first = 0; first < anchors; first += blockDim.x) {
    const int i = first + threadIdx.x;
    const uint32_t key = i < anchors ? mine[i] : 0;
    int n_equal_here, n_kept_here;
    const bool equal = i < anchors && key == cut.key;
    const int equal_before = n_equal + prefix_sum(equal, sums, &n_equal_here);
    const bool kept = (i < anchors && key > cut.key) ||
                      (equal && equal_before < cut.n_equal);
    const int kept_before = n_kept + prefix_sum(kept, sums, &n_kept_here);
    if (kept) order[(size_t)blockIdx.x * keep + kept_before] = i;
    n_equal += n_equal_here;
    n_kept += n_kept_here;
  }
}

template <typename T>
__global__ void gather(const T *__restrict__ data, int rows, int anchors, int keep,
                       const int *__restrict__ order, float *__restrict__ out) {
  const int rank = blockIdx.x * blockDim.x + threadIdx.x;
  if (rank >= keep) return;
  const size_t row = (size_t)blockIdx.z * rows + blockIdx.y;
  const int anchor = order[(size_t)blockIdx.z * keep + rank];
  out[row * keep + rank] = to_float(data[row * anchors + anchor]);
}

template <typename T>
void launch_select(const CudaHead &head, int keep, uint32_t *keys, float *out,
                   cudaStream_t stream) {
  const T *data = (const T *)head.data;
  int *order = (int *)(keys + (size_t)head.n * head.anchors);
  launch(find_best_class<T>, dim3((head.anchors + 255) / 256, head.n), dim3(256), stream,
         data, head.rows, head.anchors, keys);
  launch(choose, dim3(head.n), dim3(kSelectThreads), stream, keys, head.anchors, keep,
         order);
  launch(gather<T>, dim3((keep + 127) / 128, head.rows, head.n), dim3(128), stream, data,
         head.rows, head.anchors, keep, order, out);
}

// Activations

template <typename T>
struct Vector {
  static constexpr int kSize = 16 / sizeof(T);
  union {
    uint4 bits;
    T v[kSize];
  };
  __device__ Vector() {}
};

template <typename T>
__global__ void activate(const CudaActivation job, uint32_t n_vectors) {
  constexpr int kSize = Vector<T>::kSize;
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n_vectors; i += step) {
    Vector<T> y, bias, residual;
    const uint32_t at = i * kSize;
    const uint32_t channel = at / job.inner % job.channels;
    y.bits = ((const uint4 *)job.y)[i];
    if (job.bias && job.inner == 1)
      bias.bits = ((const uint4 *)job.bias)[channel / kSize];
    else if (job.bias)
      for (int k = 0; k < kSize; k++) bias.v[k] = ((const T *)job.bias)[channel];
    if (job.residual) residual.bits = ((const uint4 *)job.residual)[i];
    for (int k = 0; k < kSize; k++) {
      float value = to_float(y.v[k]);
      if (job.bias) value += to_float(bias.v[k]);
      value = value / (1.f + __expf(-value));
      if (job.residual) value += to_float(residual.v[k]);
      y.v[k] = from_float<T>(value);
    }
    ((uint4 *)job.y)[i] = y.bits;
  }
}

template <typename T>
void launch_activate(const CudaActivation &job, cudaStream_t stream) {
  const uint32_t n = (uint32_t)(job.n / Vector<T>::kSize);
  const uint32_t blocks = (n + 255) / 256;
  launch(activate<T>, dim3(blocks < 65536 ? blocks : 65536), dim3(256), stream, job, n);
}

bool is_aligned(const void *pointer) { return (uintptr_t)pointer % 16 == 0; }

}  // namespace

cudaError_t cuda_tensorize(const CudaTensorize &job, void *out, cudaStream_t stream) {
  if (job.input.dtype == TS_SHIM_FLOAT32)
    launch_tensorize<float>(job, out, stream);
  else if (job.input.dtype == TS_SHIM_FLOAT16)
    launch_tensorize<__half>(job, out, stream);
  else
    launch_tensorize<__nv_bfloat16>(job, out, stream);
  return cudaGetLastError();
}

cudaError_t cuda_select(const CudaHead &head, int keep, uint32_t *keys, float *out,
                        cudaStream_t stream) {
  if (head.dtype == TS_SHIM_FLOAT32)
    launch_select<float>(head, keep, keys, out, stream);
  else if (head.dtype == TS_SHIM_FLOAT16)
    launch_select<__half>(head, keep, keys, out, stream);
  else
    launch_select<__nv_bfloat16>(head, keep, keys, out, stream);
  return cudaGetLastError();
}

bool cuda_can_activate(const CudaActivation &job) {
  const uint32_t size = job.dtype == TS_SHIM_FLOAT32 ? 4 : 8;
  const uint32_t run = job.inner == 1 ? job.channels : job.inner;
  return run % size == 0 && job.n > 0 && job.n < (int64_t)1 << 32 &&
         is_aligned(job.y) && is_aligned(job.bias) && is_aligned(job.residual);
}

cudaError_t cuda_activate(const CudaActivation &job, cudaStream_t stream) {
  if (job.dtype == TS_SHIM_FLOAT32)
    launch_activate<float>(job, stream);
  else if (job.dtype == TS_SHIM_FLOAT16)
    launch_activate<__half>(job, stream);
  else
    launch_activate<__nv_bfloat16>(job, stream);
  return cudaGetLastError();
}

}  // namespace ts
