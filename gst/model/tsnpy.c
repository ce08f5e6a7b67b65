/* tsnpy.c - arrays in NumPy's .npy files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file: "\x93NUMPY", two bytes of version, the header's length (two bytes,
 * from version 2 on four, little-endian), the header, the data.
 */
#include "tsnpy.h"

#include <string.h>

#include "tserror.h"
#include "tsfile.h"

#define MAGIC "\x93NUMPY"
#define MAX_HEADER 65536

/* numpy.save() always writes the keys in this order. */
#define HEADER "^\\{'descr': '([^']*)', 'fortran_order': (True|False), " \
  "'shape': \\(([0-9, ]*)\\), \\}\\s*$"

static gboolean
set_error (const gchar * path, const gchar * found, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: %s; expected a .npy file of uint8 or little-endian float32 in C order "
      "with at most %d dimensions, as numpy.save() writes it", path, found,
      TS_NPY_MAX_DIMS);
  return FALSE;
}

/* The header's text, and where the data begins. */
static gchar *
get_header (GBytes * file, gsize * begin)
{
  gsize length, start, size;
  const guint8 *content = g_bytes_get_data (file, &size);

  if (size < 12 || memcmp (content, MAGIC, strlen (MAGIC)) != 0)
    return NULL;
  start = content[6] == 1 ? 10 : 12;
  length = content[8] | content[9] << 8;
  if (content[6] != 1)
    length |= (gsize) content[10] << 16 | (gsize) content[11] << 24;
  if (length > MAX_HEADER || length > size - start)
    return NULL;
  *begin = start + length;
  return g_strndup ((const gchar *) content + start, length);
}

static gboolean
parse_shape (TsNpy * self, const gchar * text)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  guint64 size;

  self->size = 1;
  for (guint i = 0; parts[i]; i++) {
    const gchar *part = g_strstrip (parts[i]);

    /* A tuple of one ends in a comma. */
    if (!*part && !parts[i + 1])
      break;
    if (self->n_dims == TS_NPY_MAX_DIMS
        || !g_ascii_string_to_unsigned (part, 10, 0, G_MAXINT32, &size, NULL)
        || !g_size_checked_mul (&self->size, self->size, (gsize) size))
      return FALSE;
    self->shape[self->n_dims++] = (gint64) size;
  }
  return TRUE;
}

static gboolean
parse_header (TsNpy * self, const gchar * header)
{
  g_autoptr (GRegex) regex = g_regex_new (HEADER, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree gchar *dtype = NULL, *order = NULL, *shape = NULL;

  if (!g_utf8_validate (header, -1, NULL)
      || !g_regex_match (regex, header, 0, &match))
    return FALSE;
  dtype = g_match_info_fetch (match, 1);
  order = g_match_info_fetch (match, 2);
  shape = g_match_info_fetch (match, 3);
  self->is_float = g_str_equal (dtype, "<f4");
  return (self->is_float || g_str_equal (dtype, "|u1"))
      && g_str_equal (order, "False") && parse_shape (self, shape);
}

static gboolean
parse (TsNpy * self, const gchar * path, GError ** error)
{
  g_autofree gchar *header = NULL;
  gsize begin = 0, bytes;

  header = get_header (self->file, &begin);
  if (!header || !parse_header (self, header))
    return set_error (path, "has no such header", error);
  if (!g_size_checked_mul (&bytes, self->size, self->is_float ? 4 : 1)
      || bytes != g_bytes_get_size (self->file) - begin)
    return set_error (path, "is shorter or longer than its shape says", error);
  self->data = (const guint8 *) g_bytes_get_data (self->file, NULL) + begin;
  return TRUE;
}

gboolean
ts_npy_open (TsNpy * self, const gchar * path, GError ** error)
{
  memset (self, 0, sizeof *self);
  self->file = ts_file_read_bytes (path, ".npy file", error);
  if (self->file && parse (self, path, error))
    return TRUE;
  ts_npy_clear (self);
  return FALSE;
}

void
ts_npy_clear (TsNpy * self)
{
  g_clear_pointer (&self->file, g_bytes_unref);
}

gfloat *
ts_npy_to_floats (const TsNpy * self)
{
  /* One more: an empty array has memory, too. */
  gfloat *floats = g_try_malloc_n (self->size + 1, sizeof (gfloat));

  if (!floats)
    return NULL;
  if (self->is_float)
    memcpy (floats, self->data, self->size * sizeof (gfloat));
  else
    for (gsize i = 0; i < self->size; i++)
      floats[i] = ((const guint8 *) self->data)[i] / 255.f;
  return floats;
}
