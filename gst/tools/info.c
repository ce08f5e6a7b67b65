/* info.c - what a package says of itself; needs no libtorch
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "info.h"

#include <string.h>

#include "mlpkg.h"
#include "report.h"
#include "tsjson.h"
#include "tsselftest.h"

static const GOptionEntry no_entries[] = { {NULL} };

static void
add_string (JsonObject * object, const gchar * key, const gchar * value)
{
  if (value)
    json_object_set_string_member (object, key, value);
  else
    json_object_set_null_member (object, key);
}

static void
add_strings (JsonObject * object, const gchar * key, gchar ** values)
{
  JsonArray *array = json_array_new ();

  for (; values && *values; values++)
    json_array_add_string_element (array, *values);
  json_object_set_array_member (object, key, array);
}

static void
add_input (const TsModelSpec * spec, JsonObject * report)
{
  JsonObject *input = json_object_new ();

  json_object_set_int_member (input, "width", spec->size.width);
  json_object_set_int_member (input, "height", spec->size.height);
  json_object_set_boolean_member (input, "size_known", spec->size_known);
  add_string (input, "resize", spec->size.mode == TS_RESIZE_LETTERBOX ?
      "letterbox" : "stretch");
  json_object_set_int_member (input, "size_divisor", spec->size.size_divisor);
  add_string (input, "layout", spec->format.layout == TS_LAYOUT_NCHW ?
      "NCHW" : "NHWC");
  add_string (input, "channel_order", spec->format.bgr ? "BGR" : "RGB");
  json_object_set_object_member (report, "input", input);
}

/* Which part of the answer is read as what. */
static void
add_pairs (JsonObject * object, const gchar * key, GHashTable * pairs)
{
  JsonObject *to;
  g_autoptr (GList) names = NULL;

  if (!pairs)
    return;
  to = json_object_new ();
  names = g_list_sort (g_hash_table_get_keys (pairs), (GCompareFunc) strcmp);
  for (GList * item = names; item; item = item->next)
    json_object_set_string_member (to, item->data,
        g_hash_table_lookup (pairs, item->data));
  json_object_set_object_member (object, key, to);
}

static void
add_output (const TsModelSpec * spec, JsonObject * report)
{
  JsonObject *output = json_object_new ();

  add_string (output, "decoder", spec->decoder);
  add_string (output, "key", spec->output_key);
  add_pairs (output, "roles", spec->output_roles);
  add_pairs (output, "tensor_ids", spec->tensor_ids);
  if (spec->score_threshold >= 0)
    report_add_number (output, "score_threshold", spec->score_threshold, 6);
  report_add_number (output, "iou_threshold", spec->iou_threshold, 6);
  if (spec->max_detections > 0)
    json_object_set_int_member (output, "max_detections", spec->max_detections);
  json_object_set_object_member (report, "output", output);
}

/* The package's own words, of which this program needs none. */
static gboolean
add_metadata (const TsModelSpec * spec, JsonObject * report, GError ** error)
{
  static const gchar *const keys[] = {
    "repo_id", "revision", "created_at", "description", "author", "license",
    "tags"
  };
  g_autofree gchar *path = NULL;
  g_autoptr (JsonObject) metadata = NULL;

  if (!spec->package)
    return TRUE;
  path = g_build_filename (spec->package, "metadata.json", NULL);
  metadata = ts_json_read (path, error);
  for (guint i = 0; metadata && i < G_N_ELEMENTS (keys); i++)
    if (json_object_has_member (metadata, keys[i]))
      json_object_set_member (report, keys[i],
          json_node_copy (json_object_get_member (metadata, keys[i])));
  return metadata != NULL;
}

gboolean
info_fill (const TsModelSpec * spec, const gchar * path, JsonObject * report,
    GError ** error)
{
  add_string (report, "model", path);
  add_string (report, "form", !spec->package ? "TorchScript file" :
      spec->temporary ? "package in one file" : "package directory");
  add_string (report, "name", spec->name);
  if (!add_metadata (spec, report, error))
    return FALSE;
  add_string (report, "device", spec->device);
  json_object_set_boolean_member (report, "weights", spec->weights != NULL);
  json_object_set_boolean_member (report, "self_test",
      ts_self_test_is_there (spec));
  add_input (spec, report);
  add_output (spec, report);
  add_strings (report, "labels", spec->labels);
  return TRUE;
}

static gboolean
run (gchar ** arguments, JsonObject * report, GError ** error)
{
  g_autoptr (TsModelSpec) spec = ts_model_spec_read (arguments[0], error);

  return spec && info_fill (spec, arguments[0], report, error);
}

const MlpkgCommand mlpkg_info = {
  "info", "MODEL", 1, "Says what a package or TorchScript file says of itself",
  no_entries, run
};
