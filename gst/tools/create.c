/* create.c - makes a package of a TorchScript file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "createjson.h"
#include "mlpkg.h"
#include "tsarchive.h"
#include "tsdecoder.h"
#include "tserror.h"
#include "tsfile.h"
#include "tslabels.h"
#include "tsmodelspec.h"
#include "tsptfile.h"
#include "tssafetensors.h"
#include "tstree.h"

#define SUFFIX ".mlpkg"
#define MAX_EDGE 16384

static gchar *labels, *size, *weights, *input, *expected;
static gboolean one_file;
static CreateFacts facts = {
  .revision = "main",
  .model_type = "detector",
  .resize = "letterbox",
  .score_threshold = CREATE_UNSET,
  .iou_threshold = CREATE_UNSET,
};

static const GOptionEntry entries[] = {
  {"decoder", 0, 0, G_OPTION_ARG_STRING, &facts.decoder,
      "How the output becomes boxes", "ID"},
  {"output", 0, 0, G_OPTION_ARG_STRING, &facts.output,
      "Part of the answer to decode (\"1\", \"boxes\")", "KEY"},
  {"labels", 0, 0, G_OPTION_ARG_FILENAME, &labels, "Class names, one a line",
      "FILE"},
  {"size", 0, 0, G_OPTION_ARG_STRING, &size, "Input size", "WIDTHxHEIGHT"},
  {"resize", 0, 0, G_OPTION_ARG_STRING, &facts.resize,
      "letterbox (default) or stretch", "HOW"},
  {"size-divisor", 0, 0, G_OPTION_ARG_INT, &facts.size_divisor,
      "Pad a letterbox only to a multiple of this", "N"},
  {"layout", 0, 0, G_OPTION_ARG_STRING, &facts.layout, "NCHW or NHWC",
      "LAYOUT"},
  {"channel-order", 0, 0, G_OPTION_ARG_STRING, &facts.channel_order,
      "RGB or BGR", "ORDER"},
  {"score-threshold", 0, 0, G_OPTION_ARG_DOUBLE, &facts.score_threshold,
      "0 to 1", "SCORE"},
  {"iou-threshold", 0, 0, G_OPTION_ARG_DOUBLE, &facts.iou_threshold,
      "0 to 1", "IOU"},
  {"max-detections", 0, 0, G_OPTION_ARG_INT, &facts.max_detections,
      "At most so many a frame", "N"},
  {"device", 0, 0, G_OPTION_ARG_STRING, &facts.device,
      "What device=auto tries first", "DEVICE"},
  {"weights", 0, 0, G_OPTION_ARG_FILENAME, &weights,
      "Weights to put over the module's own", "FILE.safetensors"},
  {"self-test-input", 0, 0, G_OPTION_ARG_FILENAME, &input,
      "Input of the self-test", "FILE.npy|ppm"},
  {"self-test-expected", 0, 0, G_OPTION_ARG_FILENAME, &expected,
      "Answer expected of it", "FILE.npy|json"},
  {"name", 0, 0, G_OPTION_ARG_STRING, &facts.name, "Default: the package's "
        "file name", "NAME"},
  {"repo-id", 0, 0, G_OPTION_ARG_STRING, &facts.repo_id,
      "Where the model comes from (local/NAME)", "OWNER/NAME"},
  {"revision", 0, 0, G_OPTION_ARG_STRING, &facts.revision, "Default: main",
      "REVISION"},
  {"model-type", 0, 0, G_OPTION_ARG_STRING, &facts.model_type,
      "Default: detector", "TYPE"},
  {"description", 0, 0, G_OPTION_ARG_STRING, &facts.description, NULL, "TEXT"},
  {"author", 0, 0, G_OPTION_ARG_STRING, &facts.author, NULL, "NAME"},
  {"license", 0, 0, G_OPTION_ARG_STRING, &facts.license, NULL, "SPDX"},
  {"one-file", 0, 0, G_OPTION_ARG_NONE, &one_file,
      "Write one zip file in place of a directory", NULL},
  {NULL}
};

static gboolean
set_usage_error (const gchar * option, const gchar * found,
    const gchar * wanted, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG, "%s is '%s', expected %s",
      option, found, wanted);
  return FALSE;
}

static gboolean
set_write_error (const gchar * path, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_READ, "%s: cannot be written: %s",
      path, g_strerror (errno));
  return FALSE;
}

static gboolean
parse_size (GError ** error)
{
  gchar rest;

  if (!size)
    return TRUE;
  if (sscanf (size, "%5dx%5d%c", &facts.width, &facts.height, &rest) == 2
      && facts.width >= 1 && facts.width <= MAX_EDGE && facts.height >= 1
      && facts.height <= MAX_EDGE)
    return TRUE;
  return set_usage_error ("--size", size, "WIDTHxHEIGHT, each from 1 to "
      G_STRINGIFY (MAX_EDGE), error);
}

/* What the reading of the new package would not find. */
static gboolean
check (const gchar * model, const gchar * target, GError ** error)
{
  g_autoptr (TsSafetensors) tensors = NULL;

  if (!g_str_has_suffix (target, SUFFIX))
    return set_usage_error ("the package's name", target,
        "a name that ends in " SUFFIX, error);
  if (g_file_test (target, G_FILE_TEST_EXISTS)) {
    errno = EEXIST;
    return set_write_error (target, error);
  }
  if (!input != !expected)
    return set_usage_error ("the self-test", input ? input : expected,
        "both --self-test-input and --self-test-expected", error);
  if (facts.decoder && !ts_decoder_find (facts.decoder, error))
    return FALSE;
  if (weights && !(tensors = ts_safetensors_open (weights, error)))
    return FALSE;
  return parse_size (error) && ts_pt_file_check (model, error);
}

static gboolean
copy_stream (FILE * from, FILE * to)
{
  g_autofree gchar *block = g_malloc (65536);
  gsize n;

  while ((n = fread (block, 1, 65536, from)) > 0)
    if (fwrite (block, 1, n, to) != n)
      return FALSE;
  return !ferror (from);
}

static gboolean
copy (const gchar * from, const gchar * dir, const gchar * name,
    GError ** error)
{
  g_autofree gchar *path = g_build_filename (dir, name, NULL);
  g_autofree gchar *parent = g_path_get_dirname (path);
  FILE *source, *target;
  gboolean done;

  if (!from)
    return TRUE;
  if (!ts_file_check (from, "file for a package", error))
    return FALSE;
  source = g_fopen (from, "rbe");
  if (!source) {
    ts_file_set_error (error, from, "file for a package", errno);
    return FALSE;
  }
  g_mkdir_with_parents (parent, 0777);
  target = g_fopen (path, "wbe");
  done = target && copy_stream (source, target);
  if (target && fclose (target) != 0)
    done = FALSE;
  if (!done)
    set_write_error (path, error);
  fclose (source);
  return done;
}

static gboolean
is_picture (void)
{
  return input && g_str_has_suffix (input, ".ppm");
}

static gboolean
fill (const gchar * model, const gchar * dir, GError ** error)
{
  g_autoptr (TsModelSpec) spec = NULL;

  if (!copy (model, dir, "backends/tch/model.pt", error)
      || !copy (weights, dir, "backends/tch/model.safetensors", error)
      || !copy (input, dir, is_picture ()? "selftest/input.ppm" :
          "selftest/input.npy", error)
      || !copy (expected, dir, is_picture ()? "selftest/expected.json" :
          "selftest/expected.npy", error)
      || !create_json_write (&facts, dir, error))
    return FALSE;
  /* A wrong setting is found by who will read it. */
  spec = ts_model_spec_read (dir, error);
  return spec != NULL;
}

static gboolean
finish (const gchar * draft, const gchar * target, GError ** error)
{
  if (one_file)
    return ts_archive_pack (draft, target, error);
  return g_rename (draft, target) == 0 || set_write_error (target, error);
}

/* In a draft beside the target, so that the whole of it is there or nothing. */
static gboolean
create (const gchar * model, const gchar * target, GError ** error)
{
  g_autofree gchar *parent = g_path_get_dirname (target);
  g_autofree gchar *draft = g_build_filename (parent, ".mlpkg-XXXXXX", NULL);
  gboolean done;

  if (!g_mkdtemp_full (draft, 0755))
    return set_write_error (target, error);
  done = fill (model, draft, error) && finish (draft, target, error);
  ts_tree_remove (draft);
  return done;
}

static gboolean
run (gchar ** arguments, JsonObject * report, GError ** error)
{
  g_autofree gchar *name = g_path_get_basename (arguments[1]);
  g_autofree gchar *repo_id = NULL;

  if (!check (arguments[0], arguments[1], error))
    return FALSE;
  if (labels && !(facts.labels = ts_labels_read (labels, error)))
    return FALSE;
  name[strlen (name) - strlen (SUFFIX)] = '\0';
  repo_id = g_strconcat ("local/", name, NULL);
  if (!facts.name)
    facts.name = name;
  if (!facts.repo_id)
    facts.repo_id = repo_id;
  if (!create (arguments[0], arguments[1], error))
    return FALSE;
  json_object_set_string_member (report, "created", arguments[1]);
  return TRUE;
}

const MlpkgCommand mlpkg_create = {
  "create", "MODEL.pt NAME.mlpkg", 2, "Makes a package of a TorchScript file",
  entries, run
};
