/* fuzz.c - what the fuzz targets share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tstree.h"

const gchar *
fuzz_file (const uint8_t * data, size_t size)
{
  static gchar path[64];
  static int fd = -1;

  if (fd < 0) {
    fd = memfd_create ("fuzz", 0);
    g_snprintf (path, sizeof (path), "/proc/self/fd/%d", fd);
  }
  if (ftruncate (fd, 0) != 0 || pwrite (fd, data, size, 0) != (ssize_t) size)
    abort ();
  return path;
}

static gchar *directory;

static void
remove_directory (void)
{
  ts_tree_remove (directory);
}

const gchar *
fuzz_directory (void)
{
  if (directory == NULL) {
    directory = g_dir_make_tmp ("fuzz-XXXXXX", NULL);
    atexit (remove_directory);
  }
  return directory;
}

void
fuzz_write (const gchar * name, const uint8_t * data, size_t size)
{
  g_autofree gchar *path = g_build_filename (fuzz_directory (), name, NULL);
  FILE *file = fopen (path, "wb");

  if (file == NULL || fwrite (data, 1, size, file) != size)
    abort ();
  fclose (file);
}

void
fuzz_check_error (gboolean done, GError * error)
{
  gboolean told = error != NULL && error->message[0] != '\0'
      && g_utf8_validate (error->message, -1, NULL);

  if (done ? error != NULL : !told) {
    fprintf (stderr, "done %d, but the error is: %s\n", done,
        error ? error->message : "none");
    abort ();
  }
}

static void
take (FuzzBytes * self, gpointer to, size_t n)
{
  size_t there = MIN (n, self->size);

  memset (to, 0, n);
  memcpy (to, self->data, there);
  self->data += there;
  self->size -= there;
}

guint
fuzz_byte (FuzzBytes * self)
{
  guint8 value;

  take (self, &value, sizeof (value));
  return value;
}

guint
fuzz_short (FuzzBytes * self)
{
  guint16 value;

  take (self, &value, sizeof (value));
  return value;
}

gfloat
fuzz_float (FuzzBytes * self)
{
  gfloat value;

  take (self, &value, sizeof (value));
  return value;
}

FuzzBytes
fuzz_part (FuzzBytes * self)
{
  gsize n = fuzz_short (self);
  FuzzBytes part = { self->data, MIN (n, self->size) };

  self->data += part.size;
  self->size -= part.size;
  return part;
}
