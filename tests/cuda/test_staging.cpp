// test_staging.cpp - copies by several threads, with no card
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "cuda_staging.h"

namespace {

constexpr size_t kLargest = 5 * 1024 * 1024;
constexpr guint8 kUntouched = 0xa5;

std::vector<guint8> noise(size_t n) {
  std::vector<guint8> bytes(n);
  guint32 state = 1;
  for (guint8 &byte : bytes) byte = (guint8)((state = state * 1664525u + 1013904223u) >> 24);
  return bytes;
}

// Every byte and no other, and each piece is there when it is said to be.
void check(ts::Staging &staging, const guint8 *from, size_t size, size_t shift) {
  std::vector<guint8> to(size + shift + 64, kUntouched);
  size_t end = 0;
  staging.copy(from, to.data() + shift, size, [&](size_t at, size_t n) {
    g_assert_cmpuint(at, ==, end);
    g_assert_cmpint(memcmp(to.data() + shift + at, from + at, n), ==, 0);
    end = at + n;
  });
  g_assert_cmpuint(end, ==, size);
  for (size_t i = 0; i < shift; i++) g_assert_cmpuint(to[i], ==, kUntouched);
  for (size_t i = shift + size; i < to.size(); i++) g_assert_cmpuint(to[i], ==, kUntouched);
}

void test_copies() {
  const std::vector<guint8> from = noise(kLargest + 64);
  for (int helpers : {0, 1, 3}) {
    ts::Staging staging(helpers);
    for (size_t size : {size_t(0), size_t(1), size_t(63), size_t(64), size_t(100000),
                        size_t(256 * 1024), size_t(256 * 1024 + 1), kLargest})
      for (size_t shift : {0, 1, 15, 63}) check(staging, from.data() + shift, size, shift);
  }
}

// Many copies after one another, so that helpers come late to some.
void test_haste() {
  const std::vector<guint8> from = noise(kLargest);
  ts::Staging staging(2);
  for (int i = 0; i < 300; i++)
    check(staging, from.data() + i, (size_t)(i * 7919) % (1024 * 1024), (size_t)i % 64);
}

// Once copy() has thrown, nobody reads the memory: it is written and freed at once.
void test_abandoned() {
  ts::Staging staging(3);
  for (int i = 0; i < 50; i++) {
    auto from = std::make_unique<std::vector<guint8>>(kLargest, (guint8)i);
    auto to = std::make_unique<std::vector<guint8>>(kLargest);
    try {
      staging.copy(from->data(), to->data(), kLargest,
                   [](size_t, size_t) { throw std::runtime_error("no card"); });
      g_assert_not_reached();
    } catch (const std::runtime_error &) {
    }
    memset(from->data(), 0, kLargest);
    from.reset();
  }
  check(staging, noise(kLargest).data(), kLargest, 0);
}

}  // namespace

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, nullptr);
  g_test_add_func("/staging/copies", test_copies);
  g_test_add_func("/staging/haste", test_haste);
  g_test_add_func("/staging/abandoned", test_abandoned);
  return g_test_run();
}
