/* run_corpus.c - tries a fuzz target on all files of a folder
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: fuzz-NAME FOLDER
 */
#include <stdio.h>

#include "fuzz.h"

int
main (int argc, char **argv)
{
  g_autoptr (GDir) dir = argc == 2 ? g_dir_open (argv[1], 0, NULL) : NULL;
  const gchar *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (argv[1], name, NULL);
    g_autofree gchar *bytes = NULL;
    gsize size;

    if (!g_file_get_contents (path, &bytes, &size, NULL))
      return 1;
    printf ("%s\n", path);
    fflush (stdout);
    LLVMFuzzerTestOneInput ((const uint8_t *) bytes, size);
    n++;
  }
  if (n == 0)
    fprintf (stderr, "Usage: %s FOLDER, with files in it\n", argv[0]);
  return n == 0;
}
