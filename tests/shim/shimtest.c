/* shimtest.c - opens the built shim and its modules for the tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "shimtest.h"

#include <gmodule.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

static TsShimApiFunc
open_shim (void)
{
  GModule *library = g_module_open (g_getenv ("TS_TEST_SHIM"),
      G_MODULE_BIND_LOCAL);
  gpointer symbol = NULL;

  if (library == NULL || !g_module_symbol (library, TS_SHIM_SYMBOL, &symbol))
    g_error ("%s", g_module_error ());
  return (TsShimApiFunc) symbol;
}

const TsShimApi *
shim_test_api (void)
{
  static const TsShimApi *api = NULL;

  if (api == NULL) {
    TsShimApiFunc entry = open_shim ();
    g_assert_null (entry (TS_SHIM_ABI_VERSION + 1));
    api = entry (TS_SHIM_ABI_VERSION);
    g_assert_nonnull (api);
    g_assert_cmpuint (api->abi_version, ==, TS_SHIM_ABI_VERSION);
  }
  return api;
}

gchar *
shim_test_path (const gchar * name)
{
  return g_build_filename (g_getenv ("TS_TEST_MODELS"), name, NULL);
}

gboolean
shim_test_has_blocks (void)
{
#if defined (__x86_64__)
  return g_strcmp0 (g_getenv ("TS_TEST_ONEDNN"), "yes") == 0
      && __builtin_cpu_supports ("avx2");
#else
  return FALSE;
#endif
}

void
shim_test_assert_contains (const gchar * text, const gchar * part)
{
  if (strstr (text, part) == NULL)
    g_error ("\"%s\" does not contain \"%s\"", text, part);
}

const gchar *
shim_test_load_error (const TsShimLoadOptions * options, TsShimStatus status)
{
  static gchar error[SHIM_TEST_ERROR_SIZE];
  TsShimModule *module = NULL;

  error[0] = '\0';
  g_assert_cmpint (shim_test_api ()->load (options, &module, error,
          sizeof error), ==, status);
  g_assert_null (module);
  return error;
}

TsShimModule *
shim_test_load (const gchar * name)
{
  g_autofree gchar *path = shim_test_path (name);
  TsShimLoadOptions options = { path, "cpu", NULL, 1, TS_SHIM_FLOAT32 };

  return shim_test_load_with (&options);
}

TsShimModule *
shim_test_load_with (const TsShimLoadOptions * options)
{
  TsShimModule *module = NULL;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimStatus status;

  status = shim_test_api ()->load (options, &module, error, sizeof error);
  g_assert_cmpstr (error, ==, "");
  g_assert_cmpint (status, ==, TS_SHIM_OK);
  g_assert_nonnull (module);
  return module;
}

TsShimTensor
shim_test_tensor (gfloat * data, gint n_dims, ...)
{
  TsShimTensor tensor = { data, TS_SHIM_FLOAT32, n_dims, {0}
  };
  va_list sizes;

  va_start (sizes, n_dims);
  for (gint i = 0; i < n_dims; i++)
    tensor.shape[i] = va_arg (sizes, gint);
  va_end (sizes);
  return tensor;
}

TsShimValue *
shim_test_run (TsShimModule * module, const TsShimTensor * input)
{
  TsShimValue *value = NULL;
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimStatus status;

  status = shim_test_api ()->run (module, input, 1, &value, error,
      sizeof error);
  g_assert_cmpstr (error, ==, "");
  g_assert_cmpint (status, ==, TS_SHIM_OK);
  g_assert_nonnull (value);
  return value;
}

void
shim_test_assert_floats (const TsShimValue * value, const gfloat * expected,
    gsize n)
{
  const TsShimTensor *tensor = shim_test_api ()->value_tensor (value);
  gint64 found = 1;

  g_assert_nonnull (tensor);
  g_assert_cmpint (tensor->dtype, ==, TS_SHIM_FLOAT32);
  for (gint i = 0; i < tensor->n_dims; i++)
    found *= tensor->shape[i];
  g_assert_cmpint (found, ==, n);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (((const gfloat *) tensor->data)[i], ==, expected[i]);
}

glong
shim_test_page_faults (void)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_SELF, &usage), ==, 0);
  return usage.ru_minflt;
}
