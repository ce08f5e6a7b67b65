// test_error_text.cpp - what the shim keeps of libtorch's messages
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib.h>

#include "shim_error.h"

// Messages as libtorch 1.13 and 2.6 wrote them.
static const struct {
  const char *what;
  const char *core;
} messages[] = {
    {"PytorchStreamReader failed reading zip archive: not a ZIP archive\n"
     "Exception raised from valid at ../caffe2/serialize/inline_container.cc:177 "
     "(most recent call first):\nframe #0: c10::Error::Error(c10::SourceLocation, "
     "std::string) + 0x57 (0x7f)\n",
     "PytorchStreamReader failed reading zip archive: not a ZIP archive"},
    {"The following operation failed in the TorchScript interpreter.\n"
     "Traceback of TorchScript (most recent call last):\n"
     "  File \"code/__torch__.py\", line 9, in forward\n"
     "    _0 = torch.ones([torch.add((torch.size(x))[-1], 1)])\n"
     "    return torch.add(x, _0)\n"
     "           ~~~~~~~~~ <--- HERE\n"
     "RuntimeError: The size of tensor a (4) must match the size of tensor b (5)\n",
     "The size of tensor a (4) must match the size of tensor b (5) "
     "(at: return torch.add(x, _0))"},
    {"The following operation failed in the TorchScript interpreter.\n"
     "Traceback of TorchScript (most recent call last):\n"
     "RuntimeError: Given groups=1, expected input to have 3 channels\n",
     "Given groups=1, expected input to have 3 channels"},
    {"The following operation failed in the TorchScript interpreter.\n"
     "Traceback of TorchScript (most recent call last):\n"
     "graph(%x, %w):\n"
     "  %r = own::conv2d(%x, %w)\n"
     "       ~~~~~~~~~~~ <--- HERE\n"
     "  return (%r)\n"
     "RuntimeError: CUDA out of memory\n",
     "CUDA out of memory"},
    {"The following operation failed in the TorchScript interpreter.\n"
     "Traceback of TorchScript, serialized code (most recent call last):\n"
     "  File \"code/__torch__.py\", line 9, in forward\n"
     "      ops.prim.RaiseException(\"no\", \"builtins.ValueError\")\n"
     "      ~~~~~~~~~~~~~~~~~~~~~~~ <--- HERE\n"
     "    else:\n"
     "      pass\n"
     "\n"
     "Traceback of TorchScript, original code (most recent call last):\n"
     "  File \"m.py\", line 4, in forward\n"
     "        if x.dim() > 0:\n"
     "            raise ValueError(\"no\")\n"
     "            ~~~~~~~~~~~~~~~~~~~~~~ <--- HERE\n"
     "        return x\n"
     "builtins.ValueError: no\n",
     "ValueError: no (at: raise ValueError(\"no\"))"},
    {"\nUnknown builtin op: torchvision::nms.\nCould not find any similar ops.\n:\n"
     "  File \"code/__torch__.py\", line 6\n"
     "    return ops.torchvision.nms(x)\n"
     "           ~~~~~~~~~~~~~~~~~~~ <--- HERE\n",
     "Unknown builtin op: torchvision::nms. (at: return ops.torchvision.nms(x))"},
    {"forward() expected at most 2 argument(s) but received 3 argument(s).\n"
     "Declaration: forward(__torch__.M self, Tensor x) -> Tensor",
     "forward() expected at most 2 argument(s) but received 3 argument(s)."},
    {"<--- HERE", "<--- HERE"},
    {"", ""},
};

static void test_core_message() {
  for (const auto &row : messages) {
    std::string core = ts::core_message(row.what);
    g_assert_cmpstr(core.c_str(), ==, row.core);
  }
}

static void test_long_source_line() {
  std::string line(101, 'y');
  std::string core =
      ts::core_message("f:\n  " + line + "\n ~~~ <--- HERE\nRuntimeError: no\n");
  g_assert_cmpstr(core.c_str(), ==, "no");
}

static void test_out_of_memory() {
  g_assert_true(ts::is_out_of_memory("CUDA out of memory. Tried to allocate 2.00 GiB"));
  g_assert_true(ts::is_out_of_memory(
      "PytorchStreamReader failed reading zip archive: allocation failed"));
  g_assert_true(ts::is_out_of_memory(
      "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."));
  g_assert_true(ts::is_out_of_memory(
      "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."));
  g_assert_false(ts::is_out_of_memory("The size of tensor a (4) must match"));
}

// As libtorch 2.11 says them.
static void test_device_failure() {
  g_assert_true(ts::is_device_failure(
      "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might"));
  g_assert_true(ts::is_device_failure("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"));
  g_assert_true(ts::is_device_failure(
      "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(`"));
  g_assert_false(ts::is_device_failure("cuDNN error: CUDNN_STATUS_BAD_PARAM"));
  g_assert_false(ts::is_device_failure("The size of tensor a (4) must match"));
}

static void test_cut() {
  char buffer[8];
  ts::copy_text(buffer, sizeof buffer, "seite 1");
  g_assert_cmpstr(buffer, ==, "seite 1");
  ts::copy_text(buffer, sizeof buffer, "seiten 1");
  g_assert_cmpstr(buffer, ==, "seiten ");
  ts::copy_text(buffer, sizeof buffer, "12345\xe2\x82\xac");
  g_assert_cmpstr(buffer, ==, "12345");
  ts::copy_text(buffer, sizeof buffer, "1234\xe2\x82\xac");
  g_assert_cmpstr(buffer, ==, "1234\xe2\x82\xac");
  ts::copy_text(buffer, 1, "12");
  g_assert_cmpstr(buffer, ==, "");
  buffer[0] = 'x';
  ts::copy_text(buffer, 0, "12");
  g_assert_cmpint(buffer[0], ==, 'x');
  ts::copy_text(nullptr, 5, "12");
}

static void test_utf8() {
  // Whole characters; then, byte for byte, a continuation, a surrogate, one written
  // too long, one beyond the last, and one that ends too soon.
  const char *texts[][2] = {
      {"gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x93\x84", nullptr},
      {"a\x80" "b", "a?b"},
      {"\xed\xa0\x80", "???"},
      {"\xc1\xbf \xe0\x9f\xbf \xf0\x8f\xbf\xbf", "?? ??? ????"},
      {"\xf4\x90\x80\x80\xff", "?????"},
      {"\xe2\x82 \xf0\x9f\x93", "?? ???"},
  };
  for (auto &row : texts) {
    char buffer[32];
    ts::copy_text(buffer, sizeof buffer, row[0]);
    g_assert_cmpstr(buffer, ==, row[1] ? row[1] : row[0]);
    g_assert_true(g_utf8_validate(buffer, -1, nullptr));
  }
}

template <typename Exception>
static TsShimStatus status_of(const Exception &exception, char *error, size_t size) {
  return ts::guard(
      error, size, TS_SHIM_ERROR_FORWARD, [] { return std::string("a.pt: "); },
      [&] { throw exception; });
}

static void test_guard() {
  char error[64];
  g_assert_cmpint(status_of(std::runtime_error("no"), error, 64), ==,
                  TS_SHIM_ERROR_FORWARD);
  g_assert_cmpstr(error, ==, "a.pt: no");
  g_assert_cmpint(status_of(ts::Error(TS_SHIM_ERROR_DEVICE, "whole"), error, 64), ==,
                  TS_SHIM_ERROR_DEVICE);
  g_assert_cmpstr(error, ==, "whole");
  g_assert_cmpint(status_of(std::bad_alloc(), error, 64), ==, TS_SHIM_ERROR_MEMORY);
  g_assert_cmpint(status_of(std::runtime_error("CUDA out of memory."), error, 64), ==,
                  TS_SHIM_ERROR_MEMORY);
  g_assert_cmpint(status_of(std::runtime_error("CUDA error: out of memory"), error, 64),
                  ==, TS_SHIM_ERROR_MEMORY);
  g_assert_cmpint(status_of(std::runtime_error("CUDA error: unknown error"), error, 64),
                  ==, TS_SHIM_ERROR_DEVICE);
  g_assert_cmpint(status_of(42, error, 64), ==, TS_SHIM_ERROR_FORWARD);
  g_assert_cmpint(status_of(42, nullptr, 0), ==, TS_SHIM_ERROR_FORWARD);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, nullptr);
  g_test_add_func("/shim/error/core-message", test_core_message);
  g_test_add_func("/shim/error/long-source-line", test_long_source_line);
  g_test_add_func("/shim/error/out-of-memory", test_out_of_memory);
  g_test_add_func("/shim/error/device-failure", test_device_failure);
  g_test_add_func("/shim/error/cut", test_cut);
  g_test_add_func("/shim/error/utf8", test_utf8);
  g_test_add_func("/shim/error/guard", test_guard);
  return g_test_run();
}
