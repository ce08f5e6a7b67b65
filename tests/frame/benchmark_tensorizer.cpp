// benchmark_tensorizer.cpp - the tensorizer beside OpenCV, one thread each
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// usage: benchmark_tensorizer [ROUNDS [NAME]]
// With NAME only what has it in its name.
// A JSON line for each kind of frame and state of the caches: letterboxed to
// 1024 with a divisor of 32, NCHW, scaled by 1 / 255.  "rival" is OpenCV's
// resize, cvtColor, convertTo and split without the padding, in the order that is
// fastest and with all memory allocated before; "floor" reads the source and
// writes the tensor once, past the caches where the CPU can, doing nothing else.  In each round the three take
// turns, timed by the thread's own clock, since the machine may be busy; medians
// and the quartiles of the rounds' ratios are told.  "cached": the same frame and tensor
// each time; "streamed": another one each time, of more than the caches hold.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "tstensorizer.h"

static const int side = 1024;
static const size_t streamed_bytes = 192 << 20;

struct Kind {
  const char *name;
  TsPixelFormat format;
  int width, height;
};

// A frame and its tensor, twice: what one side has touched is not warm for the
// other.
struct Frame {
  std::vector<uint8_t> pixels;
  std::vector<float> tensor, rival_tensor, floor_tensor;
};

// Aligned as a network's input is.
static float *align(std::vector<float> &tensor) {
  return reinterpret_cast<float *>((reinterpret_cast<uintptr_t>(tensor.data()) + 63) &
                                   ~uintptr_t(63));
}

static bool is_yuv(const Kind &kind) {
  return kind.format == TS_PIXEL_NV12 || kind.format == TS_PIXEL_I420;
}

static size_t count_bytes(const Kind &kind) {
  size_t pixels = size_t(kind.width) * kind.height;
  return is_yuv(kind) ? pixels * 3 / 2 : pixels * (kind.format == TS_PIXEL_RGB ? 3 : 4);
}

static TsImage view(const Kind &kind, const Frame &frame) {
  TsImage image = {};
  const int w = kind.width, h = kind.height;
  image.format = kind.format;
  image.width = w;
  image.height = h;
  image.plane[0] = frame.pixels.data();
  image.stride[0] = is_yuv(kind) ? w : int(count_bytes(kind) / h);
  image.plane[1] = image.plane[0] + size_t(w) * h;
  image.plane[2] = image.plane[1] + size_t(w / 2) * (h / 2);
  image.stride[1] = kind.format == TS_PIXEL_NV12 ? w : w / 2;
  image.stride[2] = w / 2;
  return image;
}

// OpenCV's way to the same tensor, with memory of its own for what lies between.
class Rival {
 public:
  Rival(const Kind &kind, const TsLetterbox &box)
      : kind_(kind), box_(box), size_(box.resized_width, box.resized_height) {}

  void run(Frame &frame) {
    uint8_t *pixels = frame.pixels.data();
    if (is_yuv(kind_)) {
      cv::Mat yuv(kind_.height * 3 / 2, kind_.width, CV_8UC1, pixels);
      cv::cvtColor(yuv, converted_,
                   kind_.format == TS_PIXEL_NV12 ? cv::COLOR_YUV2RGB_NV12
                                                 : cv::COLOR_YUV2RGB_I420);
      cv::resize(converted_, rgb_, size_, 0, 0, cv::INTER_LINEAR);
    } else {
      bool rgb = kind_.format == TS_PIXEL_RGB;
      cv::Mat packed(kind_.height, kind_.width, rgb ? CV_8UC3 : CV_8UC4, pixels);
      cv::resize(packed, scaled_, size_, 0, 0, cv::INTER_LINEAR);
      cv::cvtColor(scaled_, rgb_, rgb ? cv::COLOR_RGB2BGR : cv::COLOR_BGRA2RGB);
    }
    rgb_.convertTo(floats_, CV_32F, 1 / 255.);
    split(frame.rival_tensor.data());
  }

 private:
  void split(float *tensor) {
    const int w = box_.tensor_width, h = box_.tensor_height;
    cv::Mat planes[3];
    for (int c = 0; c < 3; c++)
      planes[c] = cv::Mat(h, w, CV_32F, tensor + size_t(c) * w * h)(
          cv::Rect(cv::Point(box_.left, box_.top), size_));
    cv::split(floats_, planes);
  }

  const Kind &kind_;
  const TsLetterbox &box_;
  cv::Size size_;
  cv::Mat converted_, scaled_, rgb_, floats_;
};

static volatile uint64_t sink;

// The cheapest way there is: a line that goes through the caches is read first.
static void write_once(std::vector<float> &tensor) {
  float *out = align(tensor);
#ifdef __SSE2__
  for (size_t i = 0; i + 16 < tensor.size(); i += 4) _mm_stream_ps(out + i, _mm_set1_ps(1));
  _mm_sfence();
#else
  memset(out, 1, (tensor.size() - 16) * 4);
#endif
}

static void touch(Frame &frame) {
  const uint8_t *pixels = frame.pixels.data();
  uint64_t sums[32] = {}, words[32];
  for (size_t i = 0; i + sizeof words <= frame.pixels.size(); i += sizeof words) {
    memcpy(words, pixels + i, sizeof words);
    // The hardware's own stumbles at each page.
    for (size_t ahead = 8192; ahead < 8192 + sizeof words; ahead += 64)
      __builtin_prefetch(reinterpret_cast<void *>(uintptr_t(pixels) + i + ahead));
    for (int j = 0; j < 32; j++) sums[j] ^= words[j];
  }
  for (uint64_t sum : sums) sink = sink ^ sum;
  write_once(frame.floor_tensor);
}

static double now_ms() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double time_ms(const std::function<void()> &work) {
  double start = now_ms();
  work();
  return now_ms() - start;
}

static double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[size_t(q * (values.size() - 1) + 0.5)];
}

struct Times {
  std::vector<double> ours, rival, floor, ratio, floor_ratio;
};

static void print(const std::string &name, const Times &t) {
  printf(
      "{\"name\": \"%s\", \"ours_ms\": %.3f, "
      "\"rival\": \"OpenCV %s\", \"rival_ms\": %.3f, \"ratio\": %.2f, "
      "\"spread\": [%.2f, %.2f], \"floor_ms\": %.3f, \"of_floor\": %.2f, "
      "\"of_floor_spread\": [%.2f, %.2f]}\n",
      name.c_str(), quantile(t.ours, .5), CV_VERSION, quantile(t.rival, .5),
      quantile(t.ratio, .5), quantile(t.ratio, .25), quantile(t.ratio, .75),
      quantile(t.floor, .5), quantile(t.floor_ratio, .5), quantile(t.floor_ratio, .25),
      quantile(t.floor_ratio, .75));
  fflush(stdout);
}

static std::string get_name(const Kind &kind, bool streamed) {
  return std::string("tensorizer ") + kind.name + " " + std::to_string(kind.width) + "x" +
         std::to_string(kind.height) + (streamed ? " streamed" : " cached");
}

static void measure(const Kind &kind, bool streamed, int rounds) {
  const TsInputSize size = {TS_RESIZE_LETTERBOX, side, side, 32};
  TsTensorFormat format = {};
  format.layout = TS_LAYOUT_NCHW;
  // So that there is something to swap in RGB, too.
  format.bgr = kind.format == TS_PIXEL_RGB;
  format.channels = 3;
  format.pad_value = 114;
  for (int c = 0; c < 3; c++) format.scale[c] = 1 / 255.f;
  TsLetterbox box;
  ts_letterbox_init(&box, &size, kind.width, kind.height);
  size_t floats = 3 * size_t(box.tensor_width) * box.tensor_height;
  size_t bytes = count_bytes(kind) + 4 * floats;

  std::vector<Frame> frames(streamed ? streamed_bytes / bytes + 1 : 1);
  for (Frame &frame : frames) {
    frame.pixels.resize(count_bytes(kind));
    for (uint8_t &pixel : frame.pixels) pixel = uint8_t(rand() >> 8);
    frame.tensor = frame.rival_tensor = frame.floor_tensor =
        std::vector<float>(floats + 16);
  }
  TsTensorizer *tensorizer = ts_tensorizer_new(&format);
  Rival rival(kind, box);
  Times times;
  for (int i = -3; i < rounds; i++) {
    // Streamed: three frames far apart, none of which was touched lately.
    size_t n = frames.size(), at = size_t(i + 3);
    Frame &a = frames[at % n], &b = frames[(at + n / 3) % n];
    Frame &c = frames[(at + 2 * n / 3) % n];
    TsImage image = view(kind, a);
    auto run = [&] { ts_tensorizer_run(tensorizer, &image, &box, align(a.tensor)); };
    // Once for the caches, once for the clock.
    if (!streamed) run();
    double ours = time_ms(run);
    if (!streamed) rival.run(b);
    double theirs = time_ms([&] { rival.run(b); });
    if (!streamed) touch(c);
    double floor = time_ms([&] { touch(c); });
    if (i < 0) continue;
    times.ours.push_back(ours);
    times.rival.push_back(theirs);
    times.floor.push_back(floor);
    times.ratio.push_back(theirs / ours);
    times.floor_ratio.push_back(ours / floor);
  }
  print(get_name(kind, streamed), times);
  ts_tensorizer_free(tensorizer);
}

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 60;
  static const struct {
    const char *name;
    TsPixelFormat format;
  } formats[] = {{"RGB", TS_PIXEL_RGB},
                 {"BGRx", TS_PIXEL_BGRX},
                 {"NV12", TS_PIXEL_NV12},
                 {"I420", TS_PIXEL_I420}};

  const char *wanted = argc > 2 ? argv[2] : "";

  cv::setNumThreads(1);
  for (bool streamed : {false, true})
    for (const auto &format : formats)
      // OpenCV wants an even height for 4:2:0.
      for (cv::Size size : {cv::Size(1920, 1080), cv::Size(1654, 2338)}) {
        const Kind kind = {format.name, format.format, size.width, size.height};

        if (get_name(kind, streamed).find(wanted) != std::string::npos)
          measure(kind, streamed, rounds);
      }
  return 0;
}
