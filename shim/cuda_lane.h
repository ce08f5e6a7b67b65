// cuda_lane.h - frames in, answers out, on a card
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <c10/core/Device.h>

#include "torchscript_shim.h"

namespace ts {

// Fills the lane_*() and host_*() part of the table; leaves it as it is in a shim
// without kernels.
void fill_lane_functions(TsShimApi *api);

// Has libtorch make what it needs of a card beside memory, which it makes once and cannot
// if the card is full then: a MEMORY error, before it tries.
void prepare_card(c10::Device device);

// Gives what libtorch keeps of the card's memory for later back to the card, where there
// is one.
void release_card_memory();

// What libtorch holds on the card; -1 on no card, and in a shim without kernels.
int64_t bytes_on_card(c10::Device device);

}  // namespace ts
