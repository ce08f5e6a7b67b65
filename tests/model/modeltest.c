/* modeltest.c - what the tests of the model layer share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "modeltest.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "fakemodel.h"

gchar *
model_test_directory (void)
{
  g_autoptr (GError) error = NULL;
  gchar *directory = g_dir_make_tmp ("model-test-XXXXXX", &error);

  g_assert_no_error (error);
  return directory;
}

static void
remove_tree (const gchar * path)
{
  g_autoptr (GDir) handle = NULL;
  const gchar *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    handle = g_dir_open (path, 0, NULL);
  while (handle && (name = g_dir_read_name (handle))) {
    g_autofree gchar *child = g_build_filename (path, name, NULL);

    remove_tree (child);
  }
  g_assert_cmpint (g_remove (path), ==, 0);
}

void
model_test_remove (gchar * directory)
{
  remove_tree (directory);
  g_free (directory);
}

gchar *
model_test_write (const gchar * directory, const gchar * name,
    const gchar * content, gssize size)
{
  gchar *path = g_build_filename (directory, name, NULL);
  g_autofree gchar *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (parent, 0700);
  g_file_set_contents (path, content, size, &error);
  g_assert_no_error (error);
  return path;
}

static const gchar *const package[][2] = {
  {"metadata.json", "{\"version\": \"1.0\", \"name\": \"pages\","
        "\"repo_id\": \"a/b\", \"revision\": \"main\","
        "\"created_at\": \"2025-01-01T00:00:00Z\", \"files\": ["
        "\"model_info.json\", \"backends/tch/model.pt\"], \"new\": 1}"},
  {"model_info.json", "{\"model_type\": \"yolo\", \"repo_id\": \"a/b\","
        "\"architecture_family\": \"Vision\","
        "\"supported_backends\": [\"Tch\"], \"device\": \"cuda:1\","
        "\"hidden_size\": null, \"num_layers\": 3}"},
  {"backends/tch/config.json",
      "{\"id2label\": {\"0\": \"title\", \"2\": \"text\"}}"},
  {"preprocessor_config.json", "{\"size\": {\"longest_edge\": 1024},"
        "\"size_divisor\": 32, \"resize_type\": \"letterbox\"}"},
  {"postprocessor_config.json", "{\"decoder\": \"yolov10\","
        "\"score_threshold\": 0.5, \"iou_threshold\": 0.6,"
        "\"max_detections\": 100, \"output\": 1}"},
};

void
model_test_write_package (const gchar * directory)
{
  g_autofree gchar *model =
      g_build_filename (directory, "backends/tch/model.pt", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (package); i++)
    g_free (model_test_write (directory, package[i][0], package[i][1], -1));
  fake_model_write (model, NULL);
}

void
model_test_edit_json (const gchar * directory, const gchar * name,
    const gchar * field, const gchar * value)
{
  g_autofree gchar *path = g_build_filename (directory, name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree gchar *text = NULL;
  JsonNode *root;

  g_assert_true (json_parser_load_from_file (parser, path, NULL));
  root = json_parser_get_root (parser);
  if (value)
    json_object_set_member (json_node_get_object (root), field,
        json_from_string (value, NULL));
  else
    json_object_remove_member (json_node_get_object (root), field);
  text = json_to_string (root, FALSE);
  g_free (model_test_write (directory, name, text, -1));
}

void
model_test_assert_error (GError ** error, gint code, const gchar * const *words)
{
  g_assert_error (*error, TS_ERROR, code);
  for (; *words; words++)
    if (!strstr ((*error)->message, *words))
      g_error ("no '%s' in: %s", *words, (*error)->message);
  g_test_message ("%s", (*error)->message);
  g_clear_error (error);
}
