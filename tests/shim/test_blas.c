/* test_blas.c - test_blas DIRECTORY warning|none: what the shim says of the BLAS
 * in DIRECTORY, which LD_LIBRARY_PATH must name too
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "shimtest.h"

/* Whether libtorch took its BLAS from there, and not one of its own. */
static gboolean
is_mapped (const gchar * directory)
{
  g_autofree gchar *maps = NULL;
  g_autofree gchar *library = g_strconcat (directory, "/libblas.so", NULL);

  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  return strstr (maps, library) != NULL;
}

int
main (int argc, char **argv)
{
  const gchar *warning;

  g_assert_cmpint (argc, ==, 3);
  warning = shim_test_api ()->runtime_warning ();
  if (!is_mapped (argv[1])) {
    g_print ("libtorch does not use a libblas of %s\n", argv[1]);
    return 77;
  }
  if (g_str_equal (argv[2], "none")) {
    g_assert_null (warning);
  } else {
    g_assert_nonnull (warning);
    g_assert_nonnull (strstr (warning, "apt install libopenblas0-pthread"));
  }
  return 0;
}
