// blas.cpp - the BLAS that libtorch found at run time
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "blas.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <memory>
#include <string>

namespace ts {
namespace {

// The library that this shim, and libtorch with it, resolves sgemm to.
std::string blas_path() {
  Dl_info info;
  void *sgemm = dlsym(RTLD_DEFAULT, "sgemm_");
  if (sgemm == nullptr || dladdr(sgemm, &info) == 0) return "";
  std::unique_ptr<char, void (*)(void *)> path(realpath(info.dli_fname, nullptr), free);
  return path ? path.get() : info.dli_fname;
}

}  // namespace

const char *blas_warning() {
  // Debian's alternatives keep the reference BLAS in .../blas/, the tuned ones in
  // .../openblas-pthread/, .../blis-pthread/ and so on.
  if (blas_path().find("/blas/libblas.so") == std::string::npos) return nullptr;
  return "libtorch runs on the reference BLAS, which makes models many times slower than "
         "this machine allows; install a fast one: apt install libopenblas0-pthread";
}

void set_blas_threads(int threads) {
  // OpenBLAS has a pool of its own, one thread a core, whatever libtorch is told.
  auto set = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
  if (set != nullptr) set(threads);
}

}  // namespace ts
