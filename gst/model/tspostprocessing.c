/* tspostprocessing.c - postprocessor_config.json
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsprocessing.h"

#define MAX_DETECTIONS 100000

/* An index of a list, or keys and indices joined by dots. */
static gboolean
read_output_key (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  JsonNode *node;
  gint index = 0;

  if (!ts_json_get (json, "output", TS_JSON_STRING | TS_JSON_INTEGER, &node,
          error))
    return FALSE;
  if (!node)
    return TRUE;
  if (json_node_get_value_type (node) == G_TYPE_STRING) {
    spec->output_key = json_node_dup_string (node);
    return TRUE;
  }
  if (!ts_json_get_int (json, "output", 0, G_MAXINT, &index, error))
    return FALSE;
  spec->output_key = g_strdup_printf ("%d", index);
  return TRUE;
}

gboolean
ts_postprocessing_read (TsModelSpec * spec, const TsJson * json,
    GError ** error)
{
  const gchar *decoder = NULL;

  if (!ts_json_get_string (json, "decoder", 0, &decoder, error)
      || !ts_json_get_float (json, "score_threshold", 0.f, 1.f,
          &spec->score_threshold, error)
      || !ts_json_get_float (json, "iou_threshold", 0.f, 1.f,
          &spec->iou_threshold, error)
      || !ts_json_get_int (json, "max_detections", 1, MAX_DETECTIONS,
          &spec->max_detections, error)
      || !read_output_key (spec, json, error))
    return FALSE;
  spec->decoder = g_strdup (decoder);
  return TRUE;
}
