/* convert_floats.c - converts float32 from stdin to a dtype, for tests in Python
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * convert-floats DTYPE-NUMBER N < floats > elements
 */
#include <stdio.h>
#include <stdlib.h>

#include "tstensor.h"

int
main (int argc, char **argv)
{
  TsDtype dtype = (TsDtype) atoi (argv[1]);
  gsize n = (gsize) atoi (argv[2]);
  g_autofree gfloat *source = g_new (gfloat, n);
  g_autofree gchar *target = g_malloc (n * ts_dtype_size (dtype));

  if (fread (source, sizeof (gfloat), n, stdin) != n)
    return 1;
  ts_dtype_from_float (dtype, source, n, target);
  return fwrite (target, ts_dtype_size (dtype), n, stdout) != n;
}
