// archive_bytes.cpp - the bytes of a TorchScript file, read once
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive_bytes.h"

#include <algorithm>
#include <cstring>

#include "model_file.h"

namespace ts {

Archive::Archive(const TsShimLoadOptions &options) {
  if (options.data == nullptr) file_ = read_file(options.path);
  data_ = options.data ? static_cast<const char *>(options.data) : file_.data();
  size_ = options.data ? options.size : file_.size();
  check_is_archive(options.path, std::string(data_, std::min<size_t>(size_, 4)));
}

size_t Archive::read(uint64_t pos, void *buffer, size_t n, const char *) const {
  if (pos >= size_) return 0;
  n = std::min<uint64_t>(n, size_ - pos);
  memcpy(buffer, data_ + pos, n);
  return n;
}

}  // namespace ts
