/* tsvalue.c - finds a module's answer and gives it as float32
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsvalue.h"

#include <string.h>

#include "tserror.h"
#include "tsvaluetext.h"

G_STATIC_ASSERT (TS_DECODE_MAX_DIMS == TS_SHIM_MAX_DIMS);
G_STATIC_ASSERT ((gint) TS_DTYPE_BOOL == (gint) TS_SHIM_BOOL);

/* A part of a key: keys are looked up for each frame, so nothing is copied. */
typedef struct
{
  const gchar *text;
  gsize length;
} Part;

/* Takes what is before the next @separator off @rest; FALSE at the end. */
static gboolean
next_part (const gchar ** rest, const gchar * end, gchar separator, Part * part)
{
  const gchar *stop;

  if (*rest > end)
    return FALSE;
  stop = memchr (*rest, separator, end - *rest);
  if (!stop)
    stop = end;
  *part = (Part) {
  *rest, stop - *rest};
  *rest = stop + 1;
  return TRUE;
}

static const TsShimValue *
find_item (const TsShimApi * api, const TsShimValue * list, Part part)
{
  gchar digits[24];
  gsize n = api->value_size (list);
  guint64 index;

  if (n == 0 || part.length >= sizeof digits)
    return NULL;
  memcpy (digits, part.text, part.length);
  digits[part.length] = '\0';
  return g_ascii_string_to_unsigned (digits, 10, 0, n - 1, &index, NULL) ?
      api->value_child (list, index) : NULL;
}

static const TsShimValue *
find_child (const TsShimApi * api, const TsShimValue * value, Part part)
{
  TsShimKind kind = api->value_kind (value);
  gsize n = kind == TS_SHIM_DICT ? api->value_size (value) : 0;

  if (kind == TS_SHIM_LIST)
    return find_item (api, value, part);
  for (gsize i = 0; i < n; i++) {
    const gchar *key = api->value_key (value, i);

    if (strncmp (key, part.text, part.length) == 0 && !key[part.length])
      return api->value_child (value, i);
  }
  return NULL;
}

/* What is at @key; else NULL, and @missing gets the part of the key that is not
 * in *@place. */
static const TsShimValue *
follow (const TsShimApi * api, const TsShimValue * root, Part key,
    Part * missing, const TsShimValue ** place)
{
  const TsShimValue *value = root;
  const gchar *rest = key.text;

  *place = root;
  while (value && key.length > 0
      && next_part (&rest, key.text + key.length, '.', missing)) {
    *place = value;
    value = find_child (api, value, *missing);
  }
  return value;
}

static gboolean
is_number (const TsShimApi * api, const TsShimValue * value)
{
  TsShimKind kind = api->value_kind (value);

  return kind == TS_SHIM_TENSOR || kind == TS_SHIM_INT
      || kind == TS_SHIM_DOUBLE;
}

#define CORRECT "\"output\" in postprocessor_config.json or the output property"

static void
set_missing_error (const TsShimApi * api, const TsShimValue * root,
    const TsShimValue * place, const gchar * key, Part part,
    const gchar * model, GError ** error)
{
  g_autofree gchar *found = ts_value_describe (api, place);
  g_autofree gchar *parts = ts_value_describe_parts (api, root);
  g_autofree gchar *missing = g_strndup (part.text, part.length);

  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "%s: there is no '%s' for the output '%s': the module returned %s%s; "
      "correct " CORRECT "; there are: %s", model, missing, key, found,
      place != root ? " at that place" : "", parts);
}

static void
set_kind_error (const TsShimApi * api, const TsShimValue * root,
    const TsShimValue * value, const gchar * model, GError ** error)
{
  g_autofree gchar *found = ts_value_describe (api, value);
  g_autofree gchar *parts = ts_value_describe_parts (api, root);

  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "%s: the module returned %s, expected a tensor; name the tensor's "
      "place with " CORRECT ", or export a module that returns one tensor; "
      "there are: %s", model, found, parts);
}

static const TsShimValue *
find_one (const TsShimApi * api, const TsShimValue * root, const gchar * key,
    const gchar * model, GError ** error)
{
  const Part whole = { key, strlen (key) };
  const TsShimValue *place;
  Part missing;
  const TsShimValue *value = follow (api, root, whole, &missing, &place);

  if (!value)
    set_missing_error (api, root, place, key, missing, model, error);
  else if (!is_number (api, value))
    set_kind_error (api, root, value, model, error);
  return value && is_number (api, value) ? value : NULL;
}

static const TsShimValue *
find_any (const TsShimApi * api, const TsShimValue * root,
    const gchar * keys, const gchar * model, GError ** error)
{
  const gchar *rest = keys, *end = keys + strlen (keys);
  g_autofree gchar *parts = NULL;
  Part key;

  while (next_part (&rest, end, '|', &key)) {
    const TsShimValue *place;
    Part missing;
    const TsShimValue *value = follow (api, root, key, &missing, &place);

    if (value && is_number (api, value))
      return value;
  }
  parts = ts_value_describe_parts (api, root);
  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "%s: the module returned no tensor at any of '%s' (the places are "
      "separated by |; the empty one is the answer itself); name its place with "
      CORRECT "; there are: %s", model, keys, parts);
  return NULL;
}

const TsShimValue *
ts_value_find (const TsShimApi * api, const TsShimValue * root,
    const gchar * keys, const gchar * model, GError ** error)
{
  if (strchr (keys, '|') == NULL)
    return find_one (api, root, keys, model, error);
  return find_any (api, root, keys, model, error);
}

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

static TsTensor
view_tensor (const TsShimTensor * from)
{
  TsTensor tensor = { from->data, (TsDtype) from->dtype, from->n_dims };

  for (gint i = 0; i < from->n_dims; i++)
    tensor.shape[i] = from->shape[i];
  return tensor;
}

gboolean
ts_value_to_output (const TsShimApi * api, const TsShimValue * value,
    TsValueBuffer * buffer, const gchar * model, TsOutput * output,
    GError ** error)
{
  TsShimKind kind = api->value_kind (value);
  gdouble number = kind == TS_SHIM_INT ? (gdouble) api->value_int (value) :
      kind == TS_SHIM_DOUBLE ? api->value_double (value) : 0.;
  TsTensor tensor = { &number, TS_DTYPE_FLOAT64 };
  gsize n;

  if (kind == TS_SHIM_TENSOR)
    tensor = view_tensor (api->value_tensor (value));
  n = ts_tensor_n_elements (&tensor);
  if (tensor.dtype != TS_DTYPE_FLOAT32) {
    if (!reserve (buffer, n, model, error))
      return FALSE;
    ts_dtype_to_float (tensor.dtype, tensor.data, n, buffer->data);
  }
  output->data = tensor.dtype == TS_DTYPE_FLOAT32 ? tensor.data : buffer->data;
  output->n_dims = tensor.n_dims;
  memcpy (output->shape, tensor.shape, sizeof output->shape);
  return TRUE;
}

static void
list_tensors (const TsShimApi * api, const TsShimValue * value,
    const gchar * key, GArray * tensors)
{
  TsShimKind kind = api->value_kind (value);

  if (kind == TS_SHIM_TENSOR) {
    TsNamedTensor found =
        { g_strdup (key), view_tensor (api->value_tensor (value)) };

    g_array_append_val (tensors, found);
  }
  if (kind != TS_SHIM_LIST && kind != TS_SHIM_DICT)
    return;
  for (gsize i = 0; i < api->value_size (value); i++) {
    g_autofree gchar *child = ts_value_child_key (api, value, i, key);

    list_tensors (api, api->value_child (value, i), child, tensors);
  }
}

void
ts_value_list (const TsShimApi * api, const TsShimValue * root,
    GArray * tensors)
{
  list_tensors (api, root, "", tensors);
}
