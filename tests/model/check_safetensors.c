/* check_safetensors.c - reads safetensors files, for tests in Python
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-safetensors FILE... writes a line for each file, the error or "ok" and
 * for each tensor " NAME:DTYPE:SHAPE:DATA" with data in hexadecimal.
 */
#include <stdio.h>

#include "tssafetensors.h"

static const gsize sizes[] = { 4, 2, 2, 8, 1, 1, 2, 4, 8, 1 };

static void
print_tensor (const TsShimNamedTensor * named)
{
  const TsShimTensor *tensor = &named->tensor;
  gsize n = sizes[tensor->dtype];

  printf (" %s:%d:", named->name, (gint) tensor->dtype);
  for (gint i = 0; i < tensor->n_dims; i++) {
    n *= (gsize) tensor->shape[i];
    printf ("%s%d", i ? "x" : "", (gint) tensor->shape[i]);
  }
  putchar (':');
  for (gsize i = 0; i < n; i++)
    printf ("%02x", ((const guint8 *) tensor->data)[i]);
}

static void
print_file (const gchar * path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TsSafetensors) file = ts_safetensors_open (path, &error);
  const TsShimNamedTensor *tensors;
  gsize n;

  if (!file) {
    puts (error->message);
    return;
  }
  tensors = ts_safetensors_get (file, &n);
  fputs ("ok", stdout);
  for (gsize i = 0; i < n; i++)
    print_tensor (&tensors[i]);
  putchar ('\n');
}

int
main (int argc, char **argv)
{
  for (gint i = 1; i < argc; i++)
    print_file (argv[i]);
  return 0;
}
