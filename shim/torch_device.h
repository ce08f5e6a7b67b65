// torch_device.h - the devices and CPU threads of libtorch
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <c10/core/Device.h>

namespace ts {

// The device called @name; throws Error (TS_SHIM_ERROR_DEVICE) with the choices, or
// with the reason why it does not work here.
c10::Device find_device(const char *name);

// Makes the calling thread's operators use @threads threads (0: one a CPU that this
// process may use).
void use_threads(int threads);

}  // namespace ts
