/* tstensor.c - element types and their conversion
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstensor.h"

#include <math.h>
#include <string.h>

static const gchar *const names[] = {
  "float32", "float16", "bfloat16", "float64", "uint8", "int8", "int16",
  "int32", "int64", "bool", NULL
};

const gchar *
ts_dtype_name (TsDtype dtype)
{
  return names[dtype];
}

const gchar *const *
ts_dtype_names (void)
{
  return names;
}

gsize
ts_dtype_size (TsDtype dtype)
{
  static const gsize sizes[] = { 4, 2, 2, 8, 1, 1, 2, 4, 8, 1 };

  return sizes[dtype];
}

gsize
ts_tensor_n_elements (const TsTensor * self)
{
  gsize n = 1;

  for (gint i = 0; i < self->n_dims; i++)
    n *= (gsize) self->shape[i];
  return n;
}

static gfloat
bits_to_float (guint32 bits)
{
  gfloat value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static guint32
float_to_bits (gfloat value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

/* Moved to float32's bits, the exponent is off by 127 - 15, which the product
 * repairs, for subnormal numbers as well; infinity and NaN keep theirs. */
static gfloat
half_to_float (guint16 half)
{
  guint32 bits = (guint32) (half & 0x7fff) << 13;
  gfloat value = (half & 0x7c00) == 0x7c00 ?
      bits_to_float (bits | 0x7f800000) : bits_to_float (bits) * 0x1p112f;

  return half & 0x8000 ? -value : value;
}

/* Drops the lowest @n bits, to the nearest and even on ties. */
static guint32
round_bits (guint32 bits, gint n)
{
  return (bits + (1u << (n - 1)) - 1 + ((bits >> n) & 1)) >> n;
}

static guint16
float_to_half (gfloat value)
{
  guint32 bits = float_to_bits (value), sign = bits >> 16 & 0x8000;

  bits &= 0x7fffffff;
  if (bits > 0x7f800000)
    return (guint16) (sign | 0x7e00);
  if (bits >= 0x477ff000)       /* rounds to 65536 or more */
    return (guint16) (sign | 0x7c00);
  if (bits < 0x38800000)        /* subnormal: the adder does the rounding */
    return (guint16) (sign | (float_to_bits (fabsf (value) + .5f)
            - float_to_bits (.5f)));
  return (guint16) (sign | round_bits (bits - 0x38000000, 13));
}

static guint16
float_to_bfloat16 (gfloat value)
{
  if (isnan (value))
    return 0x7fc0;
  return (guint16) round_bits (float_to_bits (value), 16);
}

#define TO_FLOAT(type, expression) \
  for (gsize i = 0; i < n; i++) { \
    type x = ((const type *) source)[i]; \
    target[i] = (gfloat) (expression); \
  } \
  break

void
ts_dtype_to_float (TsDtype dtype, gconstpointer source, gsize n,
    gfloat * target)
{
  switch (dtype) {
    case TS_DTYPE_FLOAT16:
      TO_FLOAT (guint16, half_to_float (x));
    case TS_DTYPE_BFLOAT16:
      TO_FLOAT (guint16, bits_to_float ((guint32) x << 16));
    case TS_DTYPE_FLOAT64:
      TO_FLOAT (gdouble, x);
    case TS_DTYPE_UINT8:
      TO_FLOAT (guint8, x);
    case TS_DTYPE_INT8:
      TO_FLOAT (gint8, x);
    case TS_DTYPE_INT16:
      TO_FLOAT (gint16, x);
    case TS_DTYPE_INT32:
      TO_FLOAT (gint32, x);
    case TS_DTYPE_INT64:
      TO_FLOAT (gint64, x);
    case TS_DTYPE_BOOL:
      TO_FLOAT (guint8, x != 0);
    case TS_DTYPE_FLOAT32:
      TO_FLOAT (gfloat, x);
  }
}

#undef TO_FLOAT

/* As CLAMP(), but NaN, which no integer holds, becomes @low. */
static inline gdouble
cut_off (gdouble x, gdouble low, gdouble high)
{
  return x > low ? MIN (x, high) : low;
}

#define FROM_FLOAT(type, expression) \
  for (gsize i = 0; i < n; i++) { \
    gdouble x = source[i]; \
    ((type *) target)[i] = (type) (expression); \
  } \
  break

void
ts_dtype_from_float (TsDtype dtype, const gfloat * source, gsize n,
    gpointer target)
{
  switch (dtype) {
    case TS_DTYPE_FLOAT16:
      FROM_FLOAT (guint16, float_to_half ((gfloat) x));
    case TS_DTYPE_BFLOAT16:
      FROM_FLOAT (guint16, float_to_bfloat16 ((gfloat) x));
    case TS_DTYPE_FLOAT64:
      FROM_FLOAT (gdouble, x);
    case TS_DTYPE_UINT8:
      FROM_FLOAT (guint8, cut_off (rint (x), 0, G_MAXUINT8));
    case TS_DTYPE_INT8:
      FROM_FLOAT (gint8, cut_off (rint (x), G_MININT8, G_MAXINT8));
    case TS_DTYPE_INT16:
      FROM_FLOAT (gint16, cut_off (rint (x), G_MININT16, G_MAXINT16));
    case TS_DTYPE_INT32:
      FROM_FLOAT (gint32, cut_off (rint (x), G_MININT32, G_MAXINT32));
    case TS_DTYPE_INT64:
      FROM_FLOAT (gint64, cut_off (rint (x), -0x1p62, 0x1p62));
    case TS_DTYPE_BOOL:
      FROM_FLOAT (guint8, x != 0);
    case TS_DTYPE_FLOAT32:
      FROM_FLOAT (gfloat, x);
  }
}

#undef FROM_FLOAT
