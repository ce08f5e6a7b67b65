// run_memory.cpp - memory of the CPU for the tensors of a forward pass
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// malloc() gives a run's memory back or keeps it, depending on which blocks were freed
// first, and what comes anew is zeroed page by page, of 4 kB each.  A run asks for the same
// sizes as the one before, so lists of free blocks by size are enough here.
#include "run_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace ts {
namespace {

constexpr size_t kHugePage = 2 * 1024 * 1024;
constexpr size_t kSlab = 16 * kHugePage;
// Other tensors are libtorch's.
constexpr size_t kSmallest = 64 * 1024, kLargest = 1024 * kHugePage;
// A free block may be so many times as large as what goes into it.
constexpr size_t kSlack = 4;
// With more than this, slabs that nobody uses go before new ones come: another size of
// image has other blocks.
constexpr size_t kMuch = 256 * kHugePage;

// A piece of the system's memory; blocks are cut from it one behind the other.
struct Slab {
  explicit Slab(size_t size) : size(size) {
    if (posix_memalign(&memory, kHugePage, size) != 0) memory = nullptr;
#ifdef MADV_HUGEPAGE
    if (memory != nullptr) madvise(memory, size, MADV_HUGEPAGE);
#endif
  }
  Slab(const Slab &) = delete;
  Slab &operator=(const Slab &) = delete;
  ~Slab() { free(memory); }

  void *memory = nullptr;
  size_t size, used = 0;
  int n_live = 0;  // blocks that tensors are in
};

struct Block {
  Slab *slab;
  size_t size;
};

// Four sizes from one power of two to the next.
size_t size_class(size_t size) {
  size_t step = kSmallest / 4;
  while (step * 8 < size) step *= 2;
  return (size + step - 1) / step * step;
}

class Pool {
 public:
  // NULL if the system has no more.
  void *take(size_t size) {
    const size_t rounded = size_class(size);
    std::lock_guard<std::mutex> guard(lock_);
    auto free = free_.lower_bound(rounded);
    while (free != free_.end() && free->second.empty()) ++free;
    void *data = nullptr;
    if (free != free_.end() && free->first <= rounded * kSlack) {
      data = free->second.back();
      free->second.pop_back();
    } else {
      data = cut(rounded);
    }
    if (data != nullptr) blocks_[data].slab->n_live++;
    return data;
  }

  // False if @data is not from here.
  bool give_back(void *data) {
    std::lock_guard<std::mutex> guard(lock_);
    const auto block = blocks_.find(data);
    if (block == blocks_.end()) return false;
    free_[block->second.size].push_back(data);
    block->second.slab->n_live--;
    return true;
  }

  void trim() {
    std::lock_guard<std::mutex> guard(lock_);
    drop_idle_slabs();
  }

 private:
  void *cut(size_t size) {
    Slab *slab = find_room(size);
    if (slab == nullptr) return nullptr;
    void *data = (char *)slab->memory + slab->used;
    slab->used += size;
    blocks_[data] = {slab, size};
    return data;
  }

  Slab *find_room(size_t size) {
    for (const auto &slab : slabs_)
      if (slab->size - slab->used >= size) return slab.get();
    const size_t whole = std::max(kSlab, (size + kHugePage - 1) / kHugePage * kHugePage);
    if (total_ + whole > kMuch) drop_idle_slabs();
    auto slab = std::make_unique<Slab>(whole);
    if (slab->memory == nullptr) return nullptr;
    total_ += whole;
    slabs_.push_back(std::move(slab));
    return slabs_.back().get();
  }

  bool is_idle(void *data) const { return blocks_.at(data).slab->n_live == 0; }

  void drop_idle_slabs() {
    for (auto &entry : free_) {
      auto &list = entry.second;
      list.erase(std::remove_if(list.begin(), list.end(),
                                [&](void *data) { return is_idle(data); }),
                 list.end());
    }
    for (auto block = blocks_.begin(); block != blocks_.end();)
      block = block->second.slab->n_live == 0 ? blocks_.erase(block) : std::next(block);
    slabs_.erase(std::remove_if(slabs_.begin(), slabs_.end(),
                                [](const auto &slab) { return slab->n_live == 0; }),
                 slabs_.end());
    total_ = 0;
    for (const auto &slab : slabs_) total_ += slab->size;
  }

  std::mutex lock_;
  std::map<size_t, std::vector<void *>> free_;  // blocks by their size
  std::unordered_map<void *, Block> blocks_;
  std::vector<std::unique_ptr<Slab>> slabs_;
  size_t total_ = 0;  // of the slabs
};

// Never freed: tensors may go as the process ends.
Pool &pool() {
  static Pool *pool = new Pool;
  return *pool;
}

thread_local bool in_run = false;

c10::Allocator *other = nullptr;  // libtorch's own

void give_back(void *data) {
  if (!pool().give_back(data)) other->raw_deallocate(data);
}

class Allocator : public c10::Allocator {
 public:
  // One of the two is libtorch's, by its version.
  c10::DataPtr allocate(size_t size) const { return get(size); }
  c10::DataPtr allocate(size_t size) { return get(size); }
  void copy_data(void *to, const void *from, size_t size) const { memcpy(to, from, size); }
  c10::DeleterFnPtr raw_deleter() const override { return give_back; }

 private:
  static c10::DataPtr get(size_t size) {
    void *data = nullptr;
    if (in_run && size >= kSmallest && size <= kLargest) data = pool().take(size);
    // Says what was asked for, where there is none either.
    if (data == nullptr) data = other->raw_allocate(size);
    return {data, data, give_back, c10::Device(c10::kCPU)};
  }
};

void install() {
  static std::once_flag once;
  std::call_once(once, [] {
    other = c10::GetCPUAllocator();
    c10::SetCPUAllocator(new Allocator);
  });
}

}  // namespace

RunMemory::RunMemory() : before_(in_run) {
  install();
  in_run = true;
}

RunMemory::~RunMemory() { in_run = before_; }

void trim_memory() {
  pool().trim();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace ts
