/* tssafetensors.c - named tensors in a safetensors file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tssafetensors.h"

#include <string.h>

#include "tserror.h"
#include "tsfile.h"
#include "tsjson.h"

#define LENGTH_SIZE 8
#define ADVICE "; expected a safetensors file; copy or write it anew"

struct _TsSafetensors
{
  GBytes *file;
  JsonObject *header;           /* owns the names */
  GArray *tensors;              /* TsShimNamedTensor */
};

/* A file while it is read. */
typedef struct
{
  const gchar *path;
  gchar *data;                  /* after the header */
  guint64 size;                 /* bytes of data */
} Source;

typedef struct
{
  guint64 begin, end;
  const gchar *name;
} Range;

static const struct
{
  const gchar *name;
  TsShimDtype dtype;
  guint size;
} dtypes[] = {
  {"F32", TS_SHIM_FLOAT32, 4}, {"F16", TS_SHIM_FLOAT16, 2},
  {"BF16", TS_SHIM_BFLOAT16, 2}, {"F64", TS_SHIM_FLOAT64, 8},
  {"U8", TS_SHIM_UINT8, 1}, {"I8", TS_SHIM_INT8, 1},
  {"I16", TS_SHIM_INT16, 2}, {"I32", TS_SHIM_INT32, 4},
  {"I64", TS_SHIM_INT64, 8}, {"BOOL", TS_SHIM_BOOL, 1}
};

G_GNUC_PRINTF (4, 5)
     static gboolean
         set_tensor_error (const Source * source, const gchar * name,
    GError ** error, const gchar * format, ...)
{
  g_autofree gchar *found = NULL;
  va_list args;

  va_start (args, format);
  found = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: the tensor \"%s\" %s" ADVICE, source->path, name, found);
  return FALSE;
}

static gboolean
read_dtype (const Source * source, const gchar * name, const TsJson * json,
    TsShimDtype * dtype, guint64 * size, GError ** error)
{
  const gchar *found = NULL;

  if (!ts_json_get_string (json, "dtype", TS_JSON_REQUIRED, &found, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (g_str_equal (found, dtypes[i].name)) {
      *dtype = dtypes[i].dtype;
      *size = dtypes[i].size;
      return TRUE;
    }
  return set_tensor_error (source, name, error, "is of the type \"%s\", which "
      "is none of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL", found);
}

/* An array of at most @max integers that are not negative. */
static gboolean
read_sizes (const TsJson * json, const gchar * field, guint max,
    gint64 * values, guint * n, GError ** error)
{
  g_autofree gchar *found = NULL;
  g_autofree gchar *expected = NULL;
  JsonArray *array;
  JsonNode *node;
  gboolean good;

  if (!ts_json_get (json, field, TS_JSON_ARRAY | TS_JSON_REQUIRED, &node,
          error))
    return FALSE;
  array = json_node_get_array (node);
  *n = json_array_get_length (array);
  good = *n <= max;
  for (guint i = 0; good && i < *n; i++) {
    JsonNode *element = json_array_get_element (array, i);

    good = JSON_NODE_HOLDS_VALUE (element)
        && json_node_get_value_type (element) == G_TYPE_INT64;
    values[i] = good ? json_node_get_int (element) : 0;
    good = good && values[i] >= 0;
  }
  if (good)
    return TRUE;
  found = ts_json_node_to_text (node);
  expected = g_strdup_printf ("at most %u integers, none negative", max);
  ts_json_error_value (json, field, found, expected, error);
  return FALSE;
}

/* *@size, that of an element, becomes that of the tensor. */
static gboolean
read_shape (const Source * source, const gchar * name, const TsJson * json,
    TsShimTensor * tensor, guint64 * size, GError ** error)
{
  guint n;

  if (!read_sizes (json, "shape", TS_SHIM_MAX_DIMS, tensor->shape, &n, error))
    return FALSE;
  tensor->n_dims = (gint32) n;
  for (guint i = 0; i < n; i++)
    if (!g_uint64_checked_mul (size, *size, (guint64) tensor->shape[i]))
      return set_tensor_error (source, name, error,
          "has a shape of more than 2^64 bytes");
  return TRUE;
}

static gboolean
read_range (const Source * source, const gchar * name, const TsJson * json,
    guint64 size, Range * range, GError ** error)
{
  gint64 offsets[2];
  guint n;

  if (!read_sizes (json, "data_offsets", 2, offsets, &n, error))
    return FALSE;
  if (n != 2 || offsets[0] > offsets[1]
      || (guint64) offsets[1] > source->size)
    return set_tensor_error (source, name, error, "has data_offsets that are "
        "no [begin, end] within the %" G_GUINT64_FORMAT " bytes of data",
        source->size);
  *range = (Range) {
  (guint64) offsets[0], (guint64) offsets[1], name};
  if (range->end - range->begin != size)
    return set_tensor_error (source, name, error, "has %" G_GUINT64_FORMAT
        " bytes of data, but its type and shape need %" G_GUINT64_FORMAT,
        range->end - range->begin, size);
  return TRUE;
}

static gboolean
read_tensor (const Source * source, const gchar * name, JsonNode * node,
    TsShimNamedTensor * named, Range * range, GError ** error)
{
  g_autofree gchar *prefix = g_strconcat (name, ".", NULL);
  TsJson json = { source->path, prefix, NULL };
  guint64 size = 0;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return set_tensor_error (source, name, error, "is no object in the header");
  json.object = json_node_get_object (node);
  named->name = name;
  if (!read_dtype (source, name, &json, &named->tensor.dtype, &size, error)
      || !read_shape (source, name, &json, &named->tensor, &size, error)
      || !read_range (source, name, &json, size, range, error))
    return FALSE;
  named->tensor.data = source->data + range->begin;
  return TRUE;
}

static gint
compare_ranges (gconstpointer a, gconstpointer b)
{
  const Range *x = a, *y = b;

  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* The format allows neither overlaps nor holes, which could hide data. */
static gboolean
check_ranges (const Source * source, GArray * ranges, GError ** error)
{
  guint64 end = 0;

  g_array_sort (ranges, compare_ranges);
  for (guint i = 0; i < ranges->len; i++) {
    const Range *range = &g_array_index (ranges, Range, i);

    if (range->begin != end)
      return set_tensor_error (source, range->name, error,
          "begins at the byte %" G_GUINT64_FORMAT " of the data, %s",
          range->begin, range->begin < end ? "inside of another" :
          "after a hole");
    end = range->end;
  }
  if (end == source->size)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: has %" G_GUINT64_FORMAT " bytes after its last tensor" ADVICE,
      source->path, source->size - end);
  return FALSE;
}

static gint
compare_tensors (gconstpointer a, gconstpointer b)
{
  return strcmp (((const TsShimNamedTensor *) a)->name,
      ((const TsShimNamedTensor *) b)->name);
}

static gboolean
read_tensors (TsSafetensors * self, const Source * source, GError ** error)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;

  json_object_iter_init (&iter, self->header);
  while (json_object_iter_next (&iter, &name, &node)) {
    TsShimNamedTensor tensor = { NULL };
    Range range;

    if (g_str_equal (name, "__metadata__"))
      continue;
    if (!read_tensor (source, name, node, &tensor, &range, error))
      return FALSE;
    g_array_append_val (self->tensors, tensor);
    g_array_append_val (ranges, range);
  }
  g_array_sort (self->tensors, compare_tensors);
  return check_ranges (source, ranges, error);
}

/* Parses the header, and gives what follows it. */
static gboolean
read_header (TsSafetensors * self, Source * source, GError ** error)
{
  gsize size;
  gchar *content = (gchar *) g_bytes_get_data (self->file, &size);
  guint64 length = 0;

  if (size >= LENGTH_SIZE) {
    memcpy (&length, content, LENGTH_SIZE);
    length = GUINT64_FROM_LE (length);
  }
  if (length == 0 || length > size - LENGTH_SIZE || length > TS_FILE_MAX_TEXT
      || content[LENGTH_SIZE] != '{') {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: has %" G_GSIZE_FORMAT " bytes and no header of JSON in its first "
        "%d" ADVICE, source->path, size, TS_FILE_MAX_TEXT);
    return FALSE;
  }
  source->data = content + LENGTH_SIZE + length;
  source->size = size - LENGTH_SIZE - length;
  self->header = ts_json_parse (source->path, content + LENGTH_SIZE, length,
      error);
  return self->header != NULL;
}

TsSafetensors *
ts_safetensors_parse (const gchar * path, GBytes * bytes, GError ** error)
{
  g_autoptr (TsSafetensors) self = g_new0 (TsSafetensors, 1);
  Source source = { path };

  /* Zero-terminated, so that it has memory even if it is empty. */
  self->tensors = g_array_new (TRUE, FALSE, sizeof (TsShimNamedTensor));
  self->file = g_bytes_ref (bytes);
  if (!read_header (self, &source, error)
      || !read_tensors (self, &source, error))
    return NULL;
  return g_steal_pointer (&self);
}

TsSafetensors *
ts_safetensors_open (const gchar * path, GError ** error)
{
  g_autoptr (GBytes) bytes =
      ts_file_read_bytes (path, "file of weights", error);

  return bytes ? ts_safetensors_parse (path, bytes, error) : NULL;
}

void
ts_safetensors_free (TsSafetensors * self)
{
  if (!self)
    return;
  g_clear_pointer (&self->tensors, g_array_unref);
  g_clear_pointer (&self->header, json_object_unref);
  g_clear_pointer (&self->file, g_bytes_unref);
  g_free (self);
}

const TsShimNamedTensor *
ts_safetensors_get (const TsSafetensors * self, gsize * n_tensors)
{
  *n_tensors = self->tensors->len;
  return (const TsShimNamedTensor *) self->tensors->data;
}
