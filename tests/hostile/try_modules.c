/* try_modules.c - loads and runs modules in processes of their own, for the tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: try-modules TIMEOUT_MS MEMORY_MB FILE...
 * Prints a line for each file: "answer", or "load" or "run" and the error.  Ends with
 * a failure if an error says nothing, or if a process or a descriptor is left behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tsremote.h"

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

static void
check_nothing_left (guint n_descriptors)
{
  if (count_descriptors () != n_descriptors)
    g_error ("%u descriptors, expected %u", count_descriptors (),
        n_descriptors);
  if (waitpid (-1, NULL, WNOHANG) != -1 || errno != ECHILD)
    g_error ("a process is left");
}

static void
check_error (const gchar * text)
{
  if (*text == '\0' || !g_utf8_validate (text, -1, NULL))
    g_error ("an error whose text is \"%s\"", text);
}

/* Reads all of an answer. */
static gsize
visit (const TsShimApi * api, const TsShimValue * value)
{
  TsShimKind kind = api->value_kind (value);
  const TsShimTensor *tensor = api->value_tensor (value);
  gsize n = tensor ? (gsize) tensor->n_dims : 0;

  if (kind == TS_SHIM_LIST || kind == TS_SHIM_DICT)
    for (gsize i = 0; i < api->value_size (value); i++)
      n += visit (api, api->value_child (value, i));
  if (kind == TS_SHIM_STRING)
    n += strlen (api->value_string (value));
  return n;
}

/* A frame, or what most of the small modules take. */
static gboolean
run (const TsShimApi * api, TsShimModule * module, gint n_dims, gchar * error,
    gsize size)
{
  static gfloat pixels[3 * 8 * 8];
  TsShimTensor input = { pixels, TS_SHIM_FLOAT32, n_dims, {1, 3, 8, 8} };
  TsShimValue *value = NULL;

  if (api->run (module, &input, 1, &value, error, size) != TS_SHIM_OK) {
    check_error (error);
    return FALSE;
  }
  visit (api, value);
  api->value_free (value);
  return TRUE;
}

static void
try_file (const TsShimApi * api, const gchar * path,
    const TsRemoteOptions * limits)
{
  const gchar *libs[] = { NULL };
  TsShimLoadOptions options = { path, "cpu", NULL, 1, TS_SHIM_FLOAT32, libs };
  TsShimModule *module = NULL;
  gchar error[4096] = "";

  if (ts_remote_load (&options, limits, &module, error, sizeof error)
      != TS_SHIM_OK) {
    check_error (error);
    g_print ("load %s\n", error);
    return;
  }
  if (run (api, module, 4, error, sizeof error)
      || run (api, module, 2, error, sizeof error))
    g_print ("answer\n");
  else
    g_print ("run %s\n", error);
  api->module_free (module);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  const TsShimApi *api = ts_remote_open (&error);
  TsRemoteOptions limits = { 0 };
  guint n_descriptors;

  if (argc < 4 || !api) {
    g_printerr ("Usage: try-modules TIMEOUT_MS MEMORY_MB FILE...\n%s\n",
        error ? error->message : "");
    return 2;
  }
  limits.load_timeout_ms = limits.run_timeout_ms = atoi (argv[1]);
  limits.max_bytes = (guint64) atoi (argv[2]) << 20;
  limits.max_restarts = 1;
  /* The first file takes the process that is there already. */
  try_file (api, argv[3], &limits);
  n_descriptors = count_descriptors ();
  for (gint i = 3; i < argc; i++) {
    try_file (api, argv[i], &limits);
    check_nothing_left (n_descriptors);
  }
  return 0;
}
