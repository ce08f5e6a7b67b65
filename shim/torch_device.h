// torch_device.h - the devices and CPU threads of libtorch
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <c10/core/Device.h>

namespace ts {

// The device called @name; throws Error (TS_SHIM_ERROR_DEVICE) with the choices, or
// with the reason why it does not work here.
c10::Device find_device(const char *name);

// What the option threads means: 0 is one a CPU that this process may use.
int thread_count(int option);

// Makes the operators that the calling thread runs use @threads threads.
void use_threads(int threads);

}  // namespace ts
