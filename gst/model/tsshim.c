/* tsshim.c - opens the shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsshim.h"

#include <gmodule.h>

#include "tserror.h"

#define INSTALL_HINT \
  "install libtorch (Debian: apt install libtorch-dev libopenblas0-pthread)"

G_LOCK_DEFINE_STATIC (shim);
static gchar *open_path;
static const TsShimApi *open_api;

static const gchar *
get_path (void)
{
  const gchar *path = g_getenv ("GST_TORCHSCRIPT_SHIM");

  return path && *path ? path : TS_SHIM_PATH;
}

static const TsShimApi *
get_api (GModule * module, const gchar * path, GError ** error)
{
  const TsShimApi *api;
  TsShimApiFunc func;

  if (!g_module_symbol (module, TS_SHIM_SYMBOL, (gpointer *) & func)) {
    g_set_error (error, TS_ERROR, TS_ERROR_LIBTORCH,
        "%s: is no shim over libtorch: it has no symbol %s; install the "
        "plugin and its shim anew, from one build", path, TS_SHIM_SYMBOL);
    return NULL;
  }
  api = func (TS_SHIM_ABI_VERSION);
  if (!api || api->abi_version != TS_SHIM_ABI_VERSION) {
    g_set_error (error, TS_ERROR, TS_ERROR_LIBTORCH,
        "%s: this shim over libtorch does not speak version %u of the ABI, "
        "which the plugin expects; install the plugin and its shim anew, from "
        "one build", path, TS_SHIM_ABI_VERSION);
    return NULL;
  }
  return api;
}

/* Between two loops OpenMP's threads spin, which takes the processor from decoders
 * and encoders and from each other.  So do those that OpenBLAS has beside them, for
 * 2^26 cycles after each matrix product, when the loops that follow need it; 2^18 are
 * enough for the next product of a row.  Both read this once, as they are loaded. */
static void
let_threads_sleep (void)
{
  if (!g_getenv ("OMP_WAIT_POLICY"))
    g_setenv ("GOMP_SPINCOUNT", "0", FALSE);
  g_setenv ("OPENBLAS_THREAD_TIMEOUT", "18", FALSE);
}

static const TsShimApi *
open_module (const gchar * path, GError ** error)
{
  const TsShimApi *api;
  GModule *module;

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, TS_ERROR, TS_ERROR_LIBTORCH,
        "%s: the shim over libtorch is not installed; the plugin was built "
        "without libtorch, or not installed whole: " INSTALL_HINT
        " and build the plugin anew", path);
    return NULL;
  }
  let_threads_sleep ();
  module = g_module_open (path, G_MODULE_BIND_LOCAL);
  if (!module) {
    g_set_error (error, TS_ERROR, TS_ERROR_LIBTORCH,
        "%s: cannot open the shim over libtorch: %s; " INSTALL_HINT
        " of the version that the plugin was built with", path,
        g_module_error ());
    return NULL;
  }
  api = get_api (module, path, error);
  if (api)
    g_module_make_resident (module);
  else
    g_module_close (module);
  return api;
}

const TsShimApi *
ts_shim_open (GError ** error)
{
  const gchar *path = get_path ();
  const TsShimApi *api;

  G_LOCK (shim);
  api = g_strcmp0 (path, open_path) == 0 ? open_api : open_module (path, error);
  if (api && api != open_api) {
    g_free (open_path);
    open_path = g_strdup (path);
    open_api = api;
  }
  G_UNLOCK (shim);
  return api;
}

gint
ts_shim_status_to_code (TsShimStatus status)
{
  switch (status) {
    case TS_SHIM_ERROR_LOAD:
      return TS_ERROR_FORMAT;
    case TS_SHIM_ERROR_DEVICE:
      return TS_ERROR_DEVICE;
    case TS_SHIM_ERROR_OUTPUT:
      return TS_ERROR_OUTPUT;
    case TS_SHIM_ERROR_MEMORY:
      return TS_ERROR_MEMORY;
    case TS_SHIM_ERROR_ARGUMENT:
    case TS_SHIM_ERROR_METHOD:
      return TS_ERROR_CONFIG;
    default:
      return TS_ERROR_FORWARD;
  }
}

/* dlopen() would look for a name without a slash among the system's libraries,
 * where no user means it to be. */
gchar **
ts_shim_split_paths (const gchar * list)
{
  g_auto (GStrv) parts = g_strsplit (list ? list : "", ",", -1);
  GPtrArray *paths = g_ptr_array_new ();

  for (guint i = 0; parts[i]; i++)
    if (*g_strstrip (parts[i]))
      g_ptr_array_add (paths, g_canonicalize_filename (parts[i], NULL));
  g_ptr_array_add (paths, NULL);
  return (gchar **) g_ptr_array_free (paths, FALSE);
}
