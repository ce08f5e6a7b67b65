// heap.h - memory that stays with the process from one run to the next
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace ts {

// Lets malloc() keep what a run has freed for the next one, in the whole process, unless
// its environment says something else of that.
void keep_heap();

// Gives the system what nobody uses.
void trim_heap();

}  // namespace ts
