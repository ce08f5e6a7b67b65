// header_cxx17.cpp - the shim's header compiles alone as C++17
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torchscript_shim.h"

static_assert(__cplusplus == 201703L, "this must be compiled as C++17");
