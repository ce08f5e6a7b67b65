/* tstensor.h - a tensor of any element type
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../decode/tsdecoder.h"

G_BEGIN_DECLS

typedef enum
{
  TS_DTYPE_FLOAT32,
  TS_DTYPE_FLOAT16,
  TS_DTYPE_BFLOAT16,
  TS_DTYPE_FLOAT64,
  TS_DTYPE_UINT8,
  TS_DTYPE_INT8,
  TS_DTYPE_INT16,
  TS_DTYPE_INT32,
  TS_DTYPE_INT64,
  TS_DTYPE_BOOL
} TsDtype;

/* Dense, row-major, in host memory; borrowed. */
typedef struct
{
  gconstpointer data;
  TsDtype dtype;
  gint n_dims;
  gint64 shape[TS_DECODE_MAX_DIMS];
} TsTensor;

/* "float32"; static. */
const gchar *ts_dtype_name (TsDtype dtype);

/* All of them by number, NULL-terminated; static. */
const gchar *const *ts_dtype_names (void);

/* Bytes of an element. */
gsize ts_dtype_size (TsDtype dtype);

gsize ts_tensor_n_elements (const TsTensor * self);

/* Writes @n elements of @dtype as float32, and the other way round: to the
 * nearest value, even on ties; integers are cut off at the ends of their
 * range, and NaN is the lower end. */
void ts_dtype_to_float (TsDtype dtype, gconstpointer source, gsize n,
    gfloat * target);
void ts_dtype_from_float (TsDtype dtype, const gfloat * source, gsize n,
    gpointer target);

G_END_DECLS
