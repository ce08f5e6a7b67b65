/* createjson.c - the JSON files of a new package
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "createjson.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "tserror.h"
#include "tspackage.h"
#include "tstree.h"

static void
add_string (JsonObject * object, const gchar * key, const gchar * value)
{
  if (value)
    json_object_set_string_member (object, key, value);
}

/* Takes @content. */
static gboolean
write_json (const gchar * dir, const gchar * name, JsonObject * content,
    GError ** error)
{
  g_autoptr (JsonObject) object = content;
  g_autofree gchar *path = g_build_filename (dir, name, NULL);
  g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (),
      object);
  g_autofree gchar *text = json_to_string (root, TRUE);
  g_autofree gchar *line = g_strconcat (text, "\n", NULL);
  g_autoptr (GError) cause = NULL;

  if (g_file_set_contents (path, line, -1, &cause))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_READ, "%s: cannot be written: %s",
      path, cause->message);
  return FALSE;
}

static JsonObject *
new_model_info (const CreateFacts * facts)
{
  JsonObject *object = json_object_new ();
  JsonArray *backends = json_array_new ();

  json_array_add_string_element (backends, "Tch");
  add_string (object, "model_type", facts->model_type);
  add_string (object, "repo_id", facts->repo_id);
  add_string (object, "architecture_family", "Vision");
  json_object_set_array_member (object, "supported_backends", backends);
  add_string (object, "device", facts->device);
  return object;
}

static JsonObject *
new_preprocessing (const CreateFacts * facts)
{
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "do_resize", TRUE);
  if (facts->width > 0) {
    JsonObject *size = json_object_new ();

    json_object_set_int_member (size, "height", facts->height);
    json_object_set_int_member (size, "width", facts->width);
    json_object_set_object_member (object, "size", size);
  }
  add_string (object, "resize_type", facts->resize);
  if (facts->size_divisor != 0)
    json_object_set_int_member (object, "size_divisor", facts->size_divisor);
  add_string (object, "layout", facts->layout);
  add_string (object, "channel_order", facts->channel_order);
  return object;
}

/* One key, or role=key pairs as in the element's property; create reads the new
 * package once, which finds what is neither. */
static void
add_output (JsonObject * object, const gchar * output)
{
  g_auto (GStrv) pairs = NULL;
  JsonObject *roles;

  if (!output || !strchr (output, '=')) {
    add_string (object, "output", output);
    return;
  }
  pairs = g_strsplit (output, ",", -1);
  roles = json_object_new ();
  for (guint i = 0; pairs[i]; i++) {
    gchar *key = strchr (pairs[i], '=');

    if (key)
      *key++ = '\0';
    json_object_set_string_member (roles, g_strstrip (pairs[i]),
        key ? g_strstrip (key) : "");
  }
  json_object_set_object_member (object, "output", roles);
}

static JsonObject *
new_postprocessing (const CreateFacts * facts)
{
  JsonObject *object = json_object_new ();

  add_string (object, "decoder", facts->decoder);
  add_output (object, facts->output);
  if (facts->score_threshold != CREATE_UNSET)
    json_object_set_double_member (object, "score_threshold",
        facts->score_threshold);
  if (facts->iou_threshold != CREATE_UNSET)
    json_object_set_double_member (object, "iou_threshold",
        facts->iou_threshold);
  if (facts->max_detections != 0)
    json_object_set_int_member (object, "max_detections",
        facts->max_detections);
  return object;
}

static JsonObject *
new_labels (gchar ** labels)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; labels[i]; i++) {
    g_autofree gchar *id = g_strdup_printf ("%u", i);

    json_object_set_string_member (object, id, labels[i]);
  }
  return object;
}

static JsonObject *
new_config (const CreateFacts * facts)
{
  JsonObject *object = json_object_new ();

  add_string (object, "model_type", facts->model_type);
  if (facts->labels)
    json_object_set_object_member (object, "id2label",
        new_labels (facts->labels));
  return object;
}

/* SOURCE_DATE_EPOCH makes packages that can be made again. */
static gchar *
get_time (void)
{
  const gchar *epoch = g_getenv ("SOURCE_DATE_EPOCH");
  g_autoptr (GDateTime) time = epoch ?
      g_date_time_new_from_unix_utc (g_ascii_strtoll (epoch, NULL, 10)) : NULL;

  if (!time)
    time = g_date_time_new_now_utc ();
  return g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
}

static gboolean
add_files (JsonObject * object, const gchar * dir, GError ** error)
{
  g_auto (GStrv) names = ts_tree_list (dir, error);
  JsonArray *files = json_array_new ();
  JsonObject *sums = json_object_new ();
  gboolean done = names != NULL;

  for (guint i = 0; done && names[i]; i++) {
    g_autofree gchar *path = g_build_filename (dir, names[i], NULL);
    g_autofree gchar *sum = ts_package_compute_sha256 (path, error);

    done = sum != NULL;
    json_array_add_string_element (files, names[i]);
    add_string (sums, names[i], sum);
  }
  json_object_set_array_member (object, "files", files);
  json_object_set_object_member (object, "sha256", sums);
  return done;
}

static gboolean
write_metadata (const CreateFacts * facts, const gchar * dir, GError ** error)
{
  g_autofree gchar *time = get_time ();
  g_autoptr (JsonObject) object = json_object_new ();

  add_string (object, "version", "1.0");
  add_string (object, "name", facts->name);
  add_string (object, "repo_id", facts->repo_id);
  add_string (object, "revision", facts->revision);
  add_string (object, "created_at", time);
  add_string (object, "description", facts->description);
  add_string (object, "author", facts->author);
  add_string (object, "license", facts->license);
  return add_files (object, dir, error)
      && write_json (dir, "metadata.json", g_steal_pointer (&object), error);
}

gboolean
create_json_write (const CreateFacts * facts, const gchar * dir,
    GError ** error)
{
  return write_json (dir, "model_info.json", new_model_info (facts), error)
      && write_json (dir, "preprocessor_config.json",
      new_preprocessing (facts), error)
      && write_json (dir, "postprocessor_config.json",
      new_postprocessing (facts), error)
      && write_json (dir, "backends/tch/config.json", new_config (facts), error)
      && write_metadata (facts, dir, error);
}
