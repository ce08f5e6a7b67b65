/* tsmodelspec.c - all that is known of a model before it is loaded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsmodelspec.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsarchive.h"
#include "tserror.h"
#include "tsfile.h"
#include "tsjson.h"
#include "tspackage.h"
#include "tsptfile.h"
#include "tssignature.h"
#include "tstree.h"
#include "tstrust.h"

#define MAX_EDGE 16384
#define MAX_STRIDE 1024

static void
clear_input (gpointer input)
{
  g_free (((TsInputSpec *) input)->values);
}

static GArray *
new_inputs (void)
{
  const TsInputSpec frame = { TS_INPUT_FRAME };
  GArray *inputs = g_array_new (FALSE, TRUE, sizeof (TsInputSpec));

  g_array_set_clear_func (inputs, clear_input);
  return g_array_append_val (inputs, frame);
}

static TsModelSpec *
new_with_defaults (void)
{
  TsModelSpec *self = g_new0 (TsModelSpec, 1);

  self->inputs = new_inputs ();
  self->size = (TsInputSize) {
  TS_RESIZE_LETTERBOX, 640, 640, 0};
  self->format.layout = TS_LAYOUT_NCHW;
  self->format.channels = 3;
  self->format.pad_value = 114;
  for (gint i = 0; i < 3; i++)
    self->format.scale[i] = 1.f / 255.f;
  self->score_threshold = 0.25f;
  self->iou_threshold = 0.45f;
  self->max_detections = 300;
  return self;
}

/* The file's name without its last ".pt" or the like. */
static gchar *
get_stem (const gchar * path)
{
  gchar *name = g_path_get_basename (path);
  gchar *dot = strrchr (name, '.');

  if (dot && dot != name)
    *dot = '\0';
  return name;
}

/* A user knows the archive, and not the directory that it was unpacked to. */
static void
name_archive (GError ** error, const gchar * root, const gchar * path)
{
  GString *text;

  if (!error || !*error)
    return;
  text = g_string_new ((*error)->message);
  g_string_replace (text, root, path, 0);
  g_free ((*error)->message);
  (*error)->message = g_string_free (text, FALSE);
}

static gboolean
set_root_error (const gchar * path, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_READ,
      "%s: cannot be unpacked in %s: %s; let TMPDIR name a directory that can "
      "be written", path, g_get_tmp_dir (), g_strerror (errno));
  return FALSE;
}

/* A name for the model in a private directory, @self->temporary. */
static gchar *
make_root (TsModelSpec * self, const gchar * path, GError ** error)
{
  g_autofree gchar *name = g_path_get_basename (path);

  self->temporary = g_dir_make_tmp ("mlpkg-XXXXXX", NULL);
  if (self->temporary)
    return g_build_filename (self->temporary, name, NULL);
  set_root_error (path, error);
  return NULL;
}

static gboolean
read_package (TsModelSpec * self, const gchar * dir, const gchar * keys,
    GError ** error)
{
  return (!keys || ts_trust_check_package (dir, keys, error))
      && ts_package_read (self, dir, error);
}

static gboolean
read_file (TsModelSpec * self, const gchar * path, const gchar * keys,
    GError ** error)
{
  if (!ts_pt_file_check (path, error)
      || (keys && !ts_signature_check (path, keys, error)))
    return FALSE;
  self->path = g_strdup (path);
  self->name = get_stem (path);
  return TRUE;
}

static gboolean
read_archive (TsModelSpec * self, const gchar * path, const gchar * keys,
    GError ** error)
{
  g_autofree gchar *root = make_root (self, path, error);
  gboolean done;

  if (!root)
    return FALSE;
  done = (g_mkdir (root, 0700) == 0 || set_root_error (path, error))
      && ts_archive_unpack (path, root, error)
      && read_package (self, root, keys, error);
  name_archive (error, root, path);
  return done;
}

/* Who can write to the model could change it once it has been checked. */
static gboolean
read_copy (TsModelSpec * self, const gchar * path, gboolean is_dir,
    const gchar * keys, GError ** error)
{
  g_autofree gchar *root = make_root (self, path, error);
  gboolean done;

  if (!root)
    return FALSE;
  done = ts_trust_copy (path, root, error)
      && (is_dir ? read_package : read_file) (self, root, keys, error);
  name_archive (error, root, path);
  return done;
}

TsModelSpec *
ts_model_spec_read_trusted (const gchar * path, const gchar * keys,
    GError ** error)
{
  g_autoptr (TsModelSpec) self = new_with_defaults ();
  gboolean is_dir, done;
  GStatBuf info;

  if (g_stat (path, &info) != 0) {
    ts_file_set_error (error, path, "model file or package directory", errno);
    return NULL;
  }
  is_dir = S_ISDIR (info.st_mode);
  if (S_ISREG (info.st_mode) && ts_archive_is_package (path))
    done = read_archive (self, path, keys, error);
  else if (keys)
    done = read_copy (self, path, is_dir, keys, error);
  else
    done = (is_dir ? read_package : read_file) (self, path, NULL, error);
  return done ? g_steal_pointer (&self) : NULL;
}

TsModelSpec *
ts_model_spec_read (const gchar * path, GError ** error)
{
  return ts_model_spec_read_trusted (path, NULL, error);
}

static gint
round_up (gint value, gint step)
{
  return (value + step - 1) / step * step;
}

static gboolean
set_imgsz_error (const TsJson * json, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: \"imgsz\" is no size, expected [height, width] or one number, each "
      "from 1 to %d", json->file, MAX_EDGE);
  return FALSE;
}

static gboolean
get_edge (JsonNode * node, gint * edge)
{
  gint64 value = json_node_get_value_type (node) == G_TYPE_INT64 ?
      json_node_get_int (node) : 0;

  *edge = (gint) CLAMP (value, 0, MAX_EDGE + 1);
  return *edge >= 1 && *edge <= MAX_EDGE;
}

/* "imgsz" is what the export was asked for; the network got the next multiple
 * of its stride. */
static gboolean
add_size (TsModelSpec * self, const TsJson * json, GError ** error)
{
  gint height, width, stride = 1;
  JsonArray *array;
  JsonNode *node;

  if (!ts_json_get_int (json, "stride", 1, MAX_STRIDE, &stride, error)
      || !ts_json_get (json, "imgsz", TS_JSON_ARRAY | TS_JSON_INTEGER, &node,
          error))
    return FALSE;
  if (!node)
    return TRUE;
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    array = json_node_get_array (node);
    if (json_array_get_length (array) != 2
        || !get_edge (json_array_get_element (array, 0), &height)
        || !get_edge (json_array_get_element (array, 1), &width))
      return set_imgsz_error (json, error);
  } else if (get_edge (node, &height)) {
    width = height;
  } else {
    return set_imgsz_error (json, error);
  }
  self->size.width = round_up (width, stride);
  self->size.height = round_up (height, stride);
  self->size_known = TRUE;
  return TRUE;
}

gboolean
ts_model_spec_add_config (TsModelSpec * self, const gchar * text, gsize size,
    GError ** error)
{
  g_autofree gchar *name = g_strconcat (self->path, ": config.txt", NULL);
  g_autoptr (JsonObject) object = NULL;
  TsJson json = { name, "", NULL };

  if (size > TS_FILE_MAX_TEXT) {
    g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
        "%s: has %" G_GSIZE_FORMAT " bytes, expected at most %d", name, size,
        TS_FILE_MAX_TEXT);
    return FALSE;
  }
  json.object = object = ts_json_parse (name, text, size, error);
  if (!object)
    return FALSE;
  if (!self->size_known && !add_size (self, &json, error))
    return FALSE;
  return self->labels || ts_json_get_labels (&json, "names", &self->labels,
      error);
}

GBytes *
ts_model_spec_get_hashed (const TsModelSpec * self, const gchar * path)
{
  gchar *real = self->hashed && path ? realpath (path, NULL) : NULL;
  GBytes *bytes = real ? g_hash_table_lookup (self->hashed, real) : NULL;

  free (real);
  return bytes;
}

void
ts_model_spec_drop_files (TsModelSpec * self)
{
  if (self->temporary)
    ts_tree_remove (self->temporary);
  g_clear_pointer (&self->temporary, g_free);
  g_clear_pointer (&self->hashed, g_hash_table_unref);
}

void
ts_model_spec_free (TsModelSpec * self)
{
  if (!self)
    return;
  ts_model_spec_drop_files (self);
  g_free (self->path);
  g_free (self->package);
  g_free (self->weights);
  g_free (self->name);
  g_free (self->device);
  g_free (self->decoder);
  g_free (self->output_key);
  g_clear_pointer (&self->output_roles, g_hash_table_unref);
  g_clear_pointer (&self->tensor_ids, g_hash_table_unref);
  g_clear_pointer (&self->inputs, g_array_unref);
  g_strfreev (self->labels);
  g_free (self);
}
