// archive_bytes.h - the bytes of a TorchScript file, read once
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <caffe2/serialize/read_adapter_interface.h>

#include <memory>
#include <string>

#include "torchscript_shim.h"

namespace ts {

// What is checked is what is loaded: nobody can change the file in between.
class Archive : public caffe2::serialize::ReadAdapterInterface {
 public:
  // Takes the caller's bytes, which must outlive it, or reads the file; throws Error
  // (TS_SHIM_ERROR_LOAD) unless they start like a zip archive.
  explicit Archive(const TsShimLoadOptions &options);
  size_t size() const override { return size_; }
  size_t read(uint64_t pos, void *buffer, size_t n, const char *what = "") const override;

 private:
  std::string file_;
  const char *data_;
  size_t size_;
};

}  // namespace ts
