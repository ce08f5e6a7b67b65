/* test_engine.c - the door to the shim: what is missing, what a module answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include "fakemodel.h"
#include "modeltest.h"
#include "tsengine.h"

typedef struct
{
  gchar *directory;
  gchar *path;
  TsEngineOptions options;
} Fixture;

static void
use_shim (const gchar * variable)
{
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv (variable), TRUE);
}

static void
set_up (Fixture * fixture, gconstpointer data)
{
  fixture->directory = model_test_directory ();
  fixture->path = g_build_filename (fixture->directory, "m.pt", NULL);
  memset (&fixture->options, 0, sizeof fixture->options);
  fixture->options.path = fixture->path;
  fixture->options.device = "cpu";
  fake_model_write (fixture->path, NULL);
  use_shim ("TEST_SHIM");
  g_unsetenv ("FAKESHIM_DEVICES");
  g_unsetenv ("FAKESHIM_WARNING");
}

static void
tear_down (Fixture * fixture, gconstpointer data)
{
  model_test_remove (fixture->directory);
  g_free (fixture->path);
}

static TsEngine *
open_script (Fixture * fixture, const gchar * script)
{
  g_autoptr (GError) error = NULL;
  TsEngine *engine;

  fake_model_write (fixture->path, script);
  engine = ts_engine_open (&fixture->options, &error);
  g_assert_no_error (error);
  return engine;
}

static void
expect_open_error (Fixture * fixture, gint code, const gchar * const *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ts_engine_open (&fixture->options, &error));
  model_test_assert_error (&error, code, words);
}

#define HINT "apt install libtorch-dev libopenblas0-pthread"

static void
test_no_shim (Fixture * fixture, gconstpointer data)
{
  g_setenv ("GST_TORCHSCRIPT_SHIM", "/nowhere/shim.so", TRUE);
  expect_open_error (fixture, TS_ERROR_LIBTORCH, WORDS ("/nowhere/shim.so",
          "not installed", "built without libtorch", HINT));
  use_shim ("TEST_SHIM_MISSING_LIB");
  expect_open_error (fixture, TS_ERROR_LIBTORCH,
      WORDS (g_getenv ("TEST_SHIM_MISSING_LIB"), "libtorch_not_there.so",
          HINT));
  use_shim ("TEST_SHIM_NO_SYMBOL");
  expect_open_error (fixture, TS_ERROR_LIBTORCH,
      WORDS (g_getenv ("TEST_SHIM_NO_SYMBOL"), "ts_shim_api", "anew"));
  use_shim ("TEST_SHIM_BAD_ABI");
  expect_open_error (fixture, TS_ERROR_LIBTORCH,
      WORDS (g_getenv ("TEST_SHIM_BAD_ABI"), "version 1", "anew"));

  /* Each failure was tried again; now it works. */
  use_shim ("TEST_SHIM");
  ts_engine_free (open_script (fixture, NULL));
}

static void
test_installed_path (Fixture * fixture, gconstpointer data)
{
  g_unsetenv ("GST_TORCHSCRIPT_SHIM");
  if (g_file_test (TS_SHIM_PATH, G_FILE_TEST_EXISTS)) {
    g_test_skip ("a shim is installed");
    return;
  }
  expect_open_error (fixture, TS_ERROR_LIBTORCH, WORDS (TS_SHIM_PATH,
          "not installed"));
}

static void
test_device_strings (void)
{
  static const gchar *const good[] = {
    "auto", "cpu", "cuda", "cuda:0", "cuda:127", "mps"
  };
  static const gchar *const bad[] = {
    "", "CPU", "gpu", "cuda:", "cuda:-1", "cuda:128", "cuda:x", "cuda:0 ", NULL
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_assert_true (ts_engine_device_is_valid (good[i], &error));
    g_assert_no_error (error);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_assert_false (ts_engine_device_is_valid (bad[i], &error));
    model_test_assert_error (&error, TS_ERROR_CONFIG, WORDS ("\"auto\"",
            "\"cpu\"", "\"cuda\"", "\"cuda:N\"", "\"mps\""));
  }
}

static void
check_device (Fixture * fixture, const gchar * device, const gchar * preferred,
    const gchar * expected, const gchar * reason)
{
  g_autoptr (TsEngine) engine = NULL;

  fixture->options.device = device;
  fixture->options.preferred_device = preferred;
  engine = open_script (fixture, NULL);
  g_assert_cmpstr (ts_engine_get_device (engine), ==, expected);
  if (!strstr (ts_engine_get_device_reason (engine), reason))
    g_error ("no '%s' in: %s", reason, ts_engine_get_device_reason (engine));
}

static void
test_devices (Fixture * fixture, gconstpointer data)
{
  check_device (fixture, "auto", NULL, "cpu", "'cuda:0' does not work");
  check_device (fixture, "auto", "cuda:1", "cpu", "'cuda:1' does not work");
  check_device (fixture, "auto", "cpu", "cpu", "named by the package");
  check_device (fixture, "cpu", "cuda:1", "cpu", "as asked for");
  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0,cuda:1", TRUE);
  check_device (fixture, "auto", NULL, "cuda:0", "first choice");
  check_device (fixture, "auto", "cuda:1", "cuda:1", "named by the package");
  check_device (fixture, "cuda", NULL, "cuda:0", "as asked for");
}

static void
test_device_errors (Fixture * fixture, gconstpointer data)
{
  fixture->options.device = "cuda:7";
  expect_open_error (fixture, TS_ERROR_DEVICE, WORDS (fixture->path,
          "'cuda:7' does not work", "another device"));
  fixture->options.device = "gpu";
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS ("'gpu'", "\"cuda:N\""));
  g_setenv ("FAKESHIM_DEVICES", "", TRUE);
  fixture->options.device = "auto";
  expect_open_error (fixture, TS_ERROR_DEVICE, WORDS (fixture->path,
          "'cuda:0'", "'cpu'"));
}

static void
test_load_errors (Fixture * fixture, gconstpointer data)
{
  static const struct
  {
    const gchar *status;
    gint code;
  } cases[] = {
    {"argument", TS_ERROR_CONFIG},
    {"load", TS_ERROR_FORMAT},
    {"device", TS_ERROR_DEVICE},
    {"memory", TS_ERROR_MEMORY},
    {"output", TS_ERROR_OUTPUT},
    {"forward", TS_ERROR_FORWARD},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *script = g_strdup_printf ("{\"load_error\": {\"status\": "
        "\"%s\", \"text\": \"bad luck\"}}", cases[i].status);

    fake_model_write (fixture->path, script);
    expect_open_error (fixture, cases[i].code, WORDS (fixture->path,
            "bad luck"));
  }
}

static void
test_method (Fixture * fixture, gconstpointer data)
{
  fixture->options.method = "detect";
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS (fixture->path,
          "'detect'"));
  ts_engine_free (open_script (fixture, "{\"methods\": [\"detect\"]}"));
}

/* A safetensors file with the tensors a and b of one byte each. */
static gchar *
write_weights (const gchar * directory)
{
  const gchar *header = "{\"b\":{\"dtype\":\"U8\",\"shape\":[],"
      "\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"I8\",\"shape\":[1],"
      "\"data_offsets\":[1,2]}}";
  g_autoptr (GString) content = g_string_new (NULL);
  guint64 length = GUINT64_TO_LE (strlen (header));

  g_string_append_len (content, (const gchar *) &length, sizeof length);
  g_string_append (content, header);
  g_string_append_len (content, "\1\2", 2);
  return model_test_write (directory, "w.safetensors", content->str,
      (gssize) content->len);
}

static void
test_weights (Fixture * fixture, gconstpointer data)
{
  g_autofree gchar *path = write_weights (fixture->directory);

  fixture->options.weights = path;
  ts_engine_free (open_script (fixture, "{\"state\": [\"a\", \"b\"]}"));
  fake_model_write (fixture->path, "{\"state\": [\"b\"]}");
  expect_open_error (fixture, TS_ERROR_CONFIG, WORDS (path, "has a,b,"));
  fixture->options.weights = "/nowhere/w.safetensors";
  expect_open_error (fixture, TS_ERROR_NOT_FOUND,
      WORDS ("/nowhere/w.safetensors", "file of weights"));
}

static void
test_properties (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) engine =
      open_script (fixture, "{\"config\": \"{names}\"}");
  gsize size = 0;

  g_assert_cmpstr (ts_engine_get_runtime (engine), ==, "fakeshim 1.0");
  g_assert_null (ts_engine_get_runtime_warning (engine));
  g_setenv ("FAKESHIM_WARNING", "slow", TRUE);
  g_assert_cmpstr (ts_engine_get_runtime_warning (engine), ==, "slow");
  g_assert_cmpstr (ts_engine_get_config (engine, &size), ==, "{names}");
  g_assert_cmpuint (size, ==, 7);
  g_clear_pointer (&engine, ts_engine_free);
  engine = open_script (fixture, NULL);
  g_assert_null (ts_engine_get_config (engine, &size));
}

static const gint64 shape[4] = { 1, 1, 1, 2 };
static const gfloat input[2] = { 3.f, 4.f };

/* Runs the module on @input and gets what is at @key. */
static gboolean
run (TsEngine * engine, const gchar * key, TsOutput * output, GError ** error)
{
  TsTensor tensor = { input, TS_DTYPE_FLOAT32, 4, {1, 1, 1, 2} };

  return ts_engine_run (engine, &tensor, 1, 0, error)
      && ts_engine_get_output (engine, 0, key, output, error);
}

/* Runs a module that answers @output and checks what is at @key. */
static void
check_output (Fixture * fixture, const gchar * output_json, const gchar * key,
    const gfloat * expected, guint n)
{
  g_autofree gchar *script = g_strdup_printf ("{\"output\": %s}", output_json);
  g_autoptr (TsEngine) engine = open_script (fixture, script);
  g_autoptr (GError) error = NULL;
  TsOutput output;

  run (engine, key, &output, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    g_assert_cmpfloat (output.data[i], ==, expected[i]);
}

static void
test_view (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) engine =
      open_script (fixture, "{\"output\": {\"input\": true}}");
  g_autoptr (GError) error = NULL;
  TsOutput output;

  for (gint i = 0; i < 3; i++) {
    run (engine, "", &output, &error);
    g_assert_no_error (error);
    g_assert_cmpint (output.n_dims, ==, 4);
    g_assert_cmpmem (output.shape, sizeof shape, shape, sizeof shape);
    g_assert_cmpmem (output.data, sizeof input, input, sizeof input);
  }
}

#define TENSOR(dtype, n, values) "{\"tensor\": {\"dtype\": \"" dtype \
  "\", \"shape\": [" #n "], \"values\": " values "}}"

/* Expected numbers of the two-byte floats are NumPy's and PyTorch's. */
static void
test_conversion (Fixture * fixture, gconstpointer data)
{
  const gfloat halves[] = { 1.f, 5.960464477539063e-08f, 65504.f, -2.f,
    6.097555160522461e-05f, -5.960464477539063e-08f, 0.333251953125f,
    INFINITY, -INFINITY
  };
  const gfloat brains[] = { 1.f, 0.333984375f, 3.140625f,
    9.183549615799121e-41f, INFINITY, -2.f
  };
  const gfloat whole[] = { 0.f, 1.f, 100.f };
  const gfloat negative[] = { -5.f, 7.f };
  const gfloat truth[] = { 1.f, 0.f };

  check_output (fixture, TENSOR ("float16", 9,
          "[15360, 1, 31743, 49152, 1023, 32769, 13653, 31744, 64512]"), "",
      halves, 9);
  check_output (fixture, TENSOR ("bfloat16", 6,
          "[16256, 16043, 16457, 1, 32640, 49152]"), "", brains, 6);
  check_output (fixture, TENSOR ("float64", 3, "[0, 1, 100]"), "", whole, 3);
  check_output (fixture, TENSOR ("uint8", 3, "[0, 1, 100]"), "", whole, 3);
  check_output (fixture, TENSOR ("int8", 2, "[-5, 7]"), "", negative, 2);
  check_output (fixture, TENSOR ("int16", 2, "[-5, 7]"), "", negative, 2);
  check_output (fixture, TENSOR ("int32", 2, "[-5, 7]"), "", negative, 2);
  check_output (fixture, TENSOR ("int64", 2, "[-5, 7]"), "", negative, 2);
  check_output (fixture, TENSOR ("bool", 2, "[1, 0]"), "", truth, 2);
  check_output (fixture, TENSOR ("float16", 0, "[]"), "", truth, 0);
}

static void
test_keys (Fixture * fixture, gconstpointer data)
{
  const gfloat seven[] = { 7.f };
  const gchar *nested =
      "{\"dict\": {\"a\": {\"none\": true}, \"b\": {\"list\": "
      "[{\"int\": 1}, " TENSOR ("float32", 1, "[7]") "]}}}";

  check_output (fixture, nested, "b.1", seven, 1);
  check_output (fixture, "{\"list\": [" TENSOR ("float32", 1, "[7]") "]}", "0",
      seven, 1);
}

/* The message of the run that fails. */
static gchar *
run_error (Fixture * fixture, const gchar * text)
{
  g_autofree gchar *script = g_strdup_printf ("{\"run_error\": {\"status\": "
      "\"forward\", \"text\": \"%s: %s\"}}", fixture->path, text);
  g_autoptr (TsEngine) engine = open_script (fixture, script);
  g_autoptr (GError) error = NULL;
  TsOutput output;

  g_assert_false (run (engine, "", &output, &error));
  return g_strdup (error->message);
}

/* Only a failure that speaks of sizes is explained by a traced one. */
static void
test_size_advice (Fixture * fixture, gconstpointer data)
{
  const gchar *const about_sizes[] = {
    "The size of tensor a (80) must match the size of tensor b (40)",
    "Sizes of tensors must match except in dimension 1",
    "mat1 and mat2 shapes cannot be multiplied (1x1 and 2x3)",
    "shape '[1, 3, 64, 64]' is invalid for input of size 12",
  };
  const gchar *const about_others[] = {
    "forward() is missing value for argument 'size'. Declaration: "
        "forward(Tensor x, Tensor size) -> Tensor",
    "ValueError: this module always fails", "resized out of memory"
  };

  /* A path with the word in it says nothing. */
  g_free (fixture->path);
  fixture->path = g_build_filename (fixture->directory, "fixed size.pt", NULL);
  fixture->options.path = fixture->path;
  for (gsize i = 0; i < G_N_ELEMENTS (about_sizes); i++) {
    g_autofree gchar *message = run_error (fixture, about_sizes[i]);

    g_assert_nonnull (strstr (message, "traced for one input size"));
  }
  for (gsize i = 0; i < G_N_ELEMENTS (about_others); i++) {
    g_autofree gchar *message = run_error (fixture, about_others[i]);

    g_assert_null (strstr (message, "traced"));
  }
}

static void
expect_run_error (Fixture * fixture, const gchar * script, const gchar * key,
    gint code, const gchar * const *words)
{
  g_autoptr (TsEngine) engine = open_script (fixture, script);
  g_autoptr (GError) error = NULL;
  TsOutput output;

  g_assert_false (run (engine, key, &output, &error));
  g_assert_nonnull (strstr (error->message, fixture->path));
  model_test_assert_error (&error, code, words);
}

static void
test_output_errors (Fixture * fixture, gconstpointer data)
{
  const gchar *dict = "{\"output\": {\"dict\": {\"boxes\": {\"int\": 1}, "
      "\"scores\": {\"list\": []}}}}";

  expect_run_error (fixture, "{}", "", TS_ERROR_OUTPUT,
      WORDS ("returned None", "expected a tensor", "\"output\""));
  expect_run_error (fixture, dict, "", TS_ERROR_OUTPUT,
      WORDS ("a dict with the keys 'boxes', 'scores'", "expected a tensor"));
  expect_run_error (fixture, dict, "masks", TS_ERROR_OUTPUT,
      WORDS ("no 'masks'", "a dict with the keys 'boxes', 'scores'"));
  expect_run_error (fixture, dict, "scores.0", TS_ERROR_OUTPUT,
      WORDS ("no '0'", "'scores.0'", "a list or tuple of 0 at that place"));
  expect_run_error (fixture, dict, "masks|1", TS_ERROR_OUTPUT,
      WORDS ("'masks|1'", "there are: 'boxes' (the integer 1)"));
  expect_run_error (fixture, dict, "scores", TS_ERROR_OUTPUT,
      WORDS ("a list or tuple of 0", "'boxes' (the integer 1)"));
  expect_run_error (fixture, dict, "boxes.0", TS_ERROR_OUTPUT,
      WORDS ("the integer 1"));
  expect_run_error (fixture, "{\"output\": {\"string\": \"hi\"}}", "",
      TS_ERROR_OUTPUT, WORDS ("the string 'hi'"));
  expect_run_error (fixture, "{\"output\": {\"dict\": {}}}", "",
      TS_ERROR_OUTPUT, WORDS ("an empty dict"));
  expect_run_error (fixture, "{\"output\": " TENSOR ("int64", 2, "[1, 2]") "}",
      "0", TS_ERROR_OUTPUT, WORDS ("a tensor of int64 and the shape [2]"));
}

/* A number is a tensor without dimensions. */
static void
test_numbers (Fixture * fixture, gconstpointer data)
{
  const gfloat three = 3.f, half = .5f;

  check_output (fixture, "{\"int\": 3}", "", &three, 1);
  check_output (fixture, "{\"list\": [{\"double\": 0.5}]}", "0", &half, 1);
}

/* Of several places the first that leads to a tensor. */
static void
test_alternatives (Fixture * fixture, gconstpointer data)
{
  const gfloat seven = 7.f, eight = 8.f;
  const gchar *dict = "{\"dict\": {\"a\": {\"none\": true}, \"b\": "
      TENSOR ("float32", 1, "[7]") ", \"c\": " TENSOR ("int8", 1, "[8]") "}}";

  check_output (fixture, dict, "|a|b|c", &seven, 1);
  check_output (fixture, dict, "0.b|c|b", &eight, 1);
}

/* Each slot has a memory of its own. */
static void
test_slots (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) engine = open_script (fixture, "{\"output\": "
      "{\"list\": [" TENSOR ("int8", 2, "[1, 2]") ", "
      TENSOR ("float64", 2, "[3, 4]") "]}}");
  const gfloat first[2] = { 1, 2 }, second[2] = { 3, 4 };
  g_autoptr (GError) error = NULL;
  TsOutput outputs[2];

  g_assert_true (run (engine, "0", &outputs[0], &error));
  g_assert_true (ts_engine_get_output (engine, 1, "1", &outputs[1], &error));
  g_assert_cmpmem (outputs[0].data, sizeof first, first, sizeof first);
  g_assert_cmpmem (outputs[1].data, sizeof second, second, sizeof second);
}

/* An answer outlives the next run and the engine. */
static void
test_answer (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) engine = open_script (fixture, "{\"output\": "
      "{\"dict\": {\"a\": {\"list\": [{\"none\": true}, "
      TENSOR ("int16", 2, "[5, -6]") "]}, \"b\": {\"input\": true}}}}");
  const gint16 values[2] = { 5, -6 };
  g_autoptr (TsAnswer) answer = NULL;
  g_autoptr (GArray) tensors = NULL;
  TsNamedTensor *tensor;
  TsOutput output;

  g_assert_null (ts_engine_get_answer (engine));
  g_assert_true (run (engine, "b", &output, NULL));
  answer = ts_answer_ref (ts_engine_get_answer (engine));
  g_assert_true (run (engine, "b", &output, NULL));
  g_clear_pointer (&engine, ts_engine_free);
  tensors = ts_answer_list (answer);
  g_assert_cmpuint (tensors->len, ==, 2);
  tensor = &g_array_index (tensors, TsNamedTensor, 0);
  g_assert_cmpstr (tensor->name, ==, "a.1");
  g_assert_cmpint (tensor->tensor.dtype, ==, TS_DTYPE_INT16);
  g_assert_cmpint (tensor->tensor.n_dims, ==, 1);
  g_assert_cmpmem (tensor->tensor.data, 4, values, 4);
  g_assert_cmpstr ((tensor + 1)->name, ==, "b");
  g_assert_cmpint ((tensor + 1)->tensor.n_dims, ==, 4);
}

static void
test_run_errors (Fixture * fixture, gconstpointer data)
{
  expect_run_error (fixture, "{\"input_shape\": [1, 3, 8, 8]}", "",
      TS_ERROR_FORWARD, WORDS ("[1, 1, 1, 2]", "the sizes do not match",
          "traced for one input size", "\"size\""));
  expect_run_error (fixture,
      "{\"run_error\": {\"status\": \"forward\", \"text\": \"oh\"}}", "",
      TS_ERROR_FORWARD, WORDS ("oh"));
  expect_run_error (fixture,
      "{\"run_error\": {\"status\": \"memory\", \"text\": \"full\"}}", "",
      TS_ERROR_MEMORY, WORDS ("full"));
  expect_run_error (fixture,
      "{\"run_error\": {\"status\": \"output\", \"text\": \"an object\"}}", "",
      TS_ERROR_OUTPUT, WORDS ("an object"));
}

/* A failed run leaves the engine whole. */
static void
test_recovery (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) engine = open_script (fixture, "{\"run_error\": "
      "{\"status\": \"forward\"}, \"fail_on_run\": 1, "
      "\"output\": {\"input\": true}}");
  g_autoptr (GError) error = NULL;
  TsOutput output;

  for (gint i = 0; i < 3; i++) {
    g_assert_cmpint (run (engine, "", &output, &error), ==, i != 1);
    g_clear_error (&error);
  }
}

static void
add (const gchar * name, void (*func) (Fixture *, gconstpointer))
{
  g_autofree gchar *path = g_strconcat ("/engine/", name, NULL);

  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("no-shim", test_no_shim);
  add ("installed-path", test_installed_path);
  g_test_add_func ("/engine/device-strings", test_device_strings);
  add ("devices", test_devices);
  add ("device-errors", test_device_errors);
  add ("load-errors", test_load_errors);
  add ("method", test_method);
  add ("weights", test_weights);
  add ("properties", test_properties);
  add ("view", test_view);
  add ("conversion", test_conversion);
  add ("keys", test_keys);
  add ("output-errors", test_output_errors);
  add ("numbers", test_numbers);
  add ("alternatives", test_alternatives);
  add ("slots", test_slots);
  add ("answer", test_answer);
  add ("run-errors", test_run_errors);
  add ("size-advice", test_size_advice);
  add ("recovery", test_recovery);
  return g_test_run ();
}
