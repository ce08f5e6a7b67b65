// cuda_runtime.h - see cuda_runtime_api.h
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "cuda_runtime_api.h"
