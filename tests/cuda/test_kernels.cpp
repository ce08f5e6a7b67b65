// test_kernels.cpp - the CUDA kernels, run on the CPU, against gst/frame and gst/decode
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a card adds to this (that threads run at once, its compiler) test_lane.c tests
// on one.
#include <glib.h>

#include "../../shim/cuda_kernels.cu"
#include "tsdecoder.h"
#include "tsshimframe.h"
#include "tstensorizer.h"

namespace {

guint32 state = 1;

guint8 noise() { return (guint8)((state = state * 1664525u + 1013904223u) >> 24); }

// An image of noise; rows of a plane are further apart than they are long.
struct Picture {
  Picture(TsPixelFormat format, gint width, gint height)
      : bytes((size_t)width * height * 8 + 64 * 1024) {
    for (guint8 &byte : bytes) byte = noise();
    image = {};
    image.format = format;
    image.width = width;
    image.height = height;
    size_t offset = 0;
    for (int i = 0; i < 3; i++) {
      image.plane[i] = bytes.data() + offset;
      image.stride[i] = width * (i == 0 ? 4 : 2) + 5 + 3 * i;
      offset += (size_t)image.stride[i] * (i == 0 ? height : (height + 1) / 2);
      if (format != TS_PIXEL_NV12 && format != TS_PIXEL_I420) break;
    }
  }
  std::vector<guint8> bytes;
  TsImage image;
};

std::vector<guint8> on_cpu(const TsFrameInput &input, const TsFrame &frame, size_t n) {
  std::vector<gfloat> pixels(n);
  std::vector<guint8> bytes(n * ts_dtype_size(input.dtype));
  TsTensorizer *tensorizer = ts_tensorizer_new(input.format);
  ts_tensorizer_run(tensorizer, frame.image, &frame.letterbox, pixels.data());
  ts_dtype_from_float(input.dtype, pixels.data(), n, bytes.data());
  ts_tensorizer_free(tensorizer);
  return bytes;
}

std::vector<guint8> by_kernel(const TsFrameInput &input, const TsFrame &frame,
                              size_t n) {
  std::vector<guint8> bytes(n * ts_dtype_size(input.dtype), 0xa5);
  ts::CudaTensorize job;
  ts_shim_frame_init(&job.frame, &frame);
  ts_shim_input_init(&job.input, &input, &frame.letterbox);
  job.interleaved = job.input.interleaved;
  g_assert_true(ts::cuda_tensorize(job, bytes.data(), nullptr) == cudaSuccess);
  return bytes;
}

void check_tensor(const TsTensorFormat &format, TsDtype dtype, const TsInputSize &size,
                  const TsImage &image) {
  const TsFrameInput input = {&format, dtype, 0};
  TsFrame frame = {&image, {}};
  ts_letterbox_init(&frame.letterbox, &size, image.width, image.height);
  const size_t n = (size_t)format.channels * frame.letterbox.tensor_width *
                   frame.letterbox.tensor_height;
  const auto expected = on_cpu(input, frame, n), found = by_kernel(input, frame, n);
  for (size_t i = 0; i < expected.size(); i++)
    if (expected[i] != found[i])
      g_error("%dx%d, pixel format %d, %s: byte %zu of %zu differs", image.width,
              image.height, image.format, ts_dtype_name(dtype), i, expected.size());
}

const TsTensorFormat kFormats[] = {
    {TS_LAYOUT_NCHW, FALSE, 3, 114, {1 / 255.f, 1 / 255.f, 1 / 255.f}, {}},
    {TS_LAYOUT_NHWC,
     TRUE,
     3,
     0,
     {1 / 58.f, 1 / 57.f, 1 / 55.f},
     {-2.1f, -2.f, -1.8f}},
    {TS_LAYOUT_NCHW, FALSE, 1, 255, {1 / 255.f}, {}},
};

const TsInputSize kSizes[] = {
    {TS_RESIZE_LETTERBOX, 96, 96, 0},
    {TS_RESIZE_LETTERBOX, 96, 96, 32},
    {TS_RESIZE_STRETCH, 64, 40, 0},
};

void check_picture(TsPixelFormat pixels, gint width, gint height) {
  Picture picture(pixels, width, height);
  for (int f = 0; f < 3; f++)
    for (int s = 0; s < 3; s++) {
      picture.image.matrix = (TsColorMatrix)((f + s) % 3);
      picture.image.full_range = (f + s) % 2;
      check_tensor(kFormats[f], (TsDtype)s, kSizes[s], picture.image);
    }
}

void test_tensors() {
  const gint edges[][2] = {{192, 108}, {96, 96},   {101, 67}, {1, 1},
                           {2, 3},     {192, 193}, {48, 24},  {333, 20}};
  for (int format = TS_PIXEL_RGB; format <= TS_PIXEL_I420; format++)
    for (const auto &edge : edges)
      check_picture((TsPixelFormat)format, edge[0], edge[1]);
}

void decode(const std::vector<float> &head, const gint64 shape[3], TsResult *result) {
  g_autoptr(GError) error = nullptr;
  TsDecodeParams params = {};
  TsOutput output = {};
  params.score_threshold = 0.25f;
  params.max_detections = 50;
  output.data = head.data();
  output.n_dims = 3;
  std::copy(shape, shape + 3, output.shape);
  ts_result_init(result);
  for (gint item = 0; item < shape[0]; item++) {
    ts_decoder_find("yolov10", nullptr)->decode(&output, item, &params, result, &error);
    g_assert_no_error(error);
  }
}

std::vector<float> select(const std::vector<float> &head, int n, int rows, int anchors,
                          int keep) {
  std::vector<uint32_t> keys((size_t)n * (anchors + keep));
  std::vector<float> kept((size_t)n * rows * keep, -7.f);
  const ts::CudaHead job = {head.data(), TS_SHIM_FLOAT32, n, rows, anchors};
  g_assert_true(ts::cuda_select(job, keep, keys.data(), kept.data(), nullptr) ==
                cudaSuccess);
  return kept;
}

// The decoder finds the same boxes in what is kept as in all, equal scores or not.
void check_head(int n, int anchors, int levels) {
  const int rows = 9, keep = 50;
  std::vector<float> head((size_t)n * rows * anchors);
  for (float &value : head) value = (float)(noise() % levels) / (float)levels;
  const auto kept = select(head, n, rows, anchors, keep);
  const gint64 all_shape[] = {n, rows, anchors}, kept_shape[] = {n, rows, keep};
  g_auto(TsResult) expected = {}, found = {};
  decode(head, all_shape, &expected);
  decode(kept, kept_shape, &found);
  g_assert_cmpuint(expected.boxes->len, >, 0);
  g_assert_cmpmem(found.boxes->data, found.boxes->len * sizeof(TsBox),
                  expected.boxes->data, expected.boxes->len * sizeof(TsBox));
}

void test_heads() {
  check_head(2, 1024, 256);
  check_head(1, 1500, 7);
  check_head(3, 51, 256);
  check_head(1, 2600, 2);
}

// A score that is no number must not be lost, the lowest anchor first.
void test_head_of_nan() {
  const int rows = 6, anchors = 700, keep = 3;
  std::vector<float> head((size_t)rows * anchors, 0.5f);
  head[5 * anchors + 650] = NAN;
  head[4 * anchors + 20] = -INFINITY;
  const auto kept = select(head, 1, rows, anchors, keep);
  g_assert_true(std::isfinite(kept[4 * keep]));
  g_assert_true(std::isinf(kept[4 * keep + 1]));
  g_assert_true(std::isnan(kept[5 * keep + 2]));
}

double silu(double x) { return x / (1 + exp(-x)); }

void check_activation(uint32_t channels, uint32_t inner, bool with_bias,
                      bool with_residual) {
  const size_t n = (size_t)2 * channels * (inner == 1 ? 15 : inner);
  std::vector<uint4> y(n / 4 + 1), bias(channels / 4 + 1), residual(n / 4 + 1);
  float *values = (float *)y.data(), *b = (float *)bias.data(),
        *r = (float *)residual.data();
  std::vector<double> expected(n);
  for (uint32_t i = 0; i < channels; i++) b[i] = (float)noise() / 64.f - 2.f;
  for (size_t i = 0; i < n; i++) {
    const size_t channel = i / inner % channels;
    values[i] = (float)noise() / 32.f - 4.f;
    r[i] = (float)noise() / 32.f;
    expected[i] = silu(values[i] + (with_bias ? b[channel] : 0.f)) +
                  (with_residual ? r[i] : 0.f);
  }
  const ts::CudaActivation job = {values,
                                  with_bias ? b : nullptr,
                                  with_residual ? r : nullptr,
                                  TS_SHIM_FLOAT32,
                                  (int64_t)n,
                                  channels,
                                  inner};
  g_assert_true(ts::cuda_can_activate(job));
  g_assert_true(ts::cuda_activate(job, nullptr) == cudaSuccess);
  for (size_t i = 0; i < n; i++)
    g_assert_cmpfloat(fabs(values[i] - expected[i]), <, 1e-5);
}

void test_activations() {
  for (int form = 0; form < 4; form++) {
    check_activation(8, 1, form & 1, form & 2);
    check_activation(3, 20, form & 1, form & 2);
  }
  ts::CudaActivation job = {};
  job.n = 7 * 9;
  job.channels = 7;
  job.inner = 1;
  g_assert_false(ts::cuda_can_activate(job));
  job.inner = 9;
  g_assert_false(ts::cuda_can_activate(job));
}

}  // namespace

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, nullptr);
  g_test_add_func("/kernels/tensors", test_tensors);
  g_test_add_func("/kernels/heads", test_heads);
  g_test_add_func("/kernels/head-of-nan", test_head_of_nan);
  g_test_add_func("/kernels/activations", test_activations);
  return g_test_run();
}
