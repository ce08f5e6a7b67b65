/* fuzz_npy.c - NumPy files of a self-test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"
#include "tsnpy.h"

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_auto (TsNpy) array = { NULL, };
  gboolean done = ts_npy_open (&array, fuzz_file (data, size), &error);

  fuzz_check_error (done, error);
  if (done)
    g_free (ts_npy_to_floats (&array));
  return 0;
}
