/* fuzz_package.c - packages in a zip file, and files that are taken for TorchScript
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"
#include "tsmodelspec.h"

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TsModelSpec) spec =
      ts_model_spec_read (fuzz_file (data, size), &error);

  fuzz_check_error (spec != NULL, error);
  return 0;
}
