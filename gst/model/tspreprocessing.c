/* tspreprocessing.c - preprocessor_config.json: Hugging Face's keys and ours
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>

#include "tserror.h"
#include "tsprocessing.h"

#define MAX_EDGE 16384
#define PIL_BILINEAR 2

/* How "size" spells the input's size. */
typedef enum
{
  SIZE_ABSENT,
  SIZE_EXACT,                   /* height and width, or one number */
  SIZE_LONGEST_EDGE
} SizeKind;

static gboolean
read_size_object (TsModelSpec * spec, const TsJson * size, SizeKind * kind,
    GError ** error)
{
  gint width = 0, height = 0, longest = 0;

  if (!ts_json_get_int (size, "width", 1, MAX_EDGE, &width, error)
      || !ts_json_get_int (size, "height", 1, MAX_EDGE, &height, error)
      || !ts_json_get_int (size, "longest_edge", 1, MAX_EDGE, &longest, error))
    return FALSE;
  if (!(width && height) && !longest) {
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "%s: \"size\" has neither \"height\" and \"width\" nor "
        "\"longest_edge\", expected one of the two", size->file);
    return FALSE;
  }
  *kind = width && height ? SIZE_EXACT : SIZE_LONGEST_EDGE;
  spec->size.width = *kind == SIZE_EXACT ? width : longest;
  spec->size.height = *kind == SIZE_EXACT ? height : longest;
  return TRUE;
}

static gboolean
read_size (TsModelSpec * spec, const TsJson * json, SizeKind * kind,
    GError ** error)
{
  TsJson size = { json->file, "size.", NULL };
  JsonNode *node;

  *kind = SIZE_ABSENT;
  if (!ts_json_get (json, "size", TS_JSON_OBJECT | TS_JSON_INTEGER, &node,
          error))
    return FALSE;
  if (!node)
    return TRUE;
  spec->size_known = TRUE;
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    size.object = json_node_get_object (node);
    return read_size_object (spec, &size, kind, error);
  }
  *kind = SIZE_EXACT;
  if (!ts_json_get_int (json, "size", 1, MAX_EDGE, &spec->size.width, error))
    return FALSE;
  spec->size.height = spec->size.width;
  return TRUE;
}

static gboolean
check_resample (const TsJson * json, GError ** error)
{
  gint resample = PIL_BILINEAR;

  if (!ts_json_get_int (json, "resample", 0, G_MAXINT, &resample, error))
    return FALSE;
  if (resample == PIL_BILINEAR)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: \"resample\" is %d, expected %d (bilinear, by PIL's numbers), the "
      "one filter there is", json->file, resample, PIL_BILINEAR);
  return FALSE;
}

/* Without our own "resize_type", what Hugging Face's keys mean: an exact size
 * is stretched to unless padding is asked for. */
static gboolean
read_resize (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  static const gchar *const types[] = { "letterbox", "stretch", NULL };
  JsonNode *do_pad_node;
  gboolean do_pad = TRUE, do_resize = TRUE;
  SizeKind kind;
  gint type;

  if (!ts_json_get_boolean (json, "do_resize", &do_resize, error)
      || !check_resample (json, error) || !read_size (spec, json, &kind, error)
      || !ts_json_get (json, "do_pad", TS_JSON_BOOLEAN, &do_pad_node, error)
      || !ts_json_get_boolean (json, "do_pad", &do_pad, error))
    return FALSE;
  spec->keeps_size = !do_resize;
  type = kind == SIZE_EXACT && !(do_pad_node && do_pad);
  if (!ts_json_get_choice (json, "resize_type", types, &type, error))
    return FALSE;
  spec->size.mode = type == 0 ? TS_RESIZE_LETTERBOX : TS_RESIZE_STRETCH;
  spec->size.size_divisor = do_pad ? 0 : 1;
  return ts_json_get_int (json, "size_divisor", 1, MAX_EDGE,
      &spec->size.size_divisor, error);
}

static gboolean
get_finite (JsonNode * node, gfloat * value)
{
  GType type = json_node_get_value_type (node);

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = (gfloat) json_node_get_double (node);
  return isfinite (*value);
}

/* Three numbers, or one for all channels. */
static gboolean
get_channels (JsonNode * node, gfloat values[3])
{
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    gboolean finite = get_finite (node, &values[0]);

    values[1] = values[2] = values[0];
    return finite;
  }
  array = json_node_get_array (node);
  return json_array_get_length (array) == 3
      && get_finite (json_array_get_element (array, 0), &values[0])
      && get_finite (json_array_get_element (array, 1), &values[1])
      && get_finite (json_array_get_element (array, 2), &values[2]);
}

static gboolean
read_channels (const TsJson * json, const gchar * field, gboolean is_divisor,
    gfloat values[3], GError ** error)
{
  g_autofree gchar *found = NULL;
  JsonNode *node;

  if (!ts_json_get (json, field,
          TS_JSON_ARRAY | TS_JSON_NUMBER | TS_JSON_REQUIRED, &node, error))
    return FALSE;
  if (get_channels (node, values) && !(is_divisor && (values[0] == 0.f
              || values[1] == 0.f || values[2] == 0.f)))
    return TRUE;
  found = ts_json_node_to_text (node);
  ts_json_error_value (json, field, found, is_divisor ?
      "a number other than 0, or three such (R, G, B)" :
      "a finite number, or three such (R, G, B)", error);
  return FALSE;
}

static gboolean
read_normalize (const TsJson * json, gfloat mean[3], gfloat std[3],
    GError ** error)
{
  gboolean normalize = json_object_has_member (json->object, "image_mean")
      || json_object_has_member (json->object, "image_std");

  if (!ts_json_get_boolean (json, "do_normalize", &normalize, error))
    return FALSE;
  if (!normalize)
    return TRUE;
  return read_channels (json, "image_mean", FALSE, mean, error)
      && read_channels (json, "image_std", TRUE, std, error);
}

/* tensor = (pixel * factor - mean) / std, folded. */
static gboolean
read_scale (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  gfloat mean[3] = { 0.f, 0.f, 0.f }, std[3] = { 1.f, 1.f, 1.f };
  gfloat factor = 1.f / 255.f;
  gboolean is_integer = spec->dtype == TS_DTYPE_UINT8;
  gboolean rescale = !is_integer;

  if (!ts_json_get_boolean (json, "do_rescale", &rescale, error)
      || !ts_json_get_float (json, "rescale_factor", -1e6f, 1e6f, &factor,
          error)
      || !read_normalize (json, mean, std, error))
    return FALSE;
  if (is_integer && (rescale || mean[0] != 0.f || std[0] != 1.f)) {
    ts_json_error_value (json, "dtype", "uint8", "a floating type, as "
        "\"do_rescale\" or \"do_normalize\" is true", error);
    return FALSE;
  }
  for (gint i = 0; i < 3; i++) {
    spec->format.scale[i] = (rescale ? factor : 1.f) / std[i];
    spec->format.offset[i] = -mean[i] / std[i];
  }
  return TRUE;
}

static gboolean
read_format (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  static const gchar *const orders[] = { "RGB", "BGR", NULL };
  static const gchar *const layouts[] = { "NCHW", "NHWC", NULL };
  gint order = 0, layout = 0, channels = 3;
  gint pad = spec->format.pad_value;
  gboolean convert = TRUE;

  if (!ts_json_get_choice (json, "channel_order", orders, &order, error)
      || !ts_json_get_choice (json, "layout", layouts, &layout, error)
      || !ts_json_get_int (json, "num_channels", 1, 3, &channels, error)
      || !ts_json_get_int (json, "pad_value", 0, 255, &pad, error)
      || !ts_json_get_boolean (json, "do_convert_rgb", &convert, error))
    return FALSE;
  if (channels == 2) {
    ts_json_error_value (json, "num_channels", "2", "1 (luma) or 3", error);
    return FALSE;
  }
  spec->format.channels = channels;
  spec->format.bgr = order == 1;
  spec->format.layout = layout == 0 ? TS_LAYOUT_NCHW : TS_LAYOUT_NHWC;
  spec->format.pad_value = (guint8) pad;
  return TRUE;
}

static gboolean
read_dtype (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  static const gchar *const names[] = {
    "float32", "float16", "bfloat16", "uint8", NULL
  };
  static const TsDtype dtypes[] = {
    TS_DTYPE_FLOAT32, TS_DTYPE_FLOAT16, TS_DTYPE_BFLOAT16, TS_DTYPE_UINT8
  };
  gint index = 0;

  if (!ts_json_get_choice (json, "dtype", names, &index, error))
    return FALSE;
  spec->dtype = dtypes[index];
  return TRUE;
}

gboolean
ts_preprocessing_read (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  return read_dtype (spec, json, error) && read_resize (spec, json, error)
      && read_scale (spec, json, error) && read_format (spec, json, error)
      && ts_input_specs_read (spec, json, error);
}
