/* tspackage.c - reads an mlpkg directory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tspackage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsdevice.h"
#include "tserror.h"
#include "tsfile.h"
#include "tsjson.h"
#include "tsprocessing.h"
#include "tsptfile.h"

#define MAX_VERSION 1

/* Folders below backends/ whose files libtorch runs. */
static const gchar *const torch_folders[] = { "tch", "torch" };

static gboolean
is_inside (const gchar * relative)
{
  g_auto (GStrv) parts = g_strsplit (relative, "/", -1);

  return *relative && !g_path_is_absolute (relative)
      && !g_strv_contains ((const gchar * const *) parts, "..");
}

static gchar *
resolve_link (const gchar * dir, const gchar * path)
{
  gchar *root = realpath (dir, NULL);
  gchar *real = realpath (path, NULL);
  g_autofree gchar *prefix = g_strconcat (root ? root : "", "/", NULL);
  gchar *copy = NULL;

  /* In a package at "/" everything is inside. */
  if (root && real && (g_str_equal (root, "/")
          || g_str_has_prefix (real, prefix)))
    copy = g_strdup (real);
  free (root);
  free (real);
  return copy;
}

gchar *
ts_package_resolve (const gchar * dir, const gchar * source,
    const gchar * relative, GError ** error)
{
  g_autofree gchar *path = g_build_filename (dir, relative, NULL);
  g_autofree gchar *real = NULL;

  if (is_inside (relative) && !g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, TS_ERROR, TS_ERROR_NOT_FOUND,
        "%s: names the file %s, which is not in the package %s; copy the "
        "package anew", source, relative, dir);
    return NULL;
  }
  real = is_inside (relative) ? resolve_link (dir, path) : NULL;
  if (!real)
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: names the file '%s', expected a path that leads nowhere out of "
        "the package %s: relative, without \"..\" and without links to the "
        "outside", source, relative, dir);
  return g_steal_pointer (&real);
}

/* Reads a JSON file of the package; *@path and *@object are the caller's.
 * Leaves *@object NULL if the file is not there and not @required. */
static gboolean
read_json (const gchar * dir, const gchar * relative, gboolean required,
    gchar ** path, JsonObject ** object, GError ** error)
{
  g_autofree gchar *real = NULL;

  *path = g_build_filename (dir, relative, NULL);
  *object = NULL;
  if (!g_file_test (*path, G_FILE_TEST_EXISTS)) {
    if (required)
      g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
          "%s: is a directory but no package: it has no %s; "
          "name an mlpkg directory or a .pt file", dir, relative);
    return !required;
  }
  real = ts_package_resolve (dir, dir, relative, error);
  if (real)
    *object = ts_json_read (*path, error);
  return *object != NULL;
}

static gboolean
check_version (const TsJson * json, GError ** error)
{
  const gchar *version = NULL;
  g_autofree gchar *found = NULL;
  gint major, minor;
  gchar rest;

  if (!ts_json_get_string (json, "version", TS_JSON_REQUIRED, &version, error))
    return FALSE;
  if (sscanf (version, "%3d.%3d%c", &major, &minor, &rest) == 2
      && major >= 0 && major <= MAX_VERSION)
    return TRUE;
  found = g_strdup_printf ("\"%s\"", version);
  ts_json_error_value (json, "version", found,
      "\"" G_STRINGIFY (MAX_VERSION) ".x\", the newest format known here; "
      "update the plugin, or convert the package", error);
  return FALSE;
}

static gboolean
check_files (const TsJson * json, const gchar * dir, GError ** error)
{
  g_auto (GStrv) files = NULL;

  if (!ts_json_get_strings (json, "files", TS_JSON_REQUIRED, &files, error))
    return FALSE;
  for (guint i = 0; files[i]; i++) {
    g_autofree gchar *path =
        ts_package_resolve (dir, json->file, files[i], error);

    if (!path)
      return FALSE;
    if (!g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
      g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
          "%s: \"files\" names %s, which is no regular file", json->file,
          files[i]);
      return FALSE;
    }
  }
  return TRUE;
}

static void
update (gpointer checksum, gconstpointer block, gsize size)
{
  g_checksum_update (checksum, block, (gssize) size);
}

gchar *
ts_package_compute_sha256 (const gchar * path, GError ** error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  if (!ts_file_each_block (path, "file of a package", update, checksum, error))
    return NULL;
  return g_strdup (g_checksum_get_string (checksum));
}

static gboolean
is_loaded_by_torch (const gchar * name)
{
  return g_str_has_suffix (name, ".pt") || g_str_has_suffix (name, ".pth")
      || g_str_has_suffix (name, ".safetensors");
}

/* What libtorch gets is kept, so that nobody can put another file into its place
 * between the look at its hash and the loading. */
static gchar *
read_and_hash (TsModelSpec * spec, const gchar * path, GError ** error)
{
  GBytes *bytes;

  if (!is_loaded_by_torch (path))
    return ts_package_compute_sha256 (path, error);
  bytes = ts_file_read_bytes (path, "file of a package", error);
  if (!bytes)
    return NULL;
  if (!spec->hashed)
    spec->hashed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
        (GDestroyNotify) g_bytes_unref);
  g_hash_table_insert (spec->hashed, g_strdup (path), bytes);
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
}

static gboolean
check_one_sha256 (TsModelSpec * spec, const TsJson * json, const gchar * dir,
    const gchar * name, GError ** error)
{
  g_autofree gchar *path = ts_package_resolve (dir, json->file, name, error);
  g_autofree gchar *found = NULL;
  const gchar *expected = NULL;

  if (!path || !ts_json_get_string (json, name, TS_JSON_REQUIRED, &expected,
          error))
    return FALSE;
  if (!ts_file_check (path, "file of a package", error))
    return FALSE;
  found = read_and_hash (spec, path, error);
  if (!found)
    return FALSE;
  if (g_ascii_strcasecmp (found, expected) == 0)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: has the SHA-256 %s, but %s expects %s; the file was changed or "
      "damaged: copy the package anew", path, found, json->file, expected);
  return FALSE;
}

static gboolean
check_sha256 (TsModelSpec * spec, const TsJson * json, const gchar * dir,
    GError ** error)
{
  TsJson sums = { json->file, "sha256.", NULL };
  g_autoptr (GList) names = NULL;
  JsonNode *node;

  if (!ts_json_get (json, "sha256", TS_JSON_OBJECT, &node, error))
    return FALSE;
  if (!node)
    return TRUE;
  sums.object = json_node_get_object (node);
  names = json_object_get_members (sums.object);
  for (GList * name = names; name; name = name->next)
    if (!check_one_sha256 (spec, &sums, dir, name->data, error))
      return FALSE;
  return TRUE;
}

/* Fields that are only described: their types are checked. */
static gboolean
check_described (const TsJson * json, const gchar * const *fields,
    TsJsonTypes types, GError ** error)
{
  JsonNode *node;

  for (guint i = 0; fields[i]; i++)
    if (!ts_json_get (json, fields[i], types, &node, error))
      return FALSE;
  return TRUE;
}

static gboolean
check_metadata_types (const TsJson * json, GError ** error)
{
  static const gchar *const required[] = {
    "repo_id", "revision", "created_at", NULL
  };
  static const gchar *const strings[] = {
    "description", "author", "license", NULL
  };
  static const gchar *const arrays[] = { "tags", NULL };
  static const gchar *const objects[] = { "custom", NULL };

  return check_described (json, required, TS_JSON_STRING | TS_JSON_REQUIRED,
      error)
      && check_described (json, strings, TS_JSON_STRING, error)
      && check_described (json, arrays, TS_JSON_ARRAY, error)
      && check_described (json, objects, TS_JSON_OBJECT, error);
}

static gboolean
read_metadata (TsModelSpec * spec, const gchar * dir, GError ** error)
{
  g_autofree gchar *path = NULL;
  g_autoptr (JsonObject) object = NULL;
  const gchar *name = NULL;
  TsJson json;

  if (!read_json (dir, "metadata.json", TRUE, &path, &object, error))
    return FALSE;
  json = (TsJson) {
  path, "", object};
  if (!check_version (&json, error)
      || !ts_json_get_string (&json, "name", TS_JSON_REQUIRED, &name, error)
      || !check_metadata_types (&json, error)
      || !check_files (&json, dir, error)
      || !check_sha256 (spec, &json, dir, error))
    return FALSE;
  spec->name = g_strdup (name);
  return TRUE;
}

static gboolean
check_family (const TsJson * json, GError ** error)
{
  static const gchar *const families[] = {
    "Vision", "Multimodal", "EncoderOnly", "DecoderOnly", "EncoderDecoder",
    NULL
  };
  JsonNode *node;
  gint family = 0;

  if (!ts_json_get (json, "architecture_family",
          TS_JSON_STRING | TS_JSON_REQUIRED, &node, error)
      || !ts_json_get_choice (json, "architecture_family", families, &family,
          error))
    return FALSE;
  if (family <= 1)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: \"architecture_family\" is \"%s\", a model of text, which cannot "
      "read video frames; expected \"Vision\" or \"Multimodal\"", json->file,
      families[family]);
  return FALSE;
}

static gboolean
check_backends (const TsJson * json, GError ** error)
{
  g_auto (GStrv) backends = NULL;
  g_autofree gchar *found = NULL;

  if (!ts_json_get_strings (json, "supported_backends", TS_JSON_REQUIRED,
          &backends, error))
    return FALSE;
  if (g_strv_contains ((const gchar * const *) backends, "Tch")
      || g_strv_contains ((const gchar * const *) backends, "Torch"))
    return TRUE;
  found = g_strjoinv (", ", backends);
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: \"supported_backends\" is [%s], expected \"Tch\" or \"Torch\" among "
      "them: only TorchScript runs here; add a TorchScript export in "
      "backends/tch/", json->file, found);
  return FALSE;
}

static gboolean
read_device (TsModelSpec * spec, const TsJson * json, GError ** error)
{
  const gchar *device = NULL;
  g_autofree gchar *found = NULL;

  if (!ts_json_get_string (json, "device", 0, &device, error))
    return FALSE;
  if (device && !ts_device_is_concrete (device)) {
    found = g_strdup_printf ("\"%s\"", device);
    ts_json_error_value (json, "device", found, TS_DEVICE_CHOICES " or null",
        error);
    return FALSE;
  }
  spec->device = g_strdup (device);
  return TRUE;
}

static gboolean
read_model_info (TsModelSpec * spec, const gchar * dir, GError ** error)
{
  static const gchar *const strings[] = { "model_type", "repo_id", NULL };
  static const gchar *const integers[] = {
    "hidden_size", "num_layers", "vocab_size", "num_parameters", "memory_mb",
    NULL
  };
  g_autofree gchar *path = NULL;
  g_autoptr (JsonObject) object = NULL;
  TsJson json;

  if (!read_json (dir, "model_info.json", TRUE, &path, &object, error))
    return FALSE;
  json = (TsJson) {
  path, "", object};
  return check_described (&json, strings, TS_JSON_STRING | TS_JSON_REQUIRED,
      error)
      && check_described (&json, integers, TS_JSON_INTEGER, error)
      && check_family (&json, error)
      && check_backends (&json, error)
      && read_device (spec, &json, error);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

/* The names below @folder of the package in the order of the alphabet. */
static GPtrArray *
list_folder (const gchar * dir, const gchar * folder)
{
  g_autofree gchar *path = g_build_filename (dir, folder, NULL);
  g_autoptr (GDir) handle = g_dir_open (path, 0, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const gchar *name;

  while (handle && (name = g_dir_read_name (handle)))
    g_ptr_array_add (names, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gchar *
join_names (GPtrArray * names)
{
  g_ptr_array_add (names, NULL);
  return names->len > 1 ? g_strjoinv (", ", (gchar **) names->pdata)
      : g_strdup ("nothing");
}

/* Sorts the files of the torch folders by what they are. */
static void
find_modules (const gchar * dir, GPtrArray * modules, GPtrArray * weights)
{
  for (guint i = 0; i < G_N_ELEMENTS (torch_folders); i++) {
    g_autofree gchar *folder =
        g_build_filename ("backends", torch_folders[i], NULL);
    g_autoptr (GPtrArray) names = list_folder (dir, folder);

    for (guint n = 0; n < names->len; n++) {
      const gchar *name = names->pdata[n];

      if (g_str_has_suffix (name, ".pt") || g_str_has_suffix (name, ".pth"))
        g_ptr_array_add (modules, g_strdup (name));
      else if (g_str_has_suffix (name, ".safetensors"))
        g_ptr_array_add (weights, g_strdup (name));
    }
  }
}

static void
set_no_module_error (const gchar * dir, GPtrArray * weights, GError ** error)
{
  g_autoptr (GPtrArray) backends = list_folder (dir, "backends");
  g_autofree gchar *found = join_names (weights->len ? weights : backends);

  if (weights->len)
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: the package is of the format SafeTensors (%s): weights without an "
        "architecture, which cannot run; expected a TorchScript file (.pt or "
        ".pth) in backends/tch/", dir, found);
  else
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: the package has no TorchScript file; found %s, expected one .pt "
        "or .pth in backends/tch/ or backends/torch/", dir, found);
}

static gboolean
check_modules (const gchar * dir, GPtrArray * modules, GPtrArray * weights,
    GError ** error)
{
  g_autofree gchar *found = NULL;

  if (modules->len == 0) {
    set_no_module_error (dir, weights, error);
    return FALSE;
  }
  if (modules->len > 1) {
    found = join_names (modules);
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: the package has several TorchScript files (%s), expected exactly "
        "one .pt or .pth; remove the others, or name one of them as the model",
        dir, found);
    return FALSE;
  }
  if (weights->len > 1) {
    found = join_names (weights);
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: the package has several files of weights (%s), expected at most one "
        ".safetensors; join them, or remove the others", dir, found);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_labels (TsModelSpec * spec, const gchar * dir, const gchar * module,
    GError ** error)
{
  g_autofree gchar *folder = g_path_get_dirname (module);
  g_autofree gchar *config = g_build_filename (folder, "config.json", NULL);
  g_autofree gchar *path = NULL;
  g_autoptr (JsonObject) object = NULL;
  TsJson json;

  if (!read_json (dir, config, FALSE, &path, &object, error))
    return FALSE;
  json = (TsJson) {
  path, "", object};
  return !object || ts_json_get_labels (&json, "id2label", &spec->labels,
      error);
}

static gboolean
read_module (TsModelSpec * spec, const gchar * dir, GError ** error)
{
  g_autoptr (GPtrArray) modules = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) weights = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *real = NULL;

  find_modules (dir, modules, weights);
  if (!check_modules (dir, modules, weights, error))
    return FALSE;
  real = ts_package_resolve (dir, dir, modules->pdata[0], error);
  spec->path = g_build_filename (dir, modules->pdata[0], NULL);
  if (weights->len == 1)
    spec->weights = ts_package_resolve (dir, dir, weights->pdata[0], error);
  return real && (spec->weights || weights->len == 0)
      && ts_pt_file_check (spec->path, error)
      && read_labels (spec, dir, modules->pdata[0], error);
}

typedef gboolean (*ReadFunc) (TsModelSpec * spec, const TsJson * json,
    GError ** error);

static gboolean
read_processing (TsModelSpec * spec, const gchar * dir, const gchar * name,
    ReadFunc read, GError ** error)
{
  g_autofree gchar *path = NULL;
  g_autoptr (JsonObject) object = NULL;
  TsJson json;

  if (!read_json (dir, name, FALSE, &path, &object, error))
    return FALSE;
  json = (TsJson) {
  path, "", object};
  return !object || read (spec, &json, error);
}

gboolean
ts_package_read (TsModelSpec * spec, const gchar * dir, GError ** error)
{
  spec->package = g_strdup (dir);
  return read_metadata (spec, dir, error)
      && read_model_info (spec, dir, error)
      && read_module (spec, dir, error)
      && read_processing (spec, dir, "preprocessor_config.json",
      ts_preprocessing_read, error)
      && read_processing (spec, dir, "postprocessor_config.json",
      ts_postprocessing_read, error);
}
