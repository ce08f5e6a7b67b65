/* run_blocked.c - runs a module with its images in blocks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: run_blocked MODEL.pt N CHANNELS HEIGHT WIDTH [HEIGHT WIDTH]...
 * Reads the float32 inputs of those sizes one after the other, writes the answers.
 * Exits with 77 where this need not be possible, whatever the arguments, and with 78
 * where the module has no convolution for it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shimtest.h"

#define N_FIXED 4

static TsShimModule *
load (const gchar * path)
{
  const TsShimLoadOptions options = {
    .path = path,.device = "cpu",.threads = 1,.tunable = 1
  };
  const TsShimVariant blocked = {.frozen = 1,.blocked = 1 };
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimModule *module = shim_test_load_with (&options);
  TsShimStatus status = shim_test_api ()->prepare (module, &blocked, error,
      sizeof error);

  if (status != TS_SHIM_OK)
    fprintf (stderr, "%s\n", error);
  if (status == TS_SHIM_ERROR_ARGUMENT)
    exit (78);
  g_assert_cmpint (status, ==, TS_SHIM_OK);
  shim_test_api ()->settle (module);
  return module;
}

static void
run (TsShimModule * module, const gint64 shape[4])
{
  gsize n = (gsize) (shape[0] * shape[1] * shape[2] * shape[3]);
  g_autofree gfloat *data = g_new (gfloat, n);
  TsShimTensor input = { data, TS_SHIM_FLOAT32, 4,
    {shape[0], shape[1], shape[2], shape[3]}
  };
  const TsShimTensor *found;
  TsShimValue *value;

  g_assert_cmpuint (fread (data, sizeof (gfloat), n, stdin), ==, n);
  value = shim_test_run (module, &input);
  found = shim_test_api ()->value_tensor (value);
  g_assert_cmpint (found->dtype, ==, TS_SHIM_FLOAT32);
  n = 1;
  for (gint i = 0; i < found->n_dims; i++)
    n *= (gsize) found->shape[i];
  g_assert_cmpuint (fwrite (found->data, sizeof (gfloat), n, stdout), ==, n);
  shim_test_api ()->value_free (value);
}

int
main (int argc, char **argv)
{
  TsShimModule *module;
  gint64 shape[4];

  if (!shim_test_has_blocks ())
    return 77;
  g_assert_cmpint (argc, >=, N_FIXED + 2);
  module = load (argv[1]);
  shape[0] = atoi (argv[2]);
  shape[1] = atoi (argv[3]);
  for (gint i = N_FIXED; i + 1 < argc; i += 2) {
    shape[2] = atoi (argv[i]);
    shape[3] = atoi (argv[i + 1]);
    run (module, shape);
  }
  shim_test_api ()->module_free (module);
  return 0;
}
