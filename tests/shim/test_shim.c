/* test_shim.c - the shim over libtorch, through its C ABI
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/models/README.md says what each module computes; the expected values are
 * that arithmetic.
 */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shimtest.h"

#define UNTOUCHED ((gpointer) 0x5a)

static const TsShimApi *api;

static void
assert_contains (const gchar * text, const gchar * part)
{
  if (strstr (text, part) == NULL)
    g_error ("\"%s\" does not contain \"%s\"", text, part);
}

static void
test_runtime (void)
{
  assert_contains (api->runtime (), "libtorch ");
}

/* Devices */

static void
test_device_names (void)
{
  const gchar *unknown[] = { "", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:x",
    "cuda:1x", "cuda:100", "cuda 0", NULL
  };
  gchar error[SHIM_TEST_ERROR_SIZE];

  g_assert_cmpint (api->check_device ("cpu", error, sizeof error), ==,
      TS_SHIM_OK);
  for (gsize i = 0; i < G_N_ELEMENTS (unknown); i++) {
    g_assert_cmpint (api->check_device (unknown[i], error, sizeof error), ==,
        TS_SHIM_ERROR_DEVICE);
    assert_contains (error, "choose cpu, cuda, cuda:N or mps");
  }
}

/* Whether CUDA works depends on the machine, that a reason is given does not. */
static void
test_device_reasons (void)
{
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  g_assert_cmpint (api->check_device ("cuda:99", error, sizeof error), ==,
      TS_SHIM_ERROR_DEVICE);
  assert_contains (error, "cuda:99");
  if (api->check_device ("cuda", error, sizeof error) == TS_SHIM_OK)
    return;
  if (strstr (error, "CUDA found no device") == NULL)
    assert_contains (error, "built without CUDA");
}

static void
test_load_on_missing_device (void)
{
  g_autofree gchar *path = shim_test_path ("identity.pt");
  TsShimLoadOptions options = { path, "cuda:99", NULL, 1, TS_SHIM_FLOAT32 };
  TsShimModule *module = UNTOUCHED;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  g_assert_cmpint (api->load (&options, &module, error, sizeof error), ==,
      TS_SHIM_ERROR_DEVICE);
  g_assert_true (module == UNTOUCHED);
  assert_contains (error, "cuda:99");
}

/* Loading */

static void
assert_load_fails (const gchar * path, const gchar * reason)
{
  TsShimLoadOptions options = { path, "cpu", NULL, 1, TS_SHIM_FLOAT32 };
  TsShimModule *module = UNTOUCHED;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  g_assert_cmpint (api->load (&options, &module, error, sizeof error), ==,
      TS_SHIM_ERROR_LOAD);
  g_assert_true (module == UNTOUCHED);
  assert_contains (error, path);
  assert_contains (error, reason);
  g_assert_null (strchr (error, '\n'));
  g_assert_null (strstr (error, "frame #"));
}

static void
test_load_no_torchscript (void)
{
  const gchar *cases[][2] = {
    {"absent.pt", "No such file or directory"},
    {".", "Is a directory"},
    {"empty.pt", "is empty"},
    {"random.pt", "starts with the bytes"},
    {"truncated.pt", "damaged or incomplete"},
    {"checkpoint.pt", "pickled checkpoint"},
    {"checkpoint_legacy.pt", "pickled checkpoint"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path = shim_test_path (cases[i][0]);
    assert_load_fails (path, cases[i][1]);
  }
}

static void
test_load_arguments (void)
{
  g_autofree gchar *path = shim_test_path ("identity.pt");
  const TsShimLoadOptions cases[] = {
    {NULL, "cpu", NULL, 1, TS_SHIM_FLOAT32},
    {path, "cpu", NULL, -1, TS_SHIM_FLOAT32},
    {path, "cpu", NULL, 1, TS_SHIM_INT8},
    {path, "cpu", NULL, 1, (TsShimDtype) 99},
  };
  gchar error[SHIM_TEST_ERROR_SIZE];

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    TsShimModule *module = UNTOUCHED;
    error[0] = '\0';
    g_assert_cmpint (api->load (&cases[i], &module, error, sizeof error), ==,
        TS_SHIM_ERROR_ARGUMENT);
    g_assert_true (module == UNTOUCHED);
    g_assert_cmpstr (error, !=, "");
  }
}

static void
test_error_buffer (void)
{
  TsShimLoadOptions options =
      { "/absent/sch\xc3\xb6n.pt", "cpu", NULL, 1, TS_SHIM_FLOAT32 };
  TsShimModule *module = NULL;
  gchar whole[SHIM_TEST_ERROR_SIZE];

  g_assert_cmpint (api->load (&options, &module, whole, sizeof whole), ==,
      TS_SHIM_ERROR_LOAD);
  g_assert_cmpint (api->load (&options, &module, NULL, 0), ==,
      TS_SHIM_ERROR_LOAD);
  for (gsize size = 1; size <= strlen (whole) + 1; size++) {
    g_autofree gchar *cut = g_malloc (size);
    g_assert_cmpint (api->load (&options, &module, cut, size), ==,
        TS_SHIM_ERROR_LOAD);
    g_assert_true (g_utf8_validate (cut, -1, NULL));
    g_assert_true (g_str_has_prefix (whole, cut));
    g_assert_cmpuint (strlen (cut) + 3, >, size);
  }
}

static void
test_methods (void)
{
  g_autofree gchar *path = shim_test_path ("two_methods.pt");
  TsShimLoadOptions options = { path, "cpu", "detect", 1, TS_SHIM_FLOAT32 };
  TsShimModule *module = NULL;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  gfloat data[] = { 1, 2, 3 };
  const gfloat doubled[] = { 2, 4, 6 }, increased[] = { 2, 3, 4 };
  TsShimTensor input = shim_test_tensor (data, 1, 3);
  TsShimValue *value;

  g_assert_cmpint (api->load (&options, &module, error, sizeof error), ==,
      TS_SHIM_OK);
  value = shim_test_run (module, &input);
  shim_test_assert_floats (value, doubled, 3);
  api->value_free (value);
  api->module_free (module);

  module = shim_test_load ("two_methods.pt");
  value = shim_test_run (module, &input);
  shim_test_assert_floats (value, increased, 3);
  api->value_free (value);
  api->module_free (module);

  options.method = "predict";
  module = UNTOUCHED;
  g_assert_cmpint (api->load (&options, &module, error, sizeof error), ==,
      TS_SHIM_ERROR_METHOD);
  g_assert_true (module == UNTOUCHED);
  assert_contains (error, path);
  assert_contains (error, "'predict'");
  assert_contains (error, "forward");
  assert_contains (error, "detect");
}

static void
test_config (void)
{
  TsShimModule *module = shim_test_load ("config.pt");
  gsize size = 0;
  const gchar *config = api->config (module, &size);

  g_assert_nonnull (config);
  g_assert_cmpuint (size, ==, strlen (config));
  g_assert_cmpstr (config, ==,
      "{\"task\": \"detect\", \"stride\": 32, \"imgsz\": [64, 64], "
      "\"names\": {\"0\": \"red\", \"1\": \"green\", \"2\": \"blue\"}}");
  api->module_free (module);

  module = shim_test_load ("identity.pt");
  g_assert_null (api->config (module, &size));
  api->module_free (module);
}

static void
test_null_handles (void)
{
  api->module_free (NULL);
  api->value_free (NULL);
}

/* Running */

/* float32 weights 0.5, 0.25, -1, bias 1 and so on are exact in float16 too. */
static void
test_half_parameters (void)
{
  TsShimModule *module = shim_test_load ("half.pt");
  gfloat rgb[] = { 1, 2, 0.5 };
  const gfloat expected[] = { 2 + 0.0625 - 2, 0.5 + 0.5 - 0.5 + 1 };
  TsShimTensor input = shim_test_tensor (rgb, 4, 1, 3, 1, 1);
  TsShimValue *value = shim_test_run (module, &input);

  shim_test_assert_floats (value, expected, 2);
  api->value_free (value);
  api->module_free (module);
}

static void
test_evaluation_mode (void)
{
  TsShimModule *module = shim_test_load ("training.pt");
  gfloat data[64];
  TsShimTensor input = shim_test_tensor (data, 1, 64);
  TsShimValue *value;

  for (gint i = 0; i < 64; i++)
    data[i] = i + 1;
  value = shim_test_run (module, &input);
  shim_test_assert_floats (value, data, 64);
  api->value_free (value);
  api->module_free (module);
}

/* A picture of four plain quarters: each row of the answer names its quarter. */
static void
test_boxes (void)
{
  enum
  { W = 16, H = 8 };
  gfloat image[3][H][W];
  TsShimModule *module = shim_test_load ("boxes_e2e.pt");
  TsShimTensor input = shim_test_tensor (&image[0][0][0], 4, 1, 3, H, W);
  const TsShimTensor *boxes;
  TsShimValue *value;

  for (gint c = 0; c < 3; c++)
    for (gint y = 0; y < H; y++)
      for (gint x = 0; x < W; x++)
        image[c][y][x] = (2 * (y / (H / 2)) + x / (W / 2) + 4 * c) / 16.f;
  value = shim_test_run (module, &input);
  boxes = api->value_tensor (value);
  g_assert_cmpint (boxes->n_dims, ==, 3);
  g_assert_cmpint (boxes->shape[1], ==, 12);
  for (gint row = 0; row < 12; row++) {
    const gfloat *box = (const gfloat *) boxes->data + row * 6;
    gint q = row / 3, c = row % 3;
    const gfloat expected[] = { q % 2 * W / 2, q / 2 * H / 2,
      (q % 2 + 1) * W / 2, (q / 2 + 1) * H / 2, (q + 4 * c) / 16.f, c
    };
    for (gint i = 0; i < 6; i++)
      g_assert_cmpfloat (box[i], ==, expected[i]);
  }
  api->value_free (value);
  api->module_free (module);
}

static void
test_several_inputs (void)
{
  TsShimModule *module = shim_test_load ("two_inputs.pt");
  gfloat a[] = { 5, 7 }, b[] = { 1, 4 };
  const gfloat expected[] = { 4, 3 };
  TsShimTensor inputs[] = { shim_test_tensor (a, 1, 2),
    shim_test_tensor (b, 1, 2)
  };
  TsShimValue *value = NULL;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  g_assert_cmpint (api->run (module, inputs, 2, &value, error, sizeof error),
      ==, TS_SHIM_OK);
  shim_test_assert_floats (value, expected, 2);
  api->value_free (value);
  api->module_free (module);
}

/* The module writes into the list's tensors; the caller's stay as they are. */
static void
test_listed_inputs (void)
{
  TsShimModule *module = shim_test_load ("list_input.pt");
  gfloat a[] = { 5, 7 }, b[] = { 1 }, scale[] = { 2 };
  const gfloat expected_a[] = { 10, 14 }, expected_b[] = { 2 };
  TsShimTensor inputs[] = { shim_test_tensor (a, 1, 2),
    shim_test_tensor (b, 1, 1), shim_test_tensor (scale, 1, 1)
  };
  TsShimValue *value = NULL;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  g_assert_cmpint (api->run_listed (module, inputs, 3, 2, &value, error,
          sizeof error), ==, TS_SHIM_OK);
  g_assert_cmpint (api->value_size (value), ==, 2);
  shim_test_assert_floats (api->value_child (value, 0), expected_a, 2);
  shim_test_assert_floats (api->value_child (value, 1), expected_b, 1);
  g_assert_cmpfloat (a[0], ==, 5);
  api->value_free (value);
  g_assert_cmpint (api->run_listed (module, inputs, 3, 4, &value, error,
          sizeof error), ==, TS_SHIM_ERROR_ARGUMENT);
  api->module_free (module);
}

static void
test_input_types (void)
{
  const gsize sizes[] = { 4, 2, 2, 8, 1, 1, 2, 4, 8, 1 };
  guint8 bytes[32] = { 1, 0, 1, 1, 0, 0, 1, 0 };
  TsShimModule *module = shim_test_load ("identity.pt");

  for (gint dtype = TS_SHIM_FLOAT32; dtype <= TS_SHIM_BOOL; dtype++) {
    TsShimTensor input = { bytes, dtype, 2, {2, 2}
    };
    TsShimValue *value = shim_test_run (module, &input);
    const TsShimTensor *output = api->value_tensor (value);

    g_assert_cmpint (output->dtype, ==, dtype);
    g_assert_cmpint (output->n_dims, ==, 2);
    g_assert_cmpmem (output->data, 4 * sizes[dtype], bytes, 4 * sizes[dtype]);
    api->value_free (value);
  }
  api->module_free (module);
}

/* An answer that is the input itself must outlive the caller's memory. */
static void
test_output_owns_its_memory (void)
{
  TsShimModule *module = shim_test_load ("identity.pt");
  gfloat data[] = { 1, 2 };
  const gfloat expected[] = { 1, 2 };
  TsShimTensor input = shim_test_tensor (data, 1, 2);
  TsShimValue *value = shim_test_run (module, &input);

  data[0] = data[1] = -1;
  api->module_free (module);
  shim_test_assert_floats (value, expected, 2);
  api->value_free (value);
}

static void
test_output_of_a_buffer (void)
{
  TsShimModule *module = shim_test_load ("counter.pt");
  gfloat data[] = { 0 };
  const gfloat one[] = { 1 }, two[] = { 2 };
  TsShimTensor input = shim_test_tensor (data, 1, 1);
  TsShimValue *first = shim_test_run (module, &input);
  TsShimValue *second = shim_test_run (module, &input);

  shim_test_assert_floats (first, one, 1);
  shim_test_assert_floats (second, two, 1);
  api->value_free (first);
  api->value_free (second);
  api->module_free (module);
}

static void
test_input_is_only_read (void)
{
  TsShimModule *module = shim_test_load ("inplace.pt");
  gfloat data[] = { 1, 2 };
  const gfloat doubled[] = { 2, 4 };
  TsShimTensor input = shim_test_tensor (data, 1, 2);
  TsShimValue *value = shim_test_run (module, &input);

  shim_test_assert_floats (value, doubled, 2);
  g_assert_cmpfloat (data[0], ==, 1);
  g_assert_cmpfloat (data[1], ==, 2);
  api->value_free (value);
  api->module_free (module);
}

static void
test_traced_device (void)
{
  TsShimModule *module = shim_test_load ("traced_device.pt");
  gfloat data[] = { 1, 1, 1 };
  const gfloat expected[] = { 1, 2, 3 };
  TsShimTensor input = shim_test_tensor (data, 2, 1, 3);
  TsShimValue *value = shim_test_run (module, &input);

  shim_test_assert_floats (value, expected, 3);
  api->value_free (value);
  api->module_free (module);
}

/* Values */

static TsShimValue *
answer_of (const gchar * name)
{
  gfloat data[] = { 1, 2 };
  TsShimTensor input = shim_test_tensor (data, 2, 1, 2);
  TsShimModule *module = shim_test_load (name);
  TsShimValue *value = shim_test_run (module, &input);

  api->module_free (module);
  return value;
}

static const TsShimValue *
child (const TsShimValue * value, gsize index, TsShimKind kind)
{
  const TsShimValue *part = api->value_child (value, index);

  g_assert_nonnull (part);
  g_assert_cmpint (api->value_kind (part), ==, kind);
  return part;
}

static void
test_dict (void)
{
  TsShimValue *value = answer_of ("dict_output.pt");
  const gfloat boxes[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, scores[] = { 0.75, 0.5 };
  const TsShimTensor *labels;

  g_assert_cmpint (api->value_kind (value), ==, TS_SHIM_DICT);
  g_assert_cmpuint (api->value_size (value), ==, 3);
  g_assert_cmpstr (api->value_key (value, 0), ==, "boxes");
  g_assert_cmpstr (api->value_key (value, 1), ==, "scores");
  g_assert_cmpstr (api->value_key (value, 2), ==, "labels");
  g_assert_null (api->value_key (value, 3));
  g_assert_null (api->value_child (value, 3));
  g_assert_null (api->value_tensor (value));
  shim_test_assert_floats (child (value, 0, TS_SHIM_TENSOR), boxes, 8);
  shim_test_assert_floats (child (value, 1, TS_SHIM_TENSOR), scores, 2);
  labels = api->value_tensor (child (value, 2, TS_SHIM_TENSOR));
  g_assert_cmpint (labels->dtype, ==, TS_SHIM_INT64);
  g_assert_cmpint (((const gint64 *) labels->data)[0], ==, 2);
  g_assert_cmpint (((const gint64 *) labels->data)[1], ==, 1);
  api->value_free (value);
}

static void
test_tuple (void)
{
  TsShimValue *value = answer_of ("tuple_output.pt");
  const gfloat increased[] = { 2, 3 }, doubled[] = { 2, 4 };

  g_assert_cmpint (api->value_kind (value), ==, TS_SHIM_LIST);
  g_assert_cmpuint (api->value_size (value), ==, 2);
  shim_test_assert_floats (child (value, 0, TS_SHIM_TENSOR), increased, 2);
  shim_test_assert_floats (child (value, 1, TS_SHIM_TENSOR), doubled, 2);
  api->value_free (value);

  value = answer_of ("namedtuple_output.pt");
  g_assert_cmpint (api->value_kind (value), ==, TS_SHIM_LIST);
  g_assert_cmpint (api->value_int (child (value, 1, TS_SHIM_INT)), ==, 4);
  api->value_free (value);
}

static void
check_nested_containers (const TsShimValue * value)
{
  const gfloat x[] = { 1, 2 }, increased[] = { 2, 3 }, tripled[] = { 3, 6 };
  const TsShimValue *part = child (value, 0, TS_SHIM_LIST);

  shim_test_assert_floats (child (part, 0, TS_SHIM_TENSOR), x, 2);
  shim_test_assert_floats (child (part, 1, TS_SHIM_TENSOR), increased, 2);
  part = child (value, 1, TS_SHIM_DICT);
  g_assert_cmpstr (api->value_key (part, 0), ==, "3");
  g_assert_cmpstr (api->value_key (part, 1), ==, "-1");
  part = child (part, 1, TS_SHIM_LIST);
  shim_test_assert_floats (child (part, 0, TS_SHIM_TENSOR), tripled, 2);
  g_assert_cmpint (api->value_int (child (part, 1, TS_SHIM_INT)), ==, -8);
  g_assert_cmpuint (api->value_size (child (value, 2, TS_SHIM_NONE)), ==, 0);
}

static void
check_nested_scalars (const TsShimValue * value)
{
  const TsShimValue *part = child (value, 3, TS_SHIM_LIST);

  g_assert_cmpfloat (api->value_double (child (part, 0, TS_SHIM_DOUBLE)), ==,
      0.25);
  g_assert_cmpint (api->value_int (child (part, 1, TS_SHIM_INT)), ==, 1);
  g_assert_cmpstr (api->value_string (child (part, 2, TS_SHIM_STRING)), ==,
      "caption");
  part = child (value, 4, TS_SHIM_LIST);
  g_assert_cmpint (api->value_int (child (part, 1, TS_SHIM_INT)), ==, -2);
  part = child (value, 5, TS_SHIM_LIST);
  g_assert_cmpfloat (api->value_double (child (part, 0, TS_SHIM_DOUBLE)), ==,
      0.5);
  part = child (value, 6, TS_SHIM_LIST);
  g_assert_cmpuint (api->value_size (part), ==, 3);
  g_assert_cmpstr (api->value_string (child (part, 2, TS_SHIM_STRING)), ==,
      "c");
  part = child (value, 7, TS_SHIM_LIST);
  g_assert_cmpint (api->value_int (child (part, 0, TS_SHIM_INT)), ==, 0);
  g_assert_cmpint (api->value_int (child (part, 1, TS_SHIM_INT)), ==, 1);
}

static void
test_nested (void)
{
  TsShimValue *value = answer_of ("nested_output.pt");

  g_assert_cmpuint (api->value_size (value), ==, 8);
  check_nested_containers (value);
  check_nested_scalars (value);
  api->value_free (value);
}

static void
test_string (void)
{
  TsShimValue *value = answer_of ("string_output.pt");

  g_assert_cmpint (api->value_kind (value), ==, TS_SHIM_STRING);
  g_assert_cmpstr (api->value_string (value), ==, "page");
  g_assert_null (api->value_tensor (value));
  api->value_free (value);
}

/* 1 and 2 are 0x3f80, 0x4000 in bfloat16 and 0x3c00, 0x4000 in float16. */
static void
test_small_floats (void)
{
  TsShimValue *value = answer_of ("bf16_output.pt");
  const guint16 bfloat16[] = { 0x3f80, 0x4000 }, float16[] = { 0x3c00, 0x4000 };
  const TsShimTensor *tensor =
      api->value_tensor (child (value, 0, TS_SHIM_TENSOR));

  g_assert_cmpint (tensor->dtype, ==, TS_SHIM_BFLOAT16);
  g_assert_cmpmem (tensor->data, 4, bfloat16, 4);
  tensor = api->value_tensor (child (value, 1, TS_SHIM_TENSOR));
  g_assert_cmpint (tensor->dtype, ==, TS_SHIM_FLOAT16);
  g_assert_cmpmem (tensor->data, 4, float16, 4);
  api->value_free (value);
}

static void
test_odd_tensors (void)
{
  TsShimValue *value = answer_of ("no_boxes.pt");
  const TsShimTensor *tensor = api->value_tensor (value);

  g_assert_cmpint (tensor->n_dims, ==, 3);
  g_assert_cmpint (tensor->shape[1], ==, 0);
  api->value_free (value);

  value = answer_of ("nan_output.pt");
  g_assert_true (isnan (((gfloat *) api->value_tensor (value)->data)[2]));
  api->value_free (value);

  value = answer_of ("inf_output.pt");
  g_assert_true (isinf (((gfloat *) api->value_tensor (value)->data)[2]));
  api->value_free (value);

  value = answer_of ("wrong_rank.pt");
  g_assert_cmpint (api->value_tensor (value)->n_dims, ==, 1);
  api->value_free (value);
}

/* Failing runs */

static void
assert_run_fails (const gchar * name, const TsShimTensor * inputs, gsize n,
    TsShimStatus status, const gchar * reason)
{
  g_autofree gchar *path = shim_test_path (name);
  TsShimModule *module = shim_test_load (name);
  TsShimValue *value = UNTOUCHED;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  g_assert_cmpint (api->run (module, inputs, n, &value, error, sizeof error),
      ==, status);
  g_assert_true (value == UNTOUCHED);
  assert_contains (error, status == TS_SHIM_ERROR_ARGUMENT ? "input" : path);
  assert_contains (error, reason);
  g_assert_null (strchr (error, '\n'));
  /* An address is of no use to who reads it. */
  g_assert_null (strstr (error, "0x"));
  api->module_free (module);
}

static void
test_forward_fails (void)
{
  gfloat data[12] = { 0 };
  TsShimTensor inputs[] = { shim_test_tensor (data, 4, 1, 3, 2, 2),
    shim_test_tensor (data, 1, 12), shim_test_tensor (data, 1, 12)
  };

  assert_run_fails ("raises.pt", inputs, 1, TS_SHIM_ERROR_FORWARD,
      "ValueError: this module always fails");
  assert_run_fails ("mismatch.pt", inputs, 1, TS_SHIM_ERROR_FORWARD,
      "must match the size of tensor b (3)");
  assert_run_fails ("fixed_size.pt", inputs, 1, TS_SHIM_ERROR_FORWARD,
      "forward() failed on input [1, 3, 2, 2]: shape '[1, 3, 64, 64]' is "
      "invalid for input of size 12");
  assert_run_fails ("identity.pt", inputs, 3, TS_SHIM_ERROR_FORWARD,
      "received 4 argument(s)");
  assert_run_fails ("two_inputs.pt", inputs, 1, TS_SHIM_ERROR_FORWARD,
      "missing value for argument 'y'");
  assert_run_fails ("identity.pt", NULL, 0, TS_SHIM_ERROR_FORWARD,
      "missing value for argument 'x'");
}

static void
test_outputs_without_c_form (void)
{
  const gchar *cases[][2] = {
    {"object_output.pt", "Thing"},
    {"sparse_output.pt", "sparse"},
    {"complex_output.pt", "Complex"},
    {"quantized_output.pt", "quantised tensor (QUInt8)"},
  };
  gfloat data[] = { 1, 2 };
  TsShimTensor input = shim_test_tensor (data, 2, 1, 2);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_run_fails (cases[i][0], &input, 1, TS_SHIM_ERROR_OUTPUT,
        cases[i][1]);
}

static void
test_input_arguments (void)
{
  gfloat data[] = { 1 };
  const TsShimTensor cases[] = {
    {data, TS_SHIM_FLOAT32, -1, {1}},
    {data, TS_SHIM_FLOAT32, TS_SHIM_MAX_DIMS + 1, {1}},
    {data, TS_SHIM_FLOAT32, 1, {-1}},
    {NULL, TS_SHIM_FLOAT32, 1, {1}},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_run_fails ("identity.pt", &cases[i], 1, TS_SHIM_ERROR_ARGUMENT,
        "an input tensor has");
}

/* A failed run leaves the module usable. */
static void
test_run_after_failure (void)
{
  gfloat data[3 * 64 * 64] = { 0 };
  TsShimModule *module = shim_test_load ("fixed_size.pt");
  TsShimTensor wrong = shim_test_tensor (data, 4, 1, 3, 2, 2);
  TsShimTensor right = shim_test_tensor (data, 4, 1, 3, 64, 64);
  TsShimValue *value = NULL;

  g_assert_cmpint (api->run (module, &wrong, 1, &value, NULL, 0), ==,
      TS_SHIM_ERROR_FORWARD);
  value = shim_test_run (module, &right);
  api->value_free (value);
  api->module_free (module);
}

/* State: what a module may change as it runs, in whatever way. */

static void
test_state (void)
{
  static const struct
  {
    const gchar *name;
    gboolean keeps_state;
  } cases[] = {
    {"counter.pt", TRUE}, {"remembers.pt", TRUE}, {"boxes_e2e.pt", FALSE},
    {"inplace.pt", FALSE}, {"head.pt", FALSE}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    TsShimModule *module = shim_test_load (cases[i].name);
    TsShimUse use;

    api->use (module, &use);
    g_assert_cmpint (use.keeps_state, ==, cases[i].keeps_state);
    api->module_free (module);
  }
}

/* Threads */

typedef int (*CountFunc) (void);

/* A function of the OpenMP that libtorch loaded, if that is the system's. */
static CountFunc
find_openmp (const gchar * function)
{
  void *openmp = dlopen ("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD);

  return openmp ? (CountFunc) dlsym (openmp, function) : NULL;
}

static gpointer
run_and_count_threads (gpointer module)
{
  gfloat data[] = { 1 };
  TsShimTensor input = shim_test_tensor (data, 1, 1);

  api->value_free (shim_test_run (module, &input));
  return GINT_TO_POINTER (find_openmp ("omp_get_max_threads") ());
}

static void
assert_threads (gint threads, gint expected)
{
  g_autofree gchar *path = shim_test_path ("identity.pt");
  TsShimLoadOptions options = { path, "cpu", NULL, threads, TS_SHIM_FLOAT32 };
  TsShimModule *module = NULL;
  GThread *thread;

  g_assert_cmpint (api->load (&options, &module, NULL, 0), ==, TS_SHIM_OK);
  thread = g_thread_new ("run", run_and_count_threads, module);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, expected);
  g_assert_cmpint (GPOINTER_TO_INT (run_and_count_threads (module)), ==,
      expected);
  api->module_free (module);
}

static void
test_threads (void)
{
  if (find_openmp ("omp_get_num_procs") == NULL) {
    g_test_skip ("libtorch brings an OpenMP of its own");
    return;
  }
  assert_threads (3, 3);
  assert_threads (1, 1);
  /* GLib counts processors that the process may not use. */
  assert_threads (0, find_openmp ("omp_get_num_procs") ());
}

/* OpenBLAS has a pool of its own, which must obey as well. */
static void
test_blas_threads (void)
{
  void *blas = dlopen ("libopenblas.so.0", RTLD_LAZY | RTLD_NOLOAD);
  CountFunc count = NULL;

  if (blas != NULL)
    count = (CountFunc) dlsym (blas, "openblas_get_num_threads");
  if (count == NULL) {
    g_test_skip ("libtorch does not use the system's OpenBLAS");
    return;
  }
  assert_threads (1, 1);
  g_assert_cmpint (count (), ==, 1);
  assert_threads (2, 2);
  g_assert_cmpint (count (), ==, 2);
}

static gpointer
run_often (gpointer name)
{
  for (gint i = 0; i < 20; i++)
    api->value_free (answer_of (name));
  return NULL;
}

static void
test_modules_side_by_side (void)
{
  GThread *thread =
      g_thread_new ("other", run_often, (gpointer) "nested_output.pt");

  run_often ((gpointer) "dict_output.pt");
  g_thread_join (thread);
}

static gssize
resident_pages (void)
{
  g_autofree gchar *statm = NULL;
  gulong size, resident;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
  g_assert_cmpint (sscanf (statm, "%lu %lu", &size, &resident), ==, 2);
  return resident;
}

static void
load_unknown_method (void)
{
  g_autofree gchar *path = shim_test_path ("half.pt");
  TsShimLoadOptions options = { path, "cpu", "none", 1, TS_SHIM_FLOAT32 };
  TsShimModule *module = NULL;

  g_assert_cmpint (api->load (&options, &module, NULL, 0), ==,
      TS_SHIM_ERROR_METHOD);
}

static void
load_and_run (gint times)
{
  for (gint i = 0; i < times; i++) {
    api->value_free (answer_of ("nested_output.pt"));
    load_unknown_method ();
  }
}

static void
test_growth (void)
{
  gssize before;

#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("the sanitizer's own records of freed memory grow");
  return;
#endif
  load_and_run (30);
  before = resident_pages ();
  load_and_run (100);
  g_assert_cmpint ((resident_pages () - before) * sysconf (_SC_PAGESIZE), <,
      1 << 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  api = shim_test_api ();
  g_test_add_func ("/shim/runtime", test_runtime);
  g_test_add_func ("/shim/device/names", test_device_names);
  g_test_add_func ("/shim/device/reasons", test_device_reasons);
  g_test_add_func ("/shim/device/load", test_load_on_missing_device);
  g_test_add_func ("/shim/load/no-torchscript", test_load_no_torchscript);
  g_test_add_func ("/shim/load/arguments", test_load_arguments);
  g_test_add_func ("/shim/load/error-buffer", test_error_buffer);
  g_test_add_func ("/shim/load/methods", test_methods);
  g_test_add_func ("/shim/load/config", test_config);
  g_test_add_func ("/shim/load/null-handles", test_null_handles);
  g_test_add_func ("/shim/run/half-parameters", test_half_parameters);
  g_test_add_func ("/shim/run/evaluation-mode", test_evaluation_mode);
  g_test_add_func ("/shim/run/boxes", test_boxes);
  g_test_add_func ("/shim/run/several-inputs", test_several_inputs);
  g_test_add_func ("/shim/run/listed-inputs", test_listed_inputs);
  g_test_add_func ("/shim/run/input-types", test_input_types);
  g_test_add_func ("/shim/run/owned-output", test_output_owns_its_memory);
  g_test_add_func ("/shim/run/buffer-output", test_output_of_a_buffer);
  g_test_add_func ("/shim/run/read-only-input", test_input_is_only_read);
  g_test_add_func ("/shim/run/traced-device", test_traced_device);
  g_test_add_func ("/shim/value/dict", test_dict);
  g_test_add_func ("/shim/value/tuple", test_tuple);
  g_test_add_func ("/shim/value/nested", test_nested);
  g_test_add_func ("/shim/value/string", test_string);
  g_test_add_func ("/shim/value/small-floats", test_small_floats);
  g_test_add_func ("/shim/value/odd-tensors", test_odd_tensors);
  g_test_add_func ("/shim/fail/forward", test_forward_fails);
  g_test_add_func ("/shim/fail/output", test_outputs_without_c_form);
  g_test_add_func ("/shim/fail/input", test_input_arguments);
  g_test_add_func ("/shim/fail/then-run", test_run_after_failure);
  g_test_add_func ("/shim/state", test_state);
  g_test_add_func ("/shim/threads/number", test_threads);
  g_test_add_func ("/shim/threads/blas", test_blas_threads);
  g_test_add_func ("/shim/threads/side-by-side", test_modules_side_by_side);
  g_test_add_func ("/shim/growth", test_growth);
  return g_test_run ();
}
