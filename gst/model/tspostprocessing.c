/* tspostprocessing.c - postprocessor_config.json
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsprocessing.h"

#define MAX_DETECTIONS 100000
#define MAX_CLASS_ID 65535

/* An index of a list, or keys and indices joined by dots; NULL and the error
 * if @node is neither. */
static gchar *
get_key (const TsJson * json, const gchar * field, JsonNode * node,
    GError ** error)
{
  g_autofree gchar *found = NULL;

  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_dup_string (node);
  if (json_node_get_value_type (node) == G_TYPE_INT64
      && json_node_get_int (node) >= 0 && json_node_get_int (node) <= G_MAXINT)
    return g_strdup_printf ("%d", (gint) json_node_get_int (node));
  found = ts_json_node_to_text (node);
  ts_json_error_value (json, field, found, "an integer from 0 to "
      G_STRINGIFY (G_MAXINT) " or a string", error);
  return NULL;
}

static gboolean
read_output_roles (TsModelSpec * spec, const TsJson * json,
    JsonObject * object, GError ** error)
{
  JsonObjectIter iter;
  const gchar *role;
  JsonNode *node;

  spec->output_roles =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &role, &node)) {
    g_autofree gchar *field = g_strconcat ("output.", role, NULL);
    gchar *key = get_key (json, field, node, error);

    if (!key)
      return FALSE;
    g_hash_table_insert (spec->output_roles, g_strdup (role), key);
  }
  return TRUE;
}

static gboolean
read_output (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  JsonNode *node;

  if (!ts_json_get (json, "output",
          TS_JSON_STRING | TS_JSON_INTEGER | TS_JSON_OBJECT, &node, error))
    return FALSE;
  if (!node)
    return TRUE;
  if (JSON_NODE_HOLDS_OBJECT (node))
    return read_output_roles (spec, json, json_node_get_object (node), error);
  spec->output_key = get_key (json, "output", node, error);
  return spec->output_key != NULL;
}

/* Role or key to id. */
static gboolean
read_tensor_ids (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  TsJson ids = { json->file, "tensor_ids.", NULL };
  g_autoptr (GList) names = NULL;
  JsonNode *node;

  if (!ts_json_get (json, "tensor_ids", TS_JSON_OBJECT, &node, error))
    return FALSE;
  if (!node)
    return TRUE;
  ids.object = json_node_get_object (node);
  spec->tensor_ids =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  names = json_object_get_members (ids.object);
  for (GList * item = names; item; item = item->next) {
    const gchar *id;

    if (!ts_json_get_string (&ids, item->data, TS_JSON_REQUIRED, &id, error))
      return FALSE;
    g_hash_table_insert (spec->tensor_ids, g_strdup (item->data),
        g_strdup (id));
  }
  return TRUE;
}

gboolean
ts_postprocessing_read (TsModelSpec * spec, const TsJson * json,
    GError ** error)
{
  static const gchar *const activations[] = {
    "softmax", "sigmoid", "none", NULL
  };
  gint activation = TS_ACTIVATION_SOFTMAX;
  const gchar *decoder = NULL;

  if (!ts_json_get_string (json, "decoder", 0, &decoder, error)
      || !ts_json_get_float (json, "score_threshold", 0.f, 1.f,
          &spec->score_threshold, error)
      || !ts_json_get_float (json, "iou_threshold", 0.f, 1.f,
          &spec->iou_threshold, error)
      || !ts_json_get_int (json, "max_detections", 1, MAX_DETECTIONS,
          &spec->max_detections, error)
      || !ts_json_get_int (json, "first_class", 0, MAX_CLASS_ID,
          &spec->first_class, error)
      || !ts_json_get_choice (json, "activation", activations, &activation,
          error)
      || !read_output (spec, json, error)
      || !read_tensor_ids (spec, json, error))
    return FALSE;
  spec->activation = (TsActivation) activation;
  spec->score_threshold_known =
      json_object_has_member (json->object, "score_threshold");
  spec->max_detections_known =
      json_object_has_member (json->object, "max_detections");
  spec->decoder = g_strdup (decoder);
  return TRUE;
}
