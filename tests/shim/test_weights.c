/* test_weights.c - other weights over a module's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/models/README.md says what each module computes; the expected values are
 * that arithmetic.
 */
#include <string.h>

#include "shimtest.h"

static const TsShimApi *api;

/* y0 = r + 2 g + 3 b + 7, y1 = 4 r + 5 g + 6 b + 8; the module's own order is
 * the other way round. */
static gfloat new_weight[] = { 1, 2, 3, 4, 5, 6 };
static gdouble new_bias[] = { 7, 8 };
static gint32 new_order[] = { 0, 1 };

/* half.pt's tensors, in other types than its own. */
static const TsShimNamedTensor whole[] = {
  {"conv.bias", {new_bias, TS_SHIM_FLOAT64, 1, {2}}},
  {"conv.weight", {new_weight, TS_SHIM_FLOAT32, 4, {2, 3, 1, 1}}},
  {"order", {new_order, TS_SHIM_INT32, 1, {2}}},
};

static TsShimModule *
load (const gchar * name, const TsShimNamedTensor * weights, gsize n)
{
  g_autofree gchar *path = shim_test_path (name);
  TsShimLoadOptions options = { path, "cpu", NULL, 1, TS_SHIM_FLOAT32, NULL,
    weights, n, "new.safetensors"
  };

  return shim_test_load_with (&options);
}

static const gchar *
load_error (const gchar * name, const TsShimNamedTensor * weights, gsize n)
{
  g_autofree gchar *path = shim_test_path (name);
  TsShimLoadOptions options = { path, "cpu", NULL, 1, TS_SHIM_FLOAT32, NULL,
    weights, n, "new.safetensors"
  };
  const gchar *error = shim_test_load_error (&options, TS_SHIM_ERROR_ARGUMENT);

  shim_test_assert_contains (error, "new.safetensors");
  shim_test_assert_contains (error, path);
  return error;
}

static void
assert_half_runs (TsShimModule * module)
{
  gfloat x[3] = { 0.5f, 0.25f, -1 };
  TsShimTensor input = shim_test_tensor (x, 4, 1, 3, 1, 1);
  TsShimValue *value = shim_test_run (module, &input);

  shim_test_assert_floats (value, (gfloat[]) {
      5, 5.25f}, 2);
  api->value_free (value);
  api->module_free (module);
}

static void
test_replaced (void)
{
  assert_half_runs (load ("half.pt", whole, G_N_ELEMENTS (whole)));
}

static void
test_unaligned (void)
{
  TsShimNamedTensor weights[3] = { whole[0], whole[1], whole[2] };
  guint8 odd[sizeof new_weight + 1];

  memcpy (odd + 1, new_weight, sizeof new_weight);
  weights[1].tensor.data = odd + 1;
  assert_half_runs (load ("half.pt", weights, 3));
}

/* 2048.5 does not fit float16: the weights must not go through it. */
static void
test_no_detour (void)
{
  TsShimNamedTensor weights[3] = { whole[0], whole[1], whole[2] };
  gdouble bias[] = { 2048.5, 0 };
  gfloat x[3] = { 0, 0, 0 };
  TsShimTensor input = shim_test_tensor (x, 4, 1, 3, 1, 1);
  TsShimModule *module;
  TsShimValue *value;

  weights[0].tensor.data = bias;
  module = load ("half.pt", weights, 3);
  value = shim_test_run (module, &input);
  shim_test_assert_floats (value, (gfloat[]) {
      2048.5f, 0}, 2);
  api->value_free (value);
  api->module_free (module);
}

static void
test_tied (void)
{
  gfloat weight[4] = { 1, 0, 0, 2 }, x[2] = { 3, 5 };
  const TsShimNamedTensor one[] = {
    {"second.weight", {weight, TS_SHIM_FLOAT32, 2, {2, 2}}}
  };
  TsShimTensor input = shim_test_tensor (x, 2, 1, 2);
  TsShimModule *module = load ("tied.pt", one, 1);
  TsShimValue *value = shim_test_run (module, &input);

  shim_test_assert_floats (value, (gfloat[]) {
      33, 110}, 2);
  api->value_free (value);
  api->module_free (module);
}

static void
test_misfits (void)
{
  TsShimNamedTensor weights[3] = { whole[0], whole[1], whole[2] };
  const gchar *error;

  error = load_error ("half.pt", whole, 2);
  shim_test_assert_contains (error, "missing: order");
  weights[2].name = "other";
  error = load_error ("half.pt", weights, 3);
  shim_test_assert_contains (error, "missing: order");
  shim_test_assert_contains (error, "extra: other");
  weights[2] = whole[2];
  weights[1].tensor.shape[1] = 1;
  weights[2].tensor.dtype = TS_SHIM_FLOAT32;
  error = load_error ("half.pt", weights, 3);
  shim_test_assert_contains (error, "another shape: conv.weight is "
      "[2, 1, 1, 1] and not [2, 3, 1, 1]");
  shim_test_assert_contains (error, "another type: order is float32 and not "
      "int64");
}

static void
test_long_list (void)
{
  TsShimNamedTensor weights[23];
  gchar names[20][8];
  const gchar *error;

  for (gint i = 0; i < 20; i++) {
    g_snprintf (names[i], sizeof names[i], "more%02d", i);
    weights[i] = whole[2];
    weights[i].name = names[i];
  }
  for (gint i = 0; i < 3; i++)
    weights[20 + i] = whole[i];
  error = load_error ("half.pt", weights, 23);
  shim_test_assert_contains (error, "extra: more00, more01");
  shim_test_assert_contains (error, "more07 and 12 more;");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  api = shim_test_api ();
  g_test_add_func ("/shim/weights/replaced", test_replaced);
  g_test_add_func ("/shim/weights/unaligned", test_unaligned);
  g_test_add_func ("/shim/weights/no-detour", test_no_detour);
  g_test_add_func ("/shim/weights/tied", test_tied);
  g_test_add_func ("/shim/weights/misfits", test_misfits);
  g_test_add_func ("/shim/weights/long-list", test_long_list);
  return g_test_run ();
}
