// cuda_none.cpp - what a shim without kernels does with frames and graphs: nothing
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cuda_fuse.h"
#include "cuda_lane.h"

namespace ts {

void fuse_for_cuda(const std::shared_ptr<torch::jit::Graph> &) {}

void fill_lane_functions(TsShimApi *) {}

}  // namespace ts
