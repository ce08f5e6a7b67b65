/* run_module.c - loads a module through a shim and runs a method, for the tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: run-module [--unsafe] [--op-lib FILE] [--method NAME] [--describe] FILE...
 * Prints "loaded" and "ran" as far as it comes, else the error; exit status 1 after
 * an error.
 */
#include "shimtest.h"

static gboolean unsafe, describe;
static gchar *op_lib, *method;

static const GOptionEntry entries[] = {
  {"unsafe", 0, 0, G_OPTION_ARG_NONE, &unsafe, NULL, NULL},
  {"describe", 0, 0, G_OPTION_ARG_NONE, &describe, NULL, NULL},
  {"op-lib", 0, 0, G_OPTION_ARG_FILENAME, &op_lib, NULL, NULL},
  {"method", 0, 0, G_OPTION_ARG_STRING, &method, NULL, NULL},
  {NULL}
};

static gboolean
load_and_run (const TsShimLoadOptions * options, gchar * error, gsize size)
{
  const TsShimApi *api = shim_test_api ();
  gfloat x[4] = { 1, 2, 3, 4 };
  TsShimTensor input = shim_test_tensor (x, 1, 4);
  TsShimModule *module = NULL;
  TsShimValue *value = NULL;

  if (describe)
    return api->describe (options, &value, error, size) == TS_SHIM_OK;
  if (api->load (options, &module, error, size) != TS_SHIM_OK)
    return FALSE;
  g_print ("loaded\n");
  if (api->run (module, &input, 1, &value, error, size) != TS_SHIM_OK)
    return FALSE;
  g_print ("ran\n");
  api->value_free (value);
  api->module_free (module);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("FILE...");
  gchar error[4096] = "";
  const gchar *libs[] = { NULL, NULL };
  TsShimLoadOptions options = { NULL, "cpu", NULL, 1, TS_SHIM_FLOAT32, libs };

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL) || argc < 2)
    return 2;
  options.method = method;
  options.unsafe_operators = unsafe;
  libs[0] = op_lib;
  for (gint i = 1; i < argc; i++) {
    options.path = argv[i];
    if (!load_and_run (&options, error, sizeof error))
      g_print ("%s\n", error);
  }
  return *error != '\0';
}
