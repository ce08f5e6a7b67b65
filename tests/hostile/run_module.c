/* run_module.c - loads a module through a shim and runs a method, for the tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: run-module [--unsafe] [--op-lib FILE] [--method NAME] [--describe] [--print]
 *     [--isolated [--load-timeout MS] [--timeout MS] [--memory MB] [--runs N]] FILE...
 * Prints "loaded" and "ran" as far as it comes, else the error; exit status 1 after
 * an error.
 */
#include "shimtest.h"
#include "tsremote.h"

static gboolean unsafe, describe, isolated, print;
static gint load_timeout, timeout, memory, runs = 1;
static gchar *op_lib, *method;

static const GOptionEntry entries[] = {
  {"unsafe", 0, 0, G_OPTION_ARG_NONE, &unsafe, NULL, NULL},
  {"describe", 0, 0, G_OPTION_ARG_NONE, &describe, NULL, NULL},
  {"print", 0, 0, G_OPTION_ARG_NONE, &print, NULL, NULL},
  {"isolated", 0, 0, G_OPTION_ARG_NONE, &isolated, NULL, NULL},
  {"load-timeout", 0, 0, G_OPTION_ARG_INT, &load_timeout, NULL, NULL},
  {"timeout", 0, 0, G_OPTION_ARG_INT, &timeout, NULL, NULL},
  {"memory", 0, 0, G_OPTION_ARG_INT, &memory, NULL, NULL},
  {"runs", 0, 0, G_OPTION_ARG_INT, &runs, NULL, NULL},
  {"op-lib", 0, 0, G_OPTION_ARG_FILENAME, &op_lib, NULL, NULL},
  {"method", 0, 0, G_OPTION_ARG_STRING, &method, NULL, NULL},
  {NULL}
};

static TsShimStatus
load (const TsShimApi * api, const TsShimLoadOptions * options,
    TsShimModule ** module, gchar * error, gsize size)
{
  const TsRemoteOptions limits =
      { load_timeout, timeout, 2, (guint64) memory << 20 };

  return isolated ? ts_remote_load (options, &limits, module, error, size) :
      api->load (options, module, error, size);
}

static void
print_numbers (const TsShimTensor * tensor)
{
  for (gint64 i = 0; i < tensor->shape[0]; i++)
    g_print (i > 0 ? " %g" : "%g", (gdouble) ((gfloat *) tensor->data)[i]);
  g_print ("\n");
}

static gboolean
run (const TsShimApi * api, TsShimModule * module, gchar * error, gsize size)
{
  gfloat x[4] = { 1, 2, 3, 4 };
  TsShimTensor input = shim_test_tensor (x, 1, 4);
  TsShimValue *value = NULL;

  if (api->run (module, &input, 1, &value, error, size) != TS_SHIM_OK)
    return FALSE;
  if (print)
    print_numbers (api->value_tensor (value));
  g_print ("ran\n");
  api->value_free (value);
  return TRUE;
}

static gboolean
load_and_run (const TsShimLoadOptions * options, gchar * error, gsize size)
{
  const TsShimApi *api = isolated ? ts_remote_open (NULL) : shim_test_api ();
  TsShimModule *module = NULL;
  TsShimValue *value = NULL;
  gboolean done = TRUE;

  if (describe)
    return api->describe (options, &value, error, size) == TS_SHIM_OK;
  if (load (api, options, &module, error, size) != TS_SHIM_OK)
    return FALSE;
  g_print ("loaded\n");
  for (gint i = 0; i < runs; i++) {
    if (i > 0 && !done)
      g_print ("%s\n", error);
    done = run (api, module, error, size);
  }
  if (done)
    api->module_free (module);
  return done;
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
