// cuda_bf16.h - bfloat16 of CUDA, by the core's conversion
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <stdint.h>

#include "tstensor.h"

struct __nv_bfloat16 {
  uint16_t bits;
};

inline __nv_bfloat16 __float2bfloat16_rn(float value) {
  __nv_bfloat16 number;
  ts_dtype_from_float(TS_DTYPE_BFLOAT16, &value, 1, &number);
  return number;
}

inline float __bfloat162float(__nv_bfloat16 number) {
  float value;
  ts_dtype_to_float(TS_DTYPE_BFLOAT16, &number, 1, &value);
  return value;
}
