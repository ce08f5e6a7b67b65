/* tsppm.c - pictures in binary PPM files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsppm.h"

#include <string.h>

#include "tserror.h"
#include "tsfile.h"

/* "P6", width, height, 255, each after white space or comments, one white space,
 * pixels. */
#define GAP "(?:\\s|#[^\\n]*\\n)+"
#define HEADER "^P6" GAP "([0-9]{1,5})" GAP "([0-9]{1,5})" GAP "255\\s"
#define MAX_HEADER 1024

static gboolean
set_error (const gchar * path, const gchar * found, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: %s; expected a binary PPM file (P6) with 8 bits a channel and at most "
      "%d pixels an edge; convert the picture", path, found, TS_PPM_MAX_EDGE);
  return FALSE;
}

/* Where the pixels begin; 0 if there is no such header. */
static gsize
parse_header (TsPpm * self)
{
  g_autoptr (GRegex) regex = g_regex_new (HEADER, G_REGEX_RAW, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree gchar *width = NULL, *height = NULL;
  gsize size;
  const gchar *content = g_bytes_get_data (self->file, &size);
  gint begin = 0;

  if (!g_regex_match_full (regex, content, (gssize) MIN (size, MAX_HEADER), 0,
          0, &match, NULL))
    return 0;
  width = g_match_info_fetch (match, 1);
  height = g_match_info_fetch (match, 2);
  g_match_info_fetch_pos (match, 0, NULL, &begin);
  self->image.width = (gint) g_ascii_strtoll (width, NULL, 10);
  self->image.height = (gint) g_ascii_strtoll (height, NULL, 10);
  return (gsize) begin;
}

static gboolean
parse (TsPpm * self, const gchar * path, GError ** error)
{
  gsize begin = parse_header (self);
  TsImage *image = &self->image;

  if (begin == 0 || image->width < 1 || image->width > TS_PPM_MAX_EDGE
      || image->height < 1 || image->height > TS_PPM_MAX_EDGE)
    return set_error (path, "has no such header", error);
  if (g_bytes_get_size (self->file) - begin
      != (gsize) image->width * image->height * 3)
    return set_error (path, "is shorter or longer than its header says", error);
  image->format = TS_PIXEL_RGB;
  image->stride[0] = 3 * image->width;
  image->plane[0] =
      (const guint8 *) g_bytes_get_data (self->file, NULL) + begin;
  return TRUE;
}

gboolean
ts_ppm_open (TsPpm * self, const gchar * path, GError ** error)
{
  memset (self, 0, sizeof *self);
  self->file = ts_file_read_bytes (path, "picture", error);
  if (self->file && parse (self, path, error))
    return TRUE;
  ts_ppm_clear (self);
  return FALSE;
}

void
ts_ppm_clear (TsPpm * self)
{
  g_clear_pointer (&self->file, g_bytes_unref);
}
