// cuda_staging.cpp - bytes to page-locked memory, by more threads than one
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cuda_staging.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace ts {
namespace {

// The card copies one piece while the host stages the next.
constexpr size_t kPiece = 256 * 1024;

// More than three gained nothing beside 16 cores and a card that reads 54 GB/s.
int spare_threads() {
  const unsigned n = std::thread::hardware_concurrency();
  return n >= 8 ? 3 : n >= 4 ? 1 : 0;
}

// Past the caches: the card is slower to read what lies in one.
void copy_past_caches(uint8_t *to, const uint8_t *from, size_t size) {
#ifdef __SSE2__
  constexpr size_t kStep = 64;
  const size_t head = std::min(size, (kStep - (uintptr_t)to % kStep) % kStep);
  memcpy(to, from, head);
  size_t at = head;
  for (; at + kStep <= size; at += kStep)
    for (size_t k = at; k < at + kStep; k += sizeof(__m128i))
      _mm_stream_si128((__m128i *)(to + k), _mm_loadu_si128((const __m128i *)(from + k)));
  memcpy(to + at, from + at, size - at);
  _mm_sfence();
#else
  memcpy(to, from, size);
#endif
}

}  // namespace

Staging::Staging(int n_helpers)
    : n_helpers_(n_helpers < 0 ? spare_threads() : n_helpers) {}

Staging::~Staging() {
  {
    std::lock_guard<std::mutex> guard(lock_);
    stop_ = true;
  }
  work_.notify_all();
  for (std::thread &helper : helpers_) helper.join();
}

void Staging::start_helpers() {
  try {
    while ((int)helpers_.size() < n_helpers_) helpers_.emplace_back([this] { help(); });
  } catch (const std::system_error &) {
    n_helpers_ = (int)helpers_.size();  // the caller can copy alone
  }
}

size_t Staging::piece_size(size_t piece) const {
  return std::min(kPiece, size_ - piece * kPiece);
}

// The next piece that nobody has; false if there is none left.
bool Staging::copy_piece() {
  const size_t piece = next_.fetch_add(1);
  if (piece >= n_pieces_) return false;
  copy_past_caches(to_ + piece * kPiece, from_ + piece * kPiece, piece_size(piece));
  copied_[piece].store(true, std::memory_order_release);
  return true;
}

void Staging::help() {
  unsigned seen = 0;
  std::unique_lock<std::mutex> guard(lock_);
  for (;;) {
    work_.wait(guard, [&] { return stop_ || n_copies_ != seen; });
    if (stop_) return;
    seen = n_copies_;
    n_busy_++;
    guard.unlock();
    while (copy_piece()) {
    }
    guard.lock();
    if (--n_busy_ == 0) idle_.notify_one();
  }
}

void Staging::wait_for_helpers(std::unique_lock<std::mutex> &guard) {
  idle_.wait(guard, [&] { return n_busy_ == 0; });
}

void Staging::begin(const uint8_t *from, uint8_t *to, size_t size) {
  std::unique_lock<std::mutex> guard(lock_);
  wait_for_helpers(guard);
  from_ = from;
  to_ = to;
  size_ = size;
  n_pieces_ = (size + kPiece - 1) / kPiece;
  if (n_pieces_ > most_pieces_) {
    copied_.reset(new std::atomic<bool>[n_pieces_]);
    most_pieces_ = n_pieces_;
  }
  for (size_t i = 0; i < n_pieces_; i++) copied_[i].store(false);
  next_.store(0);
  n_copies_++;
}

// What is left of the copy is not begun; the caller may free both sides then.
void Staging::abandon() {
  next_.store(n_pieces_);
  std::unique_lock<std::mutex> guard(lock_);
  wait_for_helpers(guard);
}

// How many bytes have been copied in one piece from piece @first on.
size_t Staging::copied_from(size_t first, size_t *next) const {
  size_t size = 0;
  for (*next = first; *next < n_pieces_; ++*next) {
    if (!copied_[*next].load(std::memory_order_acquire)) break;
    size += piece_size(*next);
  }
  return size;
}

void Staging::copy(const uint8_t *from, uint8_t *to, size_t size, const Ready &ready) {
  start_helpers();
  begin(from, to, size);
  if (n_pieces_ > 1) work_.notify_all();
  try {
    for (size_t piece = 0; piece < n_pieces_;) {
      const bool copied = copy_piece();
      size_t next = piece;
      if (const size_t there = copied_from(piece, &next))
        ready(piece * kPiece, there);
      else if (!copied)
        std::this_thread::yield();
      piece = next;
    }
  } catch (...) {
    abandon();
    throw;
  }
}

}  // namespace ts
