/* fuzz_signature.c - signatures and public keys in minisign's format
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signature, with its length before it, then the keys.
 */
#include "fuzz.h"
#include "tssignature.h"

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  FuzzBytes bytes = { data, size };
  FuzzBytes signature = fuzz_part (&bytes);
  g_autofree gchar *path = g_build_filename (fuzz_directory (), "file", NULL);
  g_autofree gchar *keys = g_build_filename (fuzz_directory (), "keys", NULL);
  g_autoptr (GError) error = NULL;
  gboolean done;

  fuzz_write ("file", (const uint8_t *) "signed\n", 7);
  fuzz_write ("file" TS_SIGNATURE_SUFFIX, signature.data, signature.size);
  fuzz_write ("keys", bytes.data, bytes.size);
  done = ts_signature_check (path, keys, &error);
  fuzz_check_error (done, error);
  return 0;
}
