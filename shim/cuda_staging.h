// cuda_staging.h - bytes to page-locked memory, by more threads than one
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ts {

// For one thread at a time.  The helpers start with the first copy and sleep between
// copies.
class Staging {
 public:
  // Gets the place and size of what has been copied, as much of it as there is.
  using Ready = std::function<void(size_t at, size_t size)>;

  // @n_helpers threads besides the caller's; below 0, as many as this machine can spare.
  explicit Staging(int n_helpers = -1);
  ~Staging();

  // Calls @ready from this thread for all bytes in order, while others are copied.  What
  // it throws ends the copy.
  void copy(const uint8_t *from, uint8_t *to, size_t size, const Ready &ready);

 private:
  void help();
  void start_helpers();
  void wait_for_helpers(std::unique_lock<std::mutex> &guard);
  void begin(const uint8_t *from, uint8_t *to, size_t size);
  void abandon();
  bool copy_piece();
  size_t copied_from(size_t first, size_t *next) const;
  size_t piece_size(size_t piece) const;

  int n_helpers_;
  std::vector<std::thread> helpers_;
  std::mutex lock_;
  std::condition_variable work_, idle_;
  unsigned n_copies_ = 0;  // those begun
  int n_busy_ = 0;         // helpers at work
  bool stop_ = false;

  // The copy, which changes only while no helper is at work.
  const uint8_t *from_ = nullptr;
  uint8_t *to_ = nullptr;
  size_t size_ = 0, n_pieces_ = 0, most_pieces_ = 0;
  std::atomic<size_t> next_{0};
  std::unique_ptr<std::atomic<bool>[]> copied_;
};

}  // namespace ts
