/* fakevalue.c - answers of the fake shim, made from JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fakevalue.h"

#include <string.h>

struct TsShimValue
{
  TsShimKind kind;
  GPtrArray *children;          /* of TsShimValue */
  gchar **keys;
  TsShimTensor tensor;
  gint64 integer;
  gdouble number;
  gchar *string;
};

static const struct
{
  const gchar *name;
  gsize size;
} dtypes[] = {
  {"float32", 4}, {"float16", 2}, {"bfloat16", 2}, {"float64", 8}, {"uint8", 1},
  {"int8", 1}, {"int16", 2}, {"int32", 4}, {"int64", 8}, {"bool", 1}
};

static void
value_free (TsShimValue * self)
{
  if (!self)
    return;
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_strfreev (self->keys);
  g_free (self->tensor.data);
  g_free (self->string);
  g_free (self);
}

static TsShimDtype
find_dtype (const gchar * name)
{
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (g_str_equal (name, dtypes[i].name))
      return (TsShimDtype) i;
  g_error ("fakeshim: unknown dtype '%s'", name);
}

static gsize
count_elements (const TsShimTensor * tensor)
{
  gsize n = 1;

  for (gint i = 0; i < tensor->n_dims; i++)
    n *= (gsize) tensor->shape[i];
  return n;
}

/* A number, or "nan", "inf", "-inf", which JSON has no numbers for. */
static gdouble
get_number (JsonNode * node)
{
  return json_node_get_value_type (node) == G_TYPE_STRING ?
      g_ascii_strtod (json_node_get_string (node), NULL) :
      json_node_get_double (node);
}

/* Two-byte floats are given as their bits. */
static void
put_number (TsShimTensor * tensor, gsize i, gdouble x)
{
  switch (tensor->dtype) {
    case TS_SHIM_FLOAT32:
      ((gfloat *) tensor->data)[i] = (gfloat) x;
      break;
    case TS_SHIM_FLOAT64:
      ((gdouble *) tensor->data)[i] = x;
      break;
    case TS_SHIM_FLOAT16:
    case TS_SHIM_BFLOAT16:
      ((guint16 *) tensor->data)[i] = (guint16) x;
      break;
    case TS_SHIM_INT16:
      ((gint16 *) tensor->data)[i] = (gint16) x;
      break;
    case TS_SHIM_INT32:
      ((gint32 *) tensor->data)[i] = (gint32) x;
      break;
    case TS_SHIM_INT64:
      ((gint64 *) tensor->data)[i] = (gint64) x;
      break;
    case TS_SHIM_INT8:
      ((gint8 *) tensor->data)[i] = (gint8) x;
      break;
    default:
      ((guint8 *) tensor->data)[i] = (guint8) x;
  }
}

static void
fill_tensor (TsShimTensor * tensor, JsonObject * object)
{
  JsonArray *values = json_object_has_member (object, "values") ?
      json_object_get_array_member (object, "values") : NULL;
  gdouble fill = json_object_has_member (object, "fill") ?
      get_number (json_object_get_member (object, "fill")) : 0.;
  gsize n = count_elements (tensor);

  g_assert (!values || json_array_get_length (values) == n);
  for (gsize i = 0; i < n; i++)
    put_number (tensor, i, values ?
        get_number (json_array_get_element (values, (guint) i)) : fill);
}

static void
init_tensor (TsShimTensor * tensor, JsonObject * object)
{
  JsonArray *shape = json_object_get_array_member (object, "shape");

  tensor->dtype = find_dtype (json_object_get_string_member_with_default
      (object, "dtype", "float32"));
  tensor->n_dims = (int32_t) json_array_get_length (shape);
  g_assert (tensor->n_dims <= TS_SHIM_MAX_DIMS);
  for (gint i = 0; i < tensor->n_dims; i++)
    tensor->shape[i] = json_array_get_int_element (shape, i);
  tensor->data = g_malloc0 (count_elements (tensor) * dtypes[tensor->dtype].size
      + 1);
  fill_tensor (tensor, object);
}

static void
add_children (TsShimValue * self, JsonNode * node,
    const TsShimTensor * inputs, gsize n_inputs)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  JsonObjectIter iter;
  JsonNode *child;
  const gchar *key;

  self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) value_free);
  if (self->kind == TS_SHIM_LIST) {
    JsonArray *array = json_node_get_array (node);

    for (guint i = 0; i < json_array_get_length (array); i++)
      g_ptr_array_add (self->children,
          fake_value_new (json_array_get_element (array, i), inputs,
              n_inputs));
    return;
  }
  json_object_iter_init_ordered (&iter, json_node_get_object (node));
  while (json_object_iter_next_ordered (&iter, &key, &child)) {
    g_ptr_array_add (keys, g_strdup (key));
    g_ptr_array_add (self->children, fake_value_new (child, inputs, n_inputs));
  }
  g_ptr_array_add (keys, NULL);
  self->keys = (gchar **) g_ptr_array_steal (keys, NULL);
}

static void
copy_input (TsShimTensor * tensor, const TsShimTensor * input)
{
  *tensor = *input;
  tensor->data = g_memdup2 (input->data,
      count_elements (input) * dtypes[input->dtype].size);
}

static const TsShimTensor *
find_input (JsonNode * node, const TsShimTensor * inputs, gsize n_inputs)
{
  gsize index = json_node_get_value_type (node) == G_TYPE_INT64 ?
      (gsize) json_node_get_int (node) : 0;

  g_assert (index < n_inputs);
  return &inputs[index];
}

TsShimValue *
fake_value_new (JsonNode * node, const TsShimTensor * inputs, gsize n_inputs)
{
  static const gchar *const kinds[] = {
    "none", "tensor", "list", "dict", "int", "double", "string", "input"
  };
  TsShimValue *self = g_new0 (TsShimValue, 1);
  JsonObject *object = json_node_get_object (node);
  JsonNode *content = NULL;
  guint kind = 0;

  while (kind < G_N_ELEMENTS (kinds)
      && !(content = json_object_get_member (object, kinds[kind])))
    kind++;
  self->kind = kind == 7 ? TS_SHIM_TENSOR : (TsShimKind) kind;
  if (kind == TS_SHIM_TENSOR)
    init_tensor (&self->tensor, json_node_get_object (content));
  else if (kind == TS_SHIM_LIST || kind == TS_SHIM_DICT)
    add_children (self, content, inputs, n_inputs);
  else if (kind == TS_SHIM_INT)
    self->integer = json_node_get_int (content);
  else if (kind == TS_SHIM_DOUBLE)
    self->number = json_node_get_double (content);
  else if (kind == TS_SHIM_STRING)
    self->string = json_node_dup_string (content);
  else if (kind == 7)
    copy_input (&self->tensor, find_input (content, inputs, n_inputs));
  else if (kind > 7)
    g_error ("fakeshim: an output of no known kind");
  return self;
}

static TsShimKind
value_kind (const TsShimValue * self)
{
  return self->kind;
}

static size_t
value_size (const TsShimValue * self)
{
  return self->children->len;
}

static const TsShimValue *
value_child (const TsShimValue * self, size_t index)
{
  return g_ptr_array_index (self->children, index);
}

static const char *
value_key (const TsShimValue * self, size_t index)
{
  return self->keys[index];
}

static const TsShimTensor *
value_tensor (const TsShimValue * self)
{
  return &self->tensor;
}

static int64_t
value_int (const TsShimValue * self)
{
  return self->integer;
}

static double
value_double (const TsShimValue * self)
{
  return self->number;
}

static const char *
value_string (const TsShimValue * self)
{
  return self->string;
}

void
fake_value_fill_api (TsShimApi * api)
{
  api->value_kind = value_kind;
  api->value_size = value_size;
  api->value_child = value_child;
  api->value_key = value_key;
  api->value_tensor = value_tensor;
  api->value_int = value_int;
  api->value_double = value_double;
  api->value_string = value_string;
  api->value_free = value_free;
}
