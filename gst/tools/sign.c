/* sign.c - signs packages, and looks whether they are signed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secret keys and their passwords are minisign's business, which is run for them.
 */
#include <gio/gio.h>

#include "mlpkg.h"
#include "tserror.h"
#include "tsjson.h"
#include "tsmodelspec.h"
#include "tspackage.h"
#include "tssignature.h"
#include "tstree.h"

#define METADATA "metadata.json"

static gchar *secret_key, *trusted_keys;

static const GOptionEntry sign_entries[] = {
  {"secret-key", 's', 0, G_OPTION_ARG_FILENAME, &secret_key,
      "The secret key, as \"minisign -G\" makes it", "FILE"},
  {NULL}
};

static const GOptionEntry verify_entries[] = {
  {"trusted-keys", 'k', 0, G_OPTION_ARG_FILENAME, &trusted_keys,
      "Public keys of minisign, one a line", "FILE"},
  {NULL}
};

static gboolean
require (const gchar * value, const gchar * option, GError ** error)
{
  if (value)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "no key is given; name its file " "with %s", option);
  return FALSE;
}

/* "files" and "sha256" of all there is in the package. */
static gboolean
list_files (const gchar * dir, JsonObject * metadata, GError ** error)
{
  g_auto (GStrv) names = ts_tree_list (dir, error);
  JsonObject *sums = json_object_new ();
  JsonArray *files = json_array_new ();

  json_object_set_object_member (metadata, "sha256", sums);
  json_object_set_array_member (metadata, "files", files);
  for (guint i = 0; names && names[i]; i++) {
    g_autofree gchar *path = g_build_filename (dir, names[i], NULL);
    g_autofree gchar *sum = NULL;

    if (g_str_equal (names[i], METADATA)
        || g_str_equal (names[i], METADATA TS_SIGNATURE_SUFFIX))
      continue;
    sum = ts_package_compute_sha256 (path, error);
    if (!sum)
      return FALSE;
    json_object_set_string_member (sums, names[i], sum);
    json_array_add_string_element (files, names[i]);
  }
  return names != NULL;
}

static gboolean
write_hashes (const gchar * dir, const gchar * path, GError ** error)
{
  g_autoptr (JsonObject) read = ts_json_read (path, error);
  g_autoptr (JsonObject) metadata = json_object_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GError) cause = NULL;
  g_autoptr (GList) keys = NULL;

  if (!read)
    return FALSE;
  /* What was parsed cannot be changed. */
  keys = json_object_get_members (read);
  for (GList * key = keys; key; key = key->next)
    json_object_set_member (metadata, key->data,
        json_object_dup_member (read, key->data));
  if (!list_files (dir, metadata, error))
    return FALSE;
  root = json_node_init_object (json_node_alloc (), metadata);
  text = json_to_string (root, TRUE);
  if (g_file_set_contents (path, text, -1, &cause))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_READ, "%s: cannot be written: %s",
      path, cause->message);
  return FALSE;
}

static gboolean
run_minisign (const gchar * path, GError ** error)
{
  const gchar *argv[] =
      { "minisign", "-S", "-s", secret_key, "-m", path, NULL };
  g_autoptr (GError) cause = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_newv (argv,
      G_SUBPROCESS_FLAGS_STDIN_INHERIT | G_SUBPROCESS_FLAGS_STDOUT_SILENCE,
      &cause);

  if (process && g_subprocess_wait_check (process, NULL, &cause))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: cannot be signed with the key %s: minisign failed (%s); install it "
      "(Debian: apt install minisign) or look at the key", path, secret_key,
      cause->message);
  return FALSE;
}

static gboolean
run_sign (gchar ** arguments, JsonObject * report, GError ** error)
{
  g_autofree gchar *path = g_build_filename (arguments[0], METADATA, NULL);
  g_autoptr (TsModelSpec) spec = NULL;

  if (!require (secret_key, "--secret-key", error)
      || !write_hashes (arguments[0], path, error)
      || !run_minisign (path, error))
    return FALSE;
  /* What was signed is a package, too. */
  spec = ts_model_spec_read (arguments[0], error);
  json_object_set_string_member (report, "signed", arguments[0]);
  return spec != NULL;
}

static gboolean
run_verify (gchar ** arguments, JsonObject * report, GError ** error)
{
  g_autoptr (TsModelSpec) spec = NULL;

  if (!require (trusted_keys, "--trusted-keys", error))
    return FALSE;
  spec = ts_model_spec_read_trusted (arguments[0], trusted_keys, error);
  json_object_set_string_member (report, "verified", arguments[0]);
  return spec != NULL;
}

const MlpkgCommand mlpkg_sign = {
  "sign", "DIR", 1, "Signs a package directory",
  sign_entries, run_sign
};

const MlpkgCommand mlpkg_verify = {
  "verify", "MODEL", 1, "Says whether a model is signed by a trusted key",
  verify_entries, run_verify
};
