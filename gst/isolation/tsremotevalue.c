/* tsremotevalue.c - answers that came from another process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsremotevalue.h"

#include <string.h>

#include "tswire.h"

/* Each takes more memory than the few bytes of a message that make one. */
#define MAX_VALUES (1u << 20)

struct TsShimValue
{
  TsShimKind kind;
  GPtrArray *children;          /* of a list or dict, TsShimValue; else NULL */
  GPtrArray *keys;              /* of a dict, gchar */
  TsShimTensor tensor;          /* with its own data */
  gint64 integer;
  gdouble number;
  gchar *text;
};

/* An answer, and what is left of what may be made of it. */
typedef struct
{
  const TsShared *outputs;
  gsize n_bytes;
  guint n_values;
} Reader;

static TsShimValue *new_value (Reader * reader, GVariant * message);

static void
value_free (TsShimValue * self)
{
  if (!self)
    return;
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_clear_pointer (&self->keys, g_ptr_array_unref);
  g_free (self->tensor.data);
  g_free (self->text);
  g_free (self);
}

/* Many tensors could lie at one place. */
static gboolean
read_tensor (TsShimValue * self, GVariant * message, Reader * reader)
{
  TsShimTensor there = { NULL };
  gsize size;

  if (!ts_shared_read_tensor (reader->outputs, message, &there))
    return FALSE;
  size = ts_shared_tensor_size (&there);
  if (size > reader->n_bytes)
    return FALSE;
  reader->n_bytes -= size;
  self->kind = TS_SHIM_TENSOR;
  self->tensor = there;
  /* The other process could change it while it is read. */
  self->tensor.data = g_try_malloc (MAX (size, 1));
  if (self->tensor.data)
    memcpy (self->tensor.data, there.data, size);
  return self->tensor.data != NULL;
}

static gboolean
add_child (TsShimValue * self, GVariant * message, Reader * reader)
{
  TsShimValue *child = new_value (reader, message);

  if (child)
    g_ptr_array_add (self->children, child);
  return child != NULL;
}

static GPtrArray *
new_children (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) value_free);
}

static gboolean
read_list (TsShimValue * self, GVariant * message, Reader * reader)
{
  GVariantIter iter;
  GVariant *child;
  gboolean done = TRUE;

  self->kind = TS_SHIM_LIST;
  self->children = new_children ();
  g_variant_iter_init (&iter, message);
  while (done && g_variant_iter_next (&iter, "v", &child)) {
    done = add_child (self, child, reader);
    g_variant_unref (child);
  }
  return done;
}

static gboolean
read_dict (TsShimValue * self, GVariant * message, Reader * reader)
{
  GVariantIter iter;
  GVariant *child;
  gboolean done = TRUE;
  const gchar *key;

  self->kind = TS_SHIM_DICT;
  self->children = new_children ();
  self->keys = g_ptr_array_new_with_free_func (g_free);
  g_variant_iter_init (&iter, message);
  while (done && g_variant_iter_next (&iter, "(^&ayv)", &key, &child)) {
    g_ptr_array_add (self->keys, g_utf8_make_valid (key, -1));
    done = add_child (self, child, reader);
    g_variant_unref (child);
  }
  return done;
}

static gboolean
read_value (TsShimValue * self, GVariant * message, Reader * reader)
{
  const gchar *type = g_variant_get_type_string (message);

  if (g_str_equal (type, TS_WIRE_TENSOR))
    return read_tensor (self, message, reader);
  if (g_str_equal (type, "av"))
    return read_list (self, message, reader);
  if (g_str_equal (type, "a(ayv)"))
    return read_dict (self, message, reader);
  if (g_str_equal (type, "x")) {
    self->kind = TS_SHIM_INT;
    self->integer = g_variant_get_int64 (message);
  } else if (g_str_equal (type, "d")) {
    self->kind = TS_SHIM_DOUBLE;
    self->number = g_variant_get_double (message);
  } else if (g_str_equal (type, "ay")) {
    self->kind = TS_SHIM_STRING;
    self->text = g_utf8_make_valid (g_variant_get_bytestring (message), -1);
  } else {
    return g_str_equal (type, "()");
  }
  return TRUE;
}

static TsShimValue *
new_value (Reader * reader, GVariant * message)
{
  TsShimValue *self;

  if (reader->n_values == 0)
    return NULL;
  reader->n_values--;
  self = g_new0 (TsShimValue, 1);
  if (read_value (self, message, reader))
    return self;
  value_free (self);
  return NULL;
}

TsShimValue *
ts_remote_value_new (GVariant * message, const TsShared * outputs,
    gsize max_bytes)
{
  Reader reader = { outputs, MIN (outputs->size, max_bytes), MAX_VALUES };

  return new_value (&reader, message);
}

static TsShimKind
value_kind (const TsShimValue * value)
{
  return value->kind;
}

static size_t
value_size (const TsShimValue * value)
{
  return value->children ? value->children->len : 0;
}

static const TsShimValue *
value_child (const TsShimValue * value, size_t index)
{
  return index < value_size (value) ? value->children->pdata[index] : NULL;
}

static const char *
value_key (const TsShimValue * value, size_t index)
{
  return value->keys && index < value->keys->len ?
      value->keys->pdata[index] : NULL;
}

static const TsShimTensor *
value_tensor (const TsShimValue * value)
{
  return value->kind == TS_SHIM_TENSOR ? &value->tensor : NULL;
}

static int64_t
value_int (const TsShimValue * value)
{
  return value->integer;
}

static double
value_double (const TsShimValue * value)
{
  return value->number;
}

static const char *
value_string (const TsShimValue * value)
{
  return value->text;
}

void
ts_remote_value_fill_api (TsShimApi * api)
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
