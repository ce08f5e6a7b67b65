// cuda_none.cpp - what a shim without kernels does with frames: nothing
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cuda_lane.h"

namespace ts {

void fill_lane_functions(TsShimApi *) {}

void prepare_card(c10::Device) {}

void release_card_memory() {}

int64_t bytes_on_card(c10::Device) { return -1; }

}  // namespace ts
