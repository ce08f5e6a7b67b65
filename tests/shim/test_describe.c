/* test_describe.c - what the shim says is in a module
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/models/README.md says what each module computes.
 */
#include "shimtest.h"

#include <string.h>

static const TsShimApi *api;

static TsShimValue *
describe (const gchar * name, const gchar * method)
{
  g_autofree gchar *path = shim_test_path (name);
  TsShimLoadOptions options = { path, NULL, method, 0, TS_SHIM_FLOAT32 };
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimValue *value = NULL;

  api->describe (&options, &value, error, sizeof error);
  g_assert_cmpstr (error, ==, "");
  g_assert_cmpint (api->value_kind (value), ==, TS_SHIM_DICT);
  return value;
}

static const TsShimValue *
get (const TsShimValue * dict, const gchar * key)
{
  for (gsize i = 0; i < api->value_size (dict); i++)
    if (strcmp (api->value_key (dict, i), key) == 0)
      return api->value_child (dict, i);
  g_error ("no key \"%s\"", key);
}

static void
assert_list (const TsShimValue * dict, const gchar * key,
    const gchar * expected)
{
  const TsShimValue *list = get (dict, key);
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < api->value_size (list); i++)
    g_string_append_printf (text, "%s%s", i ? "; " : "",
        api->value_string (api->value_child (list, i)));
  g_assert_cmpstr (text->str, ==, expected);
  g_string_free (text, TRUE);
}

/* 2 x 3 weights, 2 biases, two int64. */
static void
test_numbers (void)
{
  TsShimValue *value = describe ("half.pt", NULL);

  g_assert_cmpint (api->value_int (get (value, "parameters")), ==, 8);
  g_assert_cmpint (api->value_int (get (value, "buffers")), ==, 2);
  g_assert_cmpint (api->value_int (get (value, "bytes")), ==, 8 * 2 + 2 * 8);
  assert_list (value, "dtypes", "float16; int64");
  assert_list (value, "operators", "aten::conv2d; aten::index_select");
  assert_list (value, "device_constants", "");
  api->value_free (value);
}

static void
assert_bytes (const gchar * name, TsShimDtype dtype, gint64 expected)
{
  g_autofree gchar *path = shim_test_path (name);
  TsShimLoadOptions options = { path, "cpu", NULL, 2, dtype };
  TsShimModule *module = shim_test_load_with (&options);
  TsShimUse use;

  api->use (module, &use);
  g_assert_cmpint (use.precision, ==, dtype);
  g_assert_cmpint (use.threads, ==, 2);
  g_assert_cmpint (use.weight_bytes, ==, expected);
  g_assert_cmpint (use.device_bytes, ==, -1);
  api->module_free (module);
}

/* In memory, in the precision that it was loaded in. */
static void
test_use (void)
{
  assert_bytes ("half.pt", TS_SHIM_FLOAT32, 8 * 4 + 2 * 8);
  assert_bytes ("half.pt", TS_SHIM_FLOAT16, 8 * 2 + 2 * 8);
  assert_bytes ("tied.pt", TS_SHIM_FLOAT16, 4 * 2);
  assert_bytes ("counter.pt", TS_SHIM_FLOAT32, 4);
}

static void
test_methods (void)
{
  TsShimValue *value = describe ("two_methods.pt", "detect");

  assert_list (value, "methods",
      "forward(Tensor x) -> Tensor; detect(Tensor x) -> Tensor");
  assert_list (value, "operators", "aten::mul");
  api->value_free (value);
  value = describe ("namedtuple_output.pt", NULL);
  assert_list (value, "operators", "");
  api->value_free (value);
}

static void
test_device_constants (void)
{
  TsShimValue *value = describe ("traced_device.pt", NULL);

  assert_list (value, "device_constants", "cpu");
  api->value_free (value);
}

static void
test_errors (void)
{
  g_autofree gchar *path = shim_test_path ("checkpoint.pt");
  g_autofree gchar *whole = shim_test_path ("two_methods.pt");
  TsShimLoadOptions options = { path, NULL, NULL, 0, TS_SHIM_FLOAT32 };
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimValue *value = NULL;

  g_assert_cmpint (api->describe (&options, &value, error, sizeof error), ==,
      TS_SHIM_ERROR_LOAD);
  shim_test_assert_contains (error, "pickled checkpoint");
  options.path = whole;
  options.method = "classify";
  g_assert_cmpint (api->describe (&options, &value, error, sizeof error), ==,
      TS_SHIM_ERROR_METHOD);
  shim_test_assert_contains (error, "forward, detect");
  g_assert_null (value);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  api = shim_test_api ();
  g_test_add_func ("/shim/describe/numbers", test_numbers);
  g_test_add_func ("/shim/describe/use", test_use);
  g_test_add_func ("/shim/describe/methods", test_methods);
  g_test_add_func ("/shim/describe/device-constants", test_device_constants);
  g_test_add_func ("/shim/describe/errors", test_errors);
  return g_test_run ();
}
