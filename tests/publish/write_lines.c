/* write_lines.c - writes long lines to a file until it is killed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: write_lines FILE BYTES
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "tswrite.h"

int
main (int argc, char **argv)
{
  gsize size = strtoul (argv[2], NULL, 10);
  g_autofree gchar *line = g_malloc (size);
  gint fd = open (argv[1], O_WRONLY | O_CREAT | O_APPEND, 0666);

  memset (line, 'x', size);
  line[size - 1] = '\n';
  while (ts_write_whole (fd, line, size));
  return 1;
}
