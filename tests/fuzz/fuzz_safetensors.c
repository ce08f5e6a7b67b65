/* fuzz_safetensors.c - files of weights
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"
#include "tssafetensors.h"

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TsSafetensors) file =
      ts_safetensors_open (fuzz_file (data, size), &error);
  gsize n = 0;

  fuzz_check_error (file != NULL, error);
  if (file != NULL)
    ts_safetensors_get (file, &n);
  return 0;
}
