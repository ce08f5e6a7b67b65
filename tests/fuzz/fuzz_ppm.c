/* fuzz_ppm.c - pictures of a self-test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"
#include "tsppm.h"

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_auto (TsPpm) picture = { NULL, };
  gboolean done = ts_ppm_open (&picture, fuzz_file (data, size), &error);
  volatile guint8 last;

  fuzz_check_error (done, error);
  if (done)
    last = picture.image.plane[0][(gsize) picture.image.stride[0]
        * (picture.image.height - 1) + picture.image.width * 3 - 1];
  (void) last;
  return 0;
}
