// cuda_fp16.h - float16 of CUDA, by the core's conversion
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <stdint.h>

#include "tstensor.h"

struct __half {
  uint16_t bits;
};

inline __half __float2half_rn(float value) {
  __half half;
  ts_dtype_from_float(TS_DTYPE_FLOAT16, &value, 1, &half);
  return half;
}

inline float __half2float(__half half) {
  float value;
  ts_dtype_to_float(TS_DTYPE_FLOAT16, &half, 1, &value);
  return value;
}
