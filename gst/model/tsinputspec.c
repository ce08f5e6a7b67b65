/* tsinputspec.c - "inputs" and "input_form" of preprocessor_config.json
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>

#include "tsengine.h"
#include "tserror.h"
#include "tsprocessing.h"

#define MAX_EDGE 16384

static const gchar *const sources[] = {
  "frame", "original_size", "original_size_wh", "input_size", "scale_factor",
  NULL
};

static gboolean
read_shape (TsInputSpec * input, const TsJson * json, GError ** error)
{
  g_autofree gchar *found = NULL;
  JsonArray *array;
  JsonNode *node;
  guint n;

  if (!ts_json_get (json, "shape", TS_JSON_ARRAY, &node, error))
    return FALSE;
  if (!node)
    return TRUE;
  array = json_node_get_array (node);
  n = json_array_get_length (array);
  input->n_dims = 0;
  for (guint i = 0; i < n && n <= TS_DECODE_MAX_DIMS; i++) {
    JsonNode *size = json_array_get_element (array, i);

    if (json_node_get_value_type (size) != G_TYPE_INT64
        || json_node_get_int (size) < 1 || json_node_get_int (size) > MAX_EDGE)
      break;
    input->shape[input->n_dims++] = json_node_get_int (size);
  }
  if (input->n_dims == (gint) n)
    return TRUE;
  found = ts_json_node_to_text (node);
  ts_json_error_value (json, "shape", found, "at most "
      G_STRINGIFY (TS_DECODE_MAX_DIMS) " sizes, each from 1 to "
      G_STRINGIFY (MAX_EDGE), error);
  return FALSE;
}

/* Sizes whose product overflows must not seem to fit. */
static gsize
count_elements (const TsInputSpec * input)
{
  gsize n = 1;

  for (gint i = 0; i < input->n_dims; i++)
    if (!g_size_checked_mul (&n, n, (gsize) input->shape[i]))
      return G_MAXSIZE;
  return n;
}

/* Without a shape, a row. */
static gboolean
check_shape (TsInputSpec * input, const TsJson * json, gsize n_values,
    GError ** error)
{
  g_autofree gchar *found = NULL, *expected = NULL;
  gsize n;

  if (!json_object_has_member (json->object, "shape")) {
    input->n_dims = 1;
    input->shape[0] = (gint64) n_values;
    return TRUE;
  }
  n = count_elements (input);
  if (n == n_values)
    return TRUE;
  found = g_strdup_printf ("of %" G_GSIZE_FORMAT " elements", n);
  expected = g_strdup_printf ("%" G_GSIZE_FORMAT ", as many as the source has",
      n_values);
  ts_json_error_value (json, "shape", found, expected, error);
  return FALSE;
}

static gboolean
read_constant (TsInputSpec * input, const TsJson * json, JsonArray * array,
    GError ** error)
{
  guint n = json_array_get_length (array);

  input->source = TS_INPUT_CONSTANT;
  input->values = g_new (gfloat, n + 1);
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (array, i);
    g_autofree gchar *found = NULL;
    GType type = json_node_get_value_type (node);

    input->values[i] = (type == G_TYPE_INT64 || type == G_TYPE_DOUBLE) ?
        (gfloat) json_node_get_double (node) : NAN;
    if (isfinite (input->values[i]))
      continue;
    found = ts_json_node_to_text (node);
    ts_json_error_value (json, "source", found, "numbers only", error);
    return FALSE;
  }
  return check_shape (input, json, n, error);
}

static gboolean
read_source (TsInputSpec * input, const TsJson * json, GError ** error)
{
  gint source = TS_INPUT_FRAME;
  JsonNode *node;

  if (!ts_json_get (json, "source",
          TS_JSON_STRING | TS_JSON_ARRAY | TS_JSON_REQUIRED, &node, error))
    return FALSE;
  if (JSON_NODE_HOLDS_ARRAY (node))
    return read_constant (input, json, json_node_get_array (node), error);
  if (!ts_json_get_choice (json, "source", sources, &source, error))
    return FALSE;
  input->source = (TsInputSource) source;
  return source == TS_INPUT_FRAME || check_shape (input, json, 2, error);
}

/* The frame's type is also what its preprocessing depends on. */
static gboolean
read_input (TsModelSpec * spec, TsInputSpec * input, const TsJson * json,
    GError ** error)
{
  gint dtype = -1;

  if (!read_shape (input, json, error) || !read_source (input, json, error)
      || !ts_json_get_choice (json, "dtype", ts_dtype_names (), &dtype, error))
    return FALSE;
  input->dtype = dtype >= 0 ? (TsDtype) dtype : TS_DTYPE_FLOAT32;
  if (input->source != TS_INPUT_FRAME || dtype < 0
      || spec->dtype == input->dtype)
    return TRUE;
  ts_json_error_value (json, "dtype", ts_dtype_name (input->dtype),
      "the same as \"dtype\" outside of \"inputs\", which is the frame's type",
      error);
  return FALSE;
}

static gboolean
check_frame (const TsModelSpec * spec, const TsJson * json, GError ** error)
{
  guint n_frames = 0;
  gboolean is_first = FALSE;

  for (guint i = 0; i < spec->inputs->len; i++)
    if (g_array_index (spec->inputs, TsInputSpec, i).source == TS_INPUT_FRAME) {
      is_first = i == 0;
      n_frames++;
    }
  if (n_frames == 1 && (is_first || spec->input_form != TS_INPUT_FORM_LIST))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: \"inputs\" has %u entries with the source \"frame\", expected one%s",
      json->file, n_frames, spec->input_form == TS_INPUT_FORM_LIST ?
      ", and it first, as \"input_form\" is \"list\"" : "");
  return FALSE;
}

static gboolean
read_inputs (TsModelSpec * spec, const TsJson * json, JsonArray * array,
    GError ** error)
{
  guint n = json_array_get_length (array);

  if (n > TS_ENGINE_MAX_INPUTS) {
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "%s: \"inputs\" has %u entries, expected at most %d", json->file, n,
        TS_ENGINE_MAX_INPUTS);
    return FALSE;
  }
  g_array_set_size (spec->inputs, 0);
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *prefix = g_strdup_printf ("inputs[%u].", i);
    JsonNode *node = json_array_get_element (array, i);
    TsJson input = { json->file, prefix, NULL };

    if (!JSON_NODE_HOLDS_OBJECT (node)) {
      g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
          "%s: \"inputs\" holds something else than objects, expected "
          "{\"name\": ..., \"source\": ...}", json->file);
      return FALSE;
    }
    input.object = json_node_get_object (node);
    g_array_set_size (spec->inputs, i + 1);
    if (!read_input (spec, &g_array_index (spec->inputs, TsInputSpec, i),
            &input, error))
      return FALSE;
  }
  return check_frame (spec, json, error);
}

gboolean
ts_input_specs_read (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  static const gchar *const forms[] = { "tensor", "list", "tensor_list", NULL };
  gint form = TS_INPUT_FORM_TENSOR;
  JsonNode *node;

  if (!ts_json_get_choice (json, "input_form", forms, &form, error)
      || !ts_json_get (json, "inputs", TS_JSON_ARRAY, &node, error))
    return FALSE;
  spec->input_form = (TsInputForm) form;
  return !node || read_inputs (spec, json, json_node_get_array (node), error);
}
