/* test_custom_ops.c - operators that a library registers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One test, in this order: a library once loaded stays.
 */
#include "shimtest.h"

static void
test_custom_ops (void)
{
  const TsShimApi *api = shim_test_api ();
  g_autofree gchar *path = shim_test_path ("custom_op.pt");
  g_autofree gchar *other = shim_test_path ("identity.pt");
  const gchar *const missing[] = { "/no/such/libops.so", NULL };
  const gchar *const no_library[] = { other, NULL };
  const gchar *const libs[] = { g_getenv ("TS_TEST_OP_LIB"), NULL };
  TsShimLoadOptions options = { path, "cpu", NULL, 1, TS_SHIM_FLOAT32 };
  gfloat x[2] = { 2, -1.5f };
  TsShimTensor input = shim_test_tensor (x, 1, 2);
  TsShimModule *module;
  TsShimValue *value;
  const gchar *error;

  error = shim_test_load_error (&options, TS_SHIM_ERROR_LOAD);
  shim_test_assert_contains (error, path);
  shim_test_assert_contains (error, "needs shim_example::scale,");
  shim_test_assert_contains (error, "custom-op-libs");

  options.op_libs = missing;
  error = shim_test_load_error (&options, TS_SHIM_ERROR_LOAD);
  shim_test_assert_contains (error, "/no/such/libops.so");
  shim_test_assert_contains (error, "libtorch");
  options.op_libs = no_library;
  error = shim_test_load_error (&options, TS_SHIM_ERROR_LOAD);
  shim_test_assert_contains (error, "identity.pt");

  options.op_libs = libs;
  module = shim_test_load_with (&options);
  value = shim_test_run (module, &input);
  shim_test_assert_floats (value, (gfloat[]) {
      6, -4.5f}, 2);
  api->value_free (value);
  api->module_free (module);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shim/custom-ops", test_custom_ops);
  return g_test_run ();
}
