/* fuzz_labels.c - label files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"
#include "tslabels.h"

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) labels = ts_labels_read (fuzz_file (data, size), &error);

  fuzz_check_error (labels != NULL, error);
  return 0;
}
