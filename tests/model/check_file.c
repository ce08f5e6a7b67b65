/* check_file.c - reads a model's description, for tests in Python
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>

#include "tsmodelspec.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TsModelSpec) spec = ts_model_spec_read (argv[1], &error);

  puts (spec ? "ok" : error->message);
  return 0;
}
