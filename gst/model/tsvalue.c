/* tsvalue.c - finds a module's answer and gives it as float32
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsvalue.h"

#include <string.h>

#include "tserror.h"

/* Parts of an answer that a message lists. */
#define MAX_LISTED 16

G_STATIC_ASSERT (TS_DECODE_MAX_DIMS == TS_SHIM_MAX_DIMS);

static void
append_tensor (GString * text, const TsShimTensor * tensor)
{
  static const gchar *const names[] = {
    "float32", "float16", "bfloat16", "float64", "uint8", "int8", "int16",
    "int32", "int64", "bool"
  };

  g_string_append_printf (text, "a tensor of %s and the shape [",
      names[tensor->dtype]);
  for (gint i = 0; i < tensor->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? ", " : "",
        tensor->shape[i]);
  g_string_append_c (text, ']');
}

static void
append_keys (GString * text, const TsShimApi * api, const TsShimValue * dict)
{
  gsize n = api->value_size (dict);

  g_string_append (text, n ? "a dict with the keys" : "an empty dict");
  for (gsize i = 0; i < MIN (n, MAX_LISTED); i++)
    g_string_append_printf (text, "%s '%s'", i ? "," : "",
        api->value_key (dict, i));
  if (n > MAX_LISTED)
    g_string_append (text, ", ...");
}

static gchar *
describe (const TsShimApi * api, const TsShimValue * value)
{
  GString *text = g_string_new (NULL);

  switch (api->value_kind (value)) {
    case TS_SHIM_TENSOR:
      append_tensor (text, api->value_tensor (value));
      break;
    case TS_SHIM_LIST:
      g_string_append_printf (text, "a list or tuple of %" G_GSIZE_FORMAT,
          api->value_size (value));
      break;
    case TS_SHIM_DICT:
      append_keys (text, api, value);
      break;
    case TS_SHIM_INT:
      g_string_append_printf (text, "the integer %" G_GINT64_FORMAT,
          (gint64) api->value_int (value));
      break;
    case TS_SHIM_DOUBLE:
      g_string_append_printf (text, "the number %g", api->value_double (value));
      break;
    case TS_SHIM_STRING:
      g_string_append_printf (text, "the string '%.60s'",
          api->value_string (value));
      break;
    default:
      g_string_append (text, "None");
  }
  return g_string_free (text, FALSE);
}

static const TsShimValue *
find_child (const TsShimApi * api, const TsShimValue * value,
    const gchar * part)
{
  TsShimKind kind = api->value_kind (value);
  gsize n = kind == TS_SHIM_LIST || kind == TS_SHIM_DICT ?
      api->value_size (value) : 0;
  guint64 index;

  if (kind == TS_SHIM_LIST)
    return n > 0 && g_ascii_string_to_unsigned (part, 10, 0, n - 1, &index,
        NULL) ? api->value_child (value, index) : NULL;
  for (gsize i = 0; i < n; i++)
    if (g_str_equal (api->value_key (value, i), part))
      return api->value_child (value, i);
  return NULL;
}

const TsShimValue *
ts_value_find (const TsShimApi * api, const TsShimValue * root,
    const gchar * key, const gchar * model, GError ** error)
{
  g_auto (GStrv) parts = g_strsplit (key ? key : "", ".", -1);
  const TsShimValue *value = root;

  for (guint i = 0; parts[i]; i++) {
    const TsShimValue *child = find_child (api, value, parts[i]);

    if (!child) {
      g_autofree gchar *found = describe (api, value);

      g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
          "%s: there is no '%s' for the output '%s': the module returned %s%s; "
          "correct \"output\" in postprocessor_config.json", model, parts[i],
          key, found, i ? " at that place" : "");
      return NULL;
    }
    value = child;
  }
  return value;
}

static gfloat
bits_to_float (guint32 bits)
{
  gfloat value;

  memcpy (&value, &bits, sizeof value);
  return value;
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

#define CONVERT(type, expression) \
  for (gsize i = 0; i < n; i++) { \
    type x = ((const type *) source)[i]; \
    target[i] = (gfloat) (expression); \
  } \
  break

static void
convert (gfloat * target, gconstpointer source, TsShimDtype dtype, gsize n)
{
  switch (dtype) {
    case TS_SHIM_FLOAT16:
      CONVERT (guint16, half_to_float (x));
    case TS_SHIM_BFLOAT16:
      CONVERT (guint16, bits_to_float ((guint32) x << 16));
    case TS_SHIM_FLOAT64:
      CONVERT (gdouble, x);
    case TS_SHIM_UINT8:
      CONVERT (guint8, x);
    case TS_SHIM_INT8:
      CONVERT (gint8, x);
    case TS_SHIM_INT16:
      CONVERT (gint16, x);
    case TS_SHIM_INT32:
      CONVERT (gint32, x);
    case TS_SHIM_INT64:
      CONVERT (gint64, x);
    case TS_SHIM_BOOL:
      CONVERT (guint8, x != 0);
    case TS_SHIM_FLOAT32:
      CONVERT (gfloat, x);
  }
}

#undef CONVERT

static gboolean
reserve (TsValueBuffer * buffer, gsize n, const gchar * model, GError ** error)
{
  gfloat *data;

  if (n <= buffer->size)
    return TRUE;
  data = g_try_realloc_n (buffer->data, n, sizeof (gfloat));
  if (!data) {
    g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
        "%s: no memory for an output of %" G_GSIZE_FORMAT
        " numbers; use a smaller input or free memory", model, n);
    return FALSE;
  }
  buffer->data = data;
  buffer->size = n;
  return TRUE;
}

gboolean
ts_value_to_output (const TsShimApi * api, const TsShimValue * value,
    TsValueBuffer * buffer, const gchar * model, TsOutput * output,
    GError ** error)
{
  g_autofree gchar *found = NULL;
  const TsShimTensor *tensor;
  gsize n = 1;

  if (api->value_kind (value) != TS_SHIM_TENSOR) {
    found = describe (api, value);
    g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
        "%s: the module returned %s, expected a tensor; name the tensor's "
        "place with \"output\" in postprocessor_config.json, or export a "
        "module that returns one tensor", model, found);
    return FALSE;
  }
  tensor = api->value_tensor (value);
  for (gint i = 0; i < tensor->n_dims; i++)
    n *= (gsize) tensor->shape[i];
  if (tensor->dtype != TS_SHIM_FLOAT32) {
    if (!reserve (buffer, n, model, error))
      return FALSE;
    convert (buffer->data, tensor->data, tensor->dtype, n);
  }
  output->data = tensor->dtype == TS_SHIM_FLOAT32 ? tensor->data : buffer->data;
  output->n_dims = tensor->n_dims;
  memcpy (output->shape, tensor->shape, sizeof output->shape);
  return TRUE;
}
