/* test_modelspec.c - packages, bare files, and all that can be wrong with them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fakemodel.h"
#include "modeltest.h"
#include "tsmodelspec.h"

static TsModelSpec *
read_edited (const gchar * directory, const gchar * file, const gchar * field,
    const gchar * value)
{
  g_autoptr (GError) error = NULL;
  TsModelSpec *spec;

  model_test_write_package (directory);
  model_test_edit_json (directory, file, field, value);
  spec = ts_model_spec_read (directory, &error);
  g_assert_no_error (error);
  return spec;
}

static void
test_package (void)
{
  gchar *directory = model_test_directory ();
  g_autoptr (TsModelSpec) spec =
      read_edited (directory, "metadata.json", "extra", "[1]");
  g_autofree gchar *path =
      g_build_filename (directory, "backends/tch/model.pt", NULL);

  g_assert_cmpstr (spec->path, ==, path);
  g_assert_cmpstr (spec->name, ==, "pages");
  g_assert_cmpstr (spec->device, ==, "cuda:1");
  g_assert_cmpstr (spec->decoder, ==, "yolov10");
  g_assert_cmpstr (spec->output_key, ==, "1");
  g_assert_cmpstrv (spec->labels, WORDS ("title", "", "text"));
  g_assert_cmpfloat (spec->score_threshold, ==, 0.5f);
  g_assert_cmpfloat (spec->iou_threshold, ==, 0.6f);
  g_assert_cmpint (spec->max_detections, ==, 100);
  g_assert_true (spec->size_known);
  g_assert_cmpint (spec->size.mode, ==, TS_RESIZE_LETTERBOX);
  g_assert_cmpint (spec->size.width, ==, 1024);
  g_assert_cmpint (spec->size.size_divisor, ==, 32);
  model_test_remove (directory);
}

/* Everything optional away: the documented defaults. */
static void
test_defaults (void)
{
  gchar *directory = model_test_directory ();
  g_autoptr (TsModelSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  const gchar *const optional[] = {
    "preprocessor_config.json", "postprocessor_config.json",
    "backends/tch/config.json"
  };

  model_test_write_package (directory);
  for (guint i = 0; i < G_N_ELEMENTS (optional); i++) {
    g_autofree gchar *path = g_build_filename (directory, optional[i], NULL);

    g_assert_cmpint (g_remove (path), ==, 0);
  }
  spec = ts_model_spec_read (directory, &error);
  g_assert_no_error (error);
  g_assert_null (spec->labels);
  g_assert_null (spec->decoder);
  g_assert_false (spec->size_known);
  g_assert_cmpint (spec->size.height, ==, 640);
  g_assert_cmpint (spec->size.size_divisor, ==, 0);
  g_assert_cmpint (spec->format.pad_value, ==, 114);
  g_assert_cmpfloat (spec->format.scale[2], ==, 1.f / 255.f);
  g_assert_cmpfloat (spec->format.offset[2], ==, 0.f);
  model_test_remove (directory);
}

static void
check_size (const gchar * preprocessor, TsInputSize expected)
{
  gchar *directory = model_test_directory ();
  g_autoptr (TsModelSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  model_test_write_package (directory);
  g_free (model_test_write (directory, "preprocessor_config.json",
          preprocessor, -1));
  spec = ts_model_spec_read (directory, &error);
  g_assert_no_error (error);
  g_assert_cmpint (spec->size.mode, ==, expected.mode);
  g_assert_cmpint (spec->size.width, ==, expected.width);
  g_assert_cmpint (spec->size.height, ==, expected.height);
  g_assert_cmpint (spec->size.size_divisor, ==, expected.size_divisor);
  model_test_remove (directory);
}

/* *INDENT-OFF* */
static void
test_sizes (void)
{
  check_size ("{\"size\": {\"height\": 480, \"width\": 640}}",
      (TsInputSize) { TS_RESIZE_STRETCH, 640, 480, 0});
  check_size ("{\"size\": {\"height\": 480, \"width\": 640}, \"do_pad\": true}",
      (TsInputSize) { TS_RESIZE_LETTERBOX, 640, 480, 0});
  check_size ("{\"size\": 320, \"resize_type\": \"letterbox\"}",
      (TsInputSize) { TS_RESIZE_LETTERBOX, 320, 320, 0});
  check_size ("{\"size\": {\"longest_edge\": 800}}",
      (TsInputSize) { TS_RESIZE_LETTERBOX, 800, 800, 0});
  check_size ("{\"size\": {\"longest_edge\": 800}, \"do_pad\": false}",
      (TsInputSize) { TS_RESIZE_LETTERBOX, 800, 800, 1});
  check_size ("{\"size\": {\"longest_edge\": 800}, \"resize_type\": \"stretch\"}",
      (TsInputSize) { TS_RESIZE_STRETCH, 800, 800, 0});
}
/* *INDENT-ON* */

/* tensor = (pixel * factor - mean) / std. */
static void
check_format (const gchar * preprocessor, gdouble factor,
    const gdouble mean[3], const gdouble std[3])
{
  gchar *directory = model_test_directory ();
  g_autoptr (TsModelSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  model_test_write_package (directory);
  g_free (model_test_write (directory, "preprocessor_config.json",
          preprocessor, -1));
  spec = ts_model_spec_read (directory, &error);
  g_assert_no_error (error);
  for (gint c = 0; c < 3; c++)
    for (gint pixel = 0; pixel < 256; pixel += 85)
      g_assert_cmpfloat_with_epsilon (pixel * spec->format.scale[c]
          + spec->format.offset[c], (pixel * factor - mean[c]) / std[c], 1e-4);
  model_test_remove (directory);
}

static void
test_normalisation (void)
{
  const gdouble zero[3] = { 0, 0, 0 }, one[3] = { 1, 1, 1 };
  const gdouble mean[3] = { 0.485, 0.456, 0.406 };
  const gdouble std[3] = { 0.229, 0.224, 0.225 };
  const gdouble half[3] = { 0.5, 0.5, 0.5 };

  check_format ("{}", 1 / 255., zero, one);
  check_format ("{\"do_rescale\": false}", 1, zero, one);
  check_format ("{\"rescale_factor\": 0.5}", 0.5, zero, one);
  check_format ("{\"image_mean\": [0.485, 0.456, 0.406],"
      "\"image_std\": [0.229, 0.224, 0.225]}", 1 / 255., mean, std);
  check_format ("{\"image_mean\": 0.5, \"image_std\": 0.5}", 1 / 255., half,
      half);
  check_format ("{\"do_normalize\": false, \"image_mean\": 7}", 1 / 255., zero,
      one);
}

static void
test_format_choices (void)
{
  gchar *directory = model_test_directory ();
  g_autoptr (TsModelSpec) spec = read_edited (directory,
      "preprocessor_config.json", "channel_order", "\"BGR\"");

  g_assert_true (spec->format.bgr);
  g_clear_pointer (&spec, ts_model_spec_free);
  spec = read_edited (directory, "preprocessor_config.json", "layout",
      "\"NHWC\"");
  g_assert_cmpint (spec->format.layout, ==, TS_LAYOUT_NHWC);
  g_clear_pointer (&spec, ts_model_spec_free);
  spec = read_edited (directory, "preprocessor_config.json", "pad_value", "0");
  g_assert_cmpint (spec->format.pad_value, ==, 0);
  g_clear_pointer (&spec, ts_model_spec_free);
  spec = read_edited (directory, "postprocessor_config.json", "output",
      "\"one2one.0\"");
  g_assert_cmpstr (spec->output_key, ==, "one2one.0");
  model_test_remove (directory);
}

/* One field of a valid package is replaced by @value, NULL: removed. */
typedef struct
{
  const gchar *file, *field, *value;
  gint code;
  const gchar *words[5];        /* ends in NULL */
} FieldCase;

#define METADATA "metadata.json"
#define INFO "model_info.json"
#define PRE "preprocessor_config.json"
#define POST "postprocessor_config.json"
#define CONFIG "backends/tch/config.json"

#define FOUR_SIZES "{\"source\": \"input_size\"}, {\"source\": " \
  "\"input_size\"}, {\"source\": [1]}, {\"source\": [2]}"
#define SIXTEEN_SIZES FOUR_SIZES ", " FOUR_SIZES ", " FOUR_SIZES ", " FOUR_SIZES

static const FieldCase field_cases[] = {
  {METADATA, "version", NULL, TS_ERROR_FORMAT, {"missing", "a string"}},
  {METADATA, "version", "1", TS_ERROR_FORMAT, {"is 1", "a string"}},
  {METADATA, "version", "\"2.0\"", TS_ERROR_CONFIG, {"\"2.0\"", "1.x"}},
  {METADATA, "version", "\"new\"", TS_ERROR_CONFIG, {"\"new\"", "1.x"}},
  {METADATA, "name", "null", TS_ERROR_FORMAT, {"null", "a string"}},
  {METADATA, "repo_id", NULL, TS_ERROR_FORMAT, {"missing"}},
  {METADATA, "revision", "[]", TS_ERROR_FORMAT, {"[]", "a string"}},
  {METADATA, "created_at", "3.5", TS_ERROR_FORMAT, {"3.5", "a string"}},
  {METADATA, "tags", "\"a\"", TS_ERROR_FORMAT, {"an array"}},
  {METADATA, "custom", "true", TS_ERROR_FORMAT, {"true", "an object"}},
  {METADATA, "files", NULL, TS_ERROR_FORMAT, {"missing", "an array"}},
  {METADATA, "files", "[\"gone.bin\"]", TS_ERROR_NOT_FOUND, {"gone.bin"}},
  {METADATA, "files", "[\"backends\"]", TS_ERROR_FORMAT, {"backends",
          "regular file"}},
  {METADATA, "files", "[1]", TS_ERROR_FORMAT, {"strings only"}},
  {METADATA, "files", "[\"../x\"]", TS_ERROR_FORMAT, {"../x", "nowhere out"}},
  {METADATA, "files", "[\"/etc/passwd\"]", TS_ERROR_FORMAT, {"/etc/passwd",
          "nowhere out"}},
  {METADATA, "files", "[\"backends/../model_info.json\"]", TS_ERROR_FORMAT,
      {"backends/../model", "nowhere out"}},
  {METADATA, "files", "[\"\"]", TS_ERROR_FORMAT, {"''", "nowhere out"}},
  {METADATA, "files", "[\"link\"]", TS_ERROR_FORMAT, {"link", "nowhere out"}},
  {METADATA, "sha256", "[]", TS_ERROR_FORMAT, {"an object"}},
  {METADATA, "sha256", "{\"gone\": \"00\"}", TS_ERROR_NOT_FOUND, {"gone"}},
  {METADATA, "sha256", "{\"model_info.json\": 1}", TS_ERROR_FORMAT,
      {"sha256.model_info.json", "a string"}},
  {METADATA, "sha256", "{\"model_info.json\": \"00\"}", TS_ERROR_FORMAT,
      {"SHA-256", "expects 00", "copy the package anew"}},
  {METADATA, "sha256", "{\"../x\": \"00\"}", TS_ERROR_FORMAT, {"nowhere out"}},
  {INFO, "model_type", NULL, TS_ERROR_FORMAT, {"missing"}},
  {INFO, "repo_id", "{}", TS_ERROR_FORMAT, {"{}", "a string"}},
  {INFO, "architecture_family", NULL, TS_ERROR_FORMAT, {"missing"}},
  {INFO, "architecture_family", "\"Odd\"", TS_ERROR_CONFIG, {"\"Odd\"",
          "\"Vision\"", "\"EncoderOnly\""}},
  {INFO, "architecture_family", "\"DecoderOnly\"", TS_ERROR_CONFIG,
      {"\"DecoderOnly\"", "video", "\"Multimodal\""}},
  {INFO, "supported_backends", NULL, TS_ERROR_FORMAT, {"missing"}},
  {INFO, "supported_backends", "[\"Candle\", \"TFLite\"]", TS_ERROR_CONFIG,
      {"Candle, TFLite", "\"Tch\""}},
  {INFO, "device", "\"tpu\"", TS_ERROR_CONFIG, {"\"tpu\"", "\"cuda:N\"",
          "null"}},
  {INFO, "device", "\"auto\"", TS_ERROR_CONFIG, {"\"auto\""}},
  {INFO, "device", "0", TS_ERROR_FORMAT, {"is 0", "a string"}},
  {INFO, "num_layers", "1.5", TS_ERROR_FORMAT, {"1.5", "an integer"}},
  {PRE, "size", "\"big\"", TS_ERROR_FORMAT, {"\"big\"",
          "an integer or an object"}},
  {PRE, "size", "{\"shortest_edge\": 3}", TS_ERROR_CONFIG, {"\"height\"",
          "\"longest_edge\""}},
  {PRE, "size", "{\"height\": 3}", TS_ERROR_CONFIG, {"\"width\""}},
  {PRE, "size", "{\"height\": 0, \"width\": 1}", TS_ERROR_CONFIG,
      {"size.height", "is 0", "from 1 to"}},
  {PRE, "size", "20000", TS_ERROR_CONFIG, {"20000", "16384"}},
  {PRE, "size_divisor", "0", TS_ERROR_CONFIG, {"size_divisor", "from 1"}},
  {PRE, "resize_type", "\"crop\"", TS_ERROR_CONFIG, {"\"crop\"",
          "\"letterbox\", \"stretch\""}},
  {PRE, "do_pad", "1", TS_ERROR_FORMAT, {"is 1", "true or false"}},
  {PRE, "resample", "3", TS_ERROR_CONFIG, {"resample", "is 3", "2 (bilinear"}},
  {PRE, "pad_value", "256", TS_ERROR_CONFIG, {"256", "from 0 to 255"}},
  {PRE, "channel_order", "\"GBR\"", TS_ERROR_CONFIG, {"\"GBR\"",
          "\"RGB\", \"BGR\""}},
  {PRE, "layout", "\"CHW\"", TS_ERROR_CONFIG, {"\"CHW\"",
          "\"NCHW\", \"NHWC\""}},
  {PRE, "dtype", "\"int8\"", TS_ERROR_CONFIG, {"\"int8\"", "\"float32\""}},
  {PRE, "do_normalize", "true", TS_ERROR_FORMAT, {"image_mean", "missing"}},
  {PRE, "image_mean", "0.5", TS_ERROR_FORMAT, {"image_std", "missing"}},
  {PRE, "image_mean", "[1, 2]", TS_ERROR_CONFIG, {"[1,2]", "three"}},
  {PRE, "image_mean", "[1, 2, \"x\"]", TS_ERROR_CONFIG, {"[1,2,\"x\"]"}},
  {PRE, "image_mean", "1e99", TS_ERROR_CONFIG, {"a finite number"}},
  {PRE, "rescale_factor", "\"x\"", TS_ERROR_FORMAT, {"\"x\"", "a number"}},
  {POST, "decoder", "7", TS_ERROR_FORMAT, {"is 7", "a string"}},
  {POST, "score_threshold", "1.5", TS_ERROR_CONFIG, {"1.5", "from 0 to 1"}},
  {POST, "iou_threshold", "-1", TS_ERROR_CONFIG, {"-1", "from 0 to 1"}},
  {POST, "max_detections", "0", TS_ERROR_CONFIG, {"is 0", "from 1"}},
  {POST, "max_detections", "1e2", TS_ERROR_FORMAT, {"an integer"}},
  {POST, "output", "-1", TS_ERROR_CONFIG, {"-1", "from 0"}},
  {POST, "output", "{\"boxes\": []}", TS_ERROR_CONFIG, {"output.boxes", "[]"}},
  {POST, "activation", "\"relu\"", TS_ERROR_CONFIG, {"\"relu\"",
          "\"softmax\", \"sigmoid\", \"none\""}},
  {POST, "first_class", "-1", TS_ERROR_CONFIG, {"-1", "from 0"}},
  {PRE, "num_channels", "2", TS_ERROR_CONFIG, {"is 2", "1 (luma) or 3"}},
  {PRE, "input_form", "\"dict\"", TS_ERROR_CONFIG, {"\"dict\"",
          "\"tensor\", \"list\", \"tensor_list\""}},
  {PRE, "inputs", "[]", TS_ERROR_CONFIG, {"0 entries", "\"frame\""}},
  {PRE, "inputs", "[7]", TS_ERROR_FORMAT, {"inputs", "objects"}},
  {PRE, "inputs", "[{\"source\": \"camera\"}]", TS_ERROR_CONFIG,
      {"inputs[0].source", "\"camera\"", "\"original_size\""}},
  {PRE, "inputs", "[{\"source\": \"frame\"}, {\"source\": [1, \"x\"]}]",
      TS_ERROR_CONFIG, {"inputs[1].source", "\"x\"", "numbers"}},
  {PRE, "inputs", "[{\"source\": \"frame\"}, {\"source\": [1, 2], "
        "\"shape\": [3]}]", TS_ERROR_CONFIG, {"inputs[1].shape", "3 elements"}},
  {PRE, "inputs", "[{\"source\": \"frame\"}, {\"source\": [], "
        "\"shape\": [16384, 16384, 16384, 16384, 16384]}]", TS_ERROR_CONFIG,
      {"inputs[1].shape", "expected 0"}},
  {PRE, "inputs", "[{\"source\": \"frame\"}, " SIXTEEN_SIZES "]",
      TS_ERROR_CONFIG, {"inputs", "17 entries", "at most 16"}},
  {PRE, "inputs", "[{\"source\": \"frame\"}, {\"source\": \"frame\"}]",
      TS_ERROR_CONFIG, {"2 entries"}},
  {POST, "output", "[]", TS_ERROR_FORMAT, {"[]", "a string or an integer"}},
  {CONFIG, "id2label", "{\"one\": \"x\"}", TS_ERROR_FORMAT, {"\"one\"",
          "class numbers"}},
  {CONFIG, "id2label", "{\"70000\": \"x\"}", TS_ERROR_FORMAT, {"70000"}},
  {CONFIG, "id2label", "{\"0\": 5}", TS_ERROR_FORMAT, {"strings only"}},
  {CONFIG, "id2label", "\"x\"", TS_ERROR_FORMAT, {"an array or an object"}},
};

static void
expect_package_error (const gchar * directory, gint code,
    const gchar * const *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ts_model_spec_read (directory, &error));
  model_test_assert_error (&error, code, WORDS (directory));
  g_assert_null (ts_model_spec_read (directory, &error));
  model_test_assert_error (&error, code, words);
}

static void
test_field_errors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (field_cases); i++) {
    const FieldCase *c = &field_cases[i];
    gchar *directory = model_test_directory ();
    g_autofree gchar *link = g_build_filename (directory, "link", NULL);

    g_test_message ("%s: %s = %s", c->file, c->field, c->value);
    model_test_write_package (directory);
    g_assert_cmpint (symlink ("/etc/passwd", link), ==, 0);
    model_test_edit_json (directory, c->file, c->field, c->value);
    expect_package_error (directory, c->code, c->words);
    expect_package_error (directory, c->code, WORDS (c->file));
    model_test_remove (directory);
  }
}

/* One file of a valid package is replaced by @content, NULL: removed. */
typedef struct
{
  const gchar *file, *content;
  gint code;
  const gchar *words[5];        /* ends in NULL */
} FileCase;

static const FileCase file_cases[] = {
  {METADATA, NULL, TS_ERROR_FORMAT, {METADATA, "no package", "mlpkg"}},
  {INFO, NULL, TS_ERROR_NOT_FOUND, {INFO}},
  {METADATA, "", TS_ERROR_FORMAT, {METADATA, "empty"}},
  {METADATA, "{", TS_ERROR_FORMAT, {METADATA, "no valid JSON"}},
  {METADATA, "[1]", TS_ERROR_FORMAT, {METADATA, "expected a JSON object"}},
  {METADATA, "{\"a\": /* x */ 1}", TS_ERROR_FORMAT, {METADATA, "comments"}},
  {METADATA, "\xff\xfe", TS_ERROR_FORMAT, {METADATA, "UTF-8"}},
  {PRE, "nonsense", TS_ERROR_FORMAT, {PRE, "no valid JSON"}},
  {"backends/tch/model.pt", "", TS_ERROR_FORMAT, {"model.pt", "empty"}},
  {"backends/tch/model.pt", "noise", TS_ERROR_FORMAT, {"model.pt",
          "no TorchScript", "6e 6f 69 73"}},
  {"backends/tch/model.pt", "\x80\x02}", TS_ERROR_FORMAT, {"model.pt",
          "pickled checkpoint", "convert.py", "torch.jit.save"}},
  {"backends/tch/b.pth", "x", TS_ERROR_FORMAT, {"several",
          "backends/tch/b.pth, backends/tch/model.pt", "exactly one"}},
  {"backends/torch/b.pt", "x", TS_ERROR_FORMAT, {
          "backends/tch/model.pt, backends/torch/b.pt"}},
};

static void
replace_file (const gchar * directory, const gchar * file,
    const gchar * content)
{
  g_autofree gchar *path = g_build_filename (directory, file, NULL);

  if (content)
    g_free (model_test_write (directory, file, content, -1));
  else
    g_assert_cmpint (g_remove (path), ==, 0);
}

static void
test_file_errors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (file_cases); i++) {
    const FileCase *c = &file_cases[i];
    gchar *directory = model_test_directory ();

    g_test_message ("%s: %s", c->file, c->content);
    model_test_write_package (directory);
    replace_file (directory, c->file, c->content);
    expect_package_error (directory, c->code, c->words);
    model_test_remove (directory);
  }
}

static void
move_model (const gchar * directory, const gchar * target)
{
  g_autofree gchar *from =
      g_build_filename (directory, "backends/tch/model.pt", NULL);
  g_autofree gchar *to = g_build_filename (directory, target, NULL);
  g_autofree gchar *parent = g_path_get_dirname (to);

  model_test_write_package (directory);
  model_test_edit_json (directory, METADATA, "files", "[]");
  g_mkdir_with_parents (parent, 0700);
  g_assert_cmpint (g_rename (from, to), ==, 0);
}

static void
test_other_backends (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *path = NULL;

  move_model (directory, "backends/candle/model.bin");
  expect_package_error (directory, TS_ERROR_FORMAT,
      WORDS ("found backends/candle, backends/tch", "backends/torch/"));
  path = model_test_write (directory, "backends/tch/w.safetensors", "x", -1);
  expect_package_error (directory, TS_ERROR_FORMAT,
      WORDS ("SafeTensors", "backends/tch/w.safetensors", "architecture"));
  model_test_remove (directory);
}

static void
test_weights (void)
{
  gchar *directory = model_test_directory ();
  g_autoptr (TsModelSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = NULL;
  g_autofree gchar *second = NULL;

  model_test_write_package (directory);
  path = model_test_write (directory, "backends/tch/model.safetensors", "x",
      -1);
  spec = ts_model_spec_read (directory, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spec->weights, ==, path);
  second = model_test_write (directory, "backends/tch/b.safetensors", "x", -1);
  expect_package_error (directory, TS_ERROR_FORMAT, WORDS ("several files",
          "backends/tch/b.safetensors, backends/tch/model.safetensors"));
  model_test_remove (directory);
}

static void
test_torch_folder (void)
{
  gchar *directory = model_test_directory ();
  g_autoptr (TsModelSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  move_model (directory, "backends/torch/net.pth");
  spec = ts_model_spec_read (directory, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (spec->path, "backends/torch/net.pth"));
  model_test_remove (directory);
}

static void
test_linked_model (void)
{
  gchar *directory = model_test_directory ();
  gchar *outside = model_test_directory ();
  g_autofree gchar *target = g_build_filename (outside, "m.pt", NULL);
  g_autofree gchar *path =
      g_build_filename (directory, "backends/tch/model.pt", NULL);

  model_test_write_package (directory);
  model_test_edit_json (directory, METADATA, "files", "[]");
  fake_model_write (target, NULL);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (symlink (target, path), ==, 0);
  expect_package_error (directory, TS_ERROR_FORMAT,
      WORDS ("model.pt", "nowhere out"));
  model_test_remove (directory);
  model_test_remove (outside);
}

static void
test_sha256 (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *path = model_test_write (directory, "data", "abc", -1);
  g_autoptr (TsModelSpec) spec = read_edited (directory, METADATA, "sha256",
      /* The example of FIPS 180-2, appendix B.1. */
      "{\"data\": \"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61"
      "F20015AD\"}");

  g_assert_nonnull (spec);
  g_free (model_test_write (directory, "data", "abd", -1));
  expect_package_error (directory, TS_ERROR_FORMAT, WORDS ("data", "SHA-256",
          "BA7816BF"));
  model_test_remove (directory);
}

static void
test_deep_json (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *deep = g_strnfill (2000000, '[');

  model_test_write_package (directory);
  g_free (model_test_write (directory, METADATA, deep, -1));
  expect_package_error (directory, TS_ERROR_FORMAT, WORDS (METADATA, "deeper"));
  model_test_remove (directory);
}

/* To a parser that takes single quotes the brackets are in no string. */
static void
test_hidden_depth (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *deep = g_strnfill (2000000, '[');
  g_autofree gchar *text = g_strconcat ("{\"a\": '\"', \"b\": ", deep, NULL);

  model_test_write_package (directory);
  g_free (model_test_write (directory, METADATA, text, -1));
  expect_package_error (directory, TS_ERROR_FORMAT, WORDS (METADATA, "quotes"));
  model_test_remove (directory);
}

static void
test_large_json (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *large = g_strnfill (17 * 1024 * 1024, ' ');

  model_test_write_package (directory);
  g_free (model_test_write (directory, METADATA, large, -1));
  expect_package_error (directory, TS_ERROR_FORMAT, WORDS (METADATA, "17825792",
          "16777216"));
  model_test_remove (directory);
}

static void
test_zero_std (void)
{
  gchar *directory = model_test_directory ();

  model_test_write_package (directory);
  model_test_edit_json (directory, PRE, "image_mean", "0");
  model_test_edit_json (directory, PRE, "image_std", "[1, 0, 1]");
  expect_package_error (directory, TS_ERROR_CONFIG, WORDS (PRE, "image_std",
          "[1,0,1]", "other than 0"));
  model_test_remove (directory);
}

static void
expect_file_error (const gchar * path, gint code, const gchar * const *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ts_model_spec_read (path, &error));
  model_test_assert_error (&error, code, words);
}

static void
test_bare_file (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *path = g_build_filename (directory, "net.v2.pt", NULL);
  g_autoptr (TsModelSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  fake_model_write (path, NULL);
  spec = ts_model_spec_read (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spec->path, ==, path);
  g_assert_cmpstr (spec->name, ==, "net.v2");
  g_assert_false (spec->size_known);
  model_test_remove (directory);
}

static void
write_truncated (const gchar * directory, const gchar * path)
{
  g_autofree gchar *content = NULL;
  gsize size;

  fake_model_write (path, NULL);
  g_assert_true (g_file_get_contents (path, &content, &size, NULL));
  g_free (model_test_write (directory, "m.pt", content, size - 30));
}

static void
test_bare_errors (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *path = g_build_filename (directory, "m.pt", NULL);
  g_autofree gchar *fifo = g_build_filename (directory, "fifo", NULL);

  expect_file_error (path, TS_ERROR_NOT_FOUND, WORDS (path, "check the path"));
  fake_zip_write (path, WORDS ("archive/data.pkl", "archive/data/0"), "x");
  expect_file_error (path, TS_ERROR_FORMAT, WORDS (path,
          "is a pickled checkpoint and no TorchScript",
          "models/doclayout/convert.py", "torch.jit.script"));
  fake_zip_write (path, WORDS ("readme.txt"), "x");
  expect_file_error (path, TS_ERROR_FORMAT, WORDS (path, "zip archive",
          "constants.pkl", "torch.jit.save"));
  fake_zip_write (path, WORDS ("p.mlpkg/model_info.json"), "x");
  expect_file_error (path, TS_ERROR_FORMAT, WORDS (path, "in a folder",
          "mlpkg pack"));
  write_truncated (directory, path);
  expect_file_error (path, TS_ERROR_FORMAT, WORDS (path, "end is missing"));
  g_free (model_test_write (directory, "m.pt", "x", -1));
  expect_file_error (path, TS_ERROR_FORMAT, WORDS (path, "78 00 00 00"));
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  expect_file_error (fifo, TS_ERROR_FORMAT, WORDS (fifo, "special file"));
  expect_file_error ("/dev/null/x", TS_ERROR_NOT_FOUND, WORDS ("/dev/null/x"));
  model_test_remove (directory);
}

static void
test_unreadable (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *path = g_build_filename (directory, "m.pt", NULL);

  fake_model_write (path, NULL);
  g_chmod (path, 0);
  if (access (path, R_OK) == 0)
    g_test_skip ("root reads everything");
  else
    expect_file_error (path, TS_ERROR_READ, WORDS (path, g_strerror (EACCES)));
  model_test_remove (directory);
}

static TsModelSpec *
new_bare (void)
{
  TsModelSpec *spec = g_new0 (TsModelSpec, 1);

  spec->path = g_strdup ("net.pt");
  spec->size.mode = TS_RESIZE_LETTERBOX;
  spec->size.width = spec->size.height = 640;
  return spec;
}

static void
test_config (void)
{
  g_autoptr (TsModelSpec) spec = new_bare ();
  g_autoptr (GError) error = NULL;
  const gchar *json = "{\"imgsz\": [1000, 736], \"stride\": 32, \"names\": "
      "{\"0\": \"a\", \"1\": \"b\"}, \"task\": \"detect\"}junk";

  ts_model_spec_add_config (spec, json, strlen (json) - 4, &error);
  g_assert_no_error (error);
  g_assert_true (spec->size_known);
  g_assert_cmpint (spec->size.height, ==, 1024);
  g_assert_cmpint (spec->size.width, ==, 736);
  g_assert_cmpstrv (spec->labels, WORDS ("a", "b"));

  /* What is known stays. */
  json = "{\"imgsz\": 64, \"names\": [\"c\"]}";
  ts_model_spec_add_config (spec, json, strlen (json), &error);
  g_assert_no_error (error);
  g_assert_cmpint (spec->size.width, ==, 736);
  g_assert_cmpstrv (spec->labels, WORDS ("a", "b"));
}

static void
test_config_errors (void)
{
  static const gchar *const cases[][2] = {
    {"nonsense", "no valid JSON"},
    {"{\"imgsz\": [1, 2, 3]}", "imgsz"},
    {"{\"imgsz\": [1, \"2\"]}", "imgsz"},
    {"{\"imgsz\": 0}", "imgsz"},
    {"{\"imgsz\": \"640\"}", "an integer or an array"},
    {"{\"stride\": \"32\"}", "an integer"},
    {"{\"stride\": 18446744073709551648}",
        "the integer 18446744073709551648"},
    {"{\"stride\": -9223372036854775808}", "the integer 9223372036854775808"},
    {"{\"names\": 3}", "an array or an object"},
    {"{\"names\": {\"a\": \"b\"}}", "class numbers"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (TsModelSpec) spec = new_bare ();
    g_autoptr (GError) error = NULL;

    g_assert_false (ts_model_spec_add_config (spec, cases[i][0],
            strlen (cases[i][0]), &error));
    model_test_assert_error (&error, TS_ERROR_FORMAT,
        WORDS ("net.pt: config.txt", cases[i][1]));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spec/package", test_package);
  g_test_add_func ("/spec/defaults", test_defaults);
  g_test_add_func ("/spec/sizes", test_sizes);
  g_test_add_func ("/spec/normalisation", test_normalisation);
  g_test_add_func ("/spec/format-choices", test_format_choices);
  g_test_add_func ("/spec/field-errors", test_field_errors);
  g_test_add_func ("/spec/file-errors", test_file_errors);
  g_test_add_func ("/spec/other-backends", test_other_backends);
  g_test_add_func ("/spec/torch-folder", test_torch_folder);
  g_test_add_func ("/spec/weights", test_weights);
  g_test_add_func ("/spec/linked-model", test_linked_model);
  g_test_add_func ("/spec/sha256", test_sha256);
  g_test_add_func ("/spec/deep-json", test_deep_json);
  g_test_add_func ("/spec/hidden-depth", test_hidden_depth);
  g_test_add_func ("/spec/large-json", test_large_json);
  g_test_add_func ("/spec/zero-std", test_zero_std);
  g_test_add_func ("/spec/bare-file", test_bare_file);
  g_test_add_func ("/spec/bare-errors", test_bare_errors);
  g_test_add_func ("/spec/unreadable", test_unreadable);
  g_test_add_func ("/spec/config", test_config);
  g_test_add_func ("/spec/config-errors", test_config_errors);
  return g_test_run ();
}
