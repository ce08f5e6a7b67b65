// run_memory.cpp - memory of the CPU for the tensors of a forward pass
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// malloc() gives a run's memory back or keeps it, depending on which blocks were freed
// first, and what comes anew is zeroed page by page, of 4 kB each.  A run asks for the
// same sizes as the one before, so lists of free blocks by size are enough here.
#include "run_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
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
// Sizes of blocks, and so their places, are multiples of it.
constexpr size_t kGrain = kSmallest / 4;
// A free block may be so many times as large as what goes into it.
constexpr size_t kSlack = 4;
// With more than this, slabs that the last runs left alone go before new ones come:
// another size of image has other blocks.  So many runs may be on their way at a time.
constexpr size_t kMuch = 256 * kHugePage;
constexpr unsigned kRecentRuns = 4;

std::atomic<unsigned> n_runs{0};

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
  unsigned last_run = 0;
};

struct Block {
  Slab *slab;
  void *data;
  size_t size;
  Block *next_free;
};

// Four sizes from one power of two to the next.
size_t size_class(size_t size) {
  size_t step = kGrain;
  while (step * 8 < size) step *= 2;
  return (size + step - 1) / step * step;
}

class Pool {
 public:
  // NULL if the system has no more.
  void *take(size_t size) {
    const size_t rounded = size_class(size);
    std::lock_guard<std::mutex> guard(lock_);
    auto list = free_.lower_bound(rounded);
    while (list != free_.end() && list->second == nullptr) ++list;
    Block *block = nullptr;
    if (list != free_.end() && list->first <= rounded * kSlack) {
      block = list->second;
      list->second = block->next_free;
    } else {
      block = cut(rounded);
    }
    if (block == nullptr) return nullptr;
    block->slab->n_live++;
    block->slab->last_run = n_runs;
    return block->data;
  }

  // False if @data is not from here.  Asks for no memory, as there may be none when many
  // tensors go at once.
  bool give_back(void *data) {
    if ((uintptr_t)data % kGrain != 0) return false;  // spares small tensors the lock
    std::lock_guard<std::mutex> guard(lock_);
    const auto found = blocks_.find(data);
    if (found == blocks_.end()) return false;
    Block &block = found->second;
    Block *&list = free_.find(block.size)->second;
    block.next_free = list;
    list = &block;
    block.slab->n_live--;
    return true;
  }

  void trim() {
    std::lock_guard<std::mutex> guard(lock_);
    drop([](const Slab &) { return true; });
  }

 private:
  Block *cut(size_t size) {
    free_.emplace(size, nullptr);
    Slab *slab = find_room(size);
    if (slab == nullptr) return nullptr;
    void *data = (char *)slab->memory + slab->used;
    Block &block = blocks_[data] = {slab, data, size, nullptr};
    slab->used += size;
    return &block;
  }

  Slab *find_room(size_t size) {
    for (const auto &slab : slabs_)
      if (slab->size - slab->used >= size) return slab.get();
    const size_t whole = std::max(kSlab, (size + kHugePage - 1) / kHugePage * kHugePage);
    if (total_ + whole > kMuch)
      drop([](const Slab &slab) { return n_runs - slab.last_run > kRecentRuns; });
    auto slab = std::make_unique<Slab>(whole);
    if (slab->memory == nullptr) {
      drop([](const Slab &) { return true; });
      slab = std::make_unique<Slab>(whole);
    }
    if (slab->memory == nullptr) return nullptr;
    slabs_.push_back(std::move(slab));
    total_ += whole;
    return slabs_.back().get();
  }

  // Slabs without a tensor that @choose picks.
  template <typename Choose>
  void drop(Choose choose) {
    auto goes = [&](const Slab &slab) { return slab.n_live == 0 && choose(slab); };
    for (auto &list : free_)
      for (Block **link = &list.second; *link != nullptr;)
        if (goes(*(*link)->slab))
          *link = (*link)->next_free;
        else
          link = &(*link)->next_free;
    for (auto block = blocks_.begin(); block != blocks_.end();)
      block = goes(*block->second.slab) ? blocks_.erase(block) : std::next(block);
    slabs_.erase(std::remove_if(slabs_.begin(), slabs_.end(),
                                [&](const auto &slab) { return goes(*slab); }),
                 slabs_.end());
    total_ = 0;
    for (const auto &slab : slabs_) total_ += slab->size;
  }

  std::mutex lock_;
  std::map<size_t, Block *> free_;  // by size; sizes stay
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

// libtorch's own.
c10::Allocator *other = nullptr;
c10::DeleterFnPtr free_other = nullptr;

void give_back(void *data) {
  if (!pool().give_back(data)) free_other(data);
}

// What is kept may be what is missing.
void *take_from_other(size_t size) {
  try {
    return other->raw_allocate(size);
  } catch (const std::exception &) {
    pool().trim();
  }
  return other->raw_allocate(size);
}

// Whoever sets another one after this must leave to it what it has not made.
class Allocator : public c10::Allocator {
 public:
  // One of the two is libtorch's, by its version.
  c10::DataPtr allocate(size_t size) const { return get(size); }
  c10::DataPtr allocate(size_t size) { return get(size); }
  void copy_data(void *to, const void *from, size_t size) const {
    memcpy(to, from, size);
  }
  c10::DeleterFnPtr raw_deleter() const override { return give_back; }

 private:
  static c10::DataPtr get(size_t size) {
    void *data = nullptr;
    if (in_run && size >= kSmallest && size <= kLargest) data = pool().take(size);
    // Says what was asked for, where there is none either.
    if (data == nullptr) data = take_from_other(size);
    return {data, data, give_back, c10::Device(c10::kCPU)};
  }
};

}  // namespace

void install_run_memory() {
  static std::once_flag once;
  std::call_once(once, [] {
    other = c10::GetCPUAllocator();
    free_other = other->raw_deleter();
    if (free_other != nullptr) c10::SetCPUAllocator(new Allocator);
  });
}

RunMemory::RunMemory() {
  in_run = true;
  n_runs++;
}

RunMemory::~RunMemory() { in_run = false; }

void trim_memory() {
  pool().trim();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace ts
