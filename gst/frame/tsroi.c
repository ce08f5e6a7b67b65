/* tsroi.c - a region of the frame, and the view of an image inside it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsroi.h"

#include <math.h>
#include <string.h>

#include "tserror.h"

/* A number of @text in pixels; FALSE if it is none that makes sense. */
static gboolean
read_number (const gchar * text, gint side, gdouble * pixels)
{
  g_autofree gchar *stripped = g_strstrip (g_strdup (text));
  gchar *end;

  *pixels = g_ascii_strtod (stripped, &end);
  if (end == stripped || *end != '\0' || !isfinite (*pixels)
      || fabs (*pixels) > G_MAXINT / 4)
    return FALSE;
  if (strchr (stripped, '.') != NULL)
    *pixels *= side;
  return TRUE;
}

static gboolean
read_numbers (const gchar * text, gint width, gint height, gdouble numbers[4])
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  guint i;

  if (g_strv_length (parts) != 4)
    return FALSE;
  for (i = 0; i < 4; i++)
    if (!read_number (parts[i], i % 2 ? height : width, &numbers[i]))
      return FALSE;
  return TRUE;
}

/* One axis, cut to the frame; FALSE if nothing is left. */
static gboolean
place_axis (gdouble start, gdouble length, gint side, gint * from,
    gint * length_px)
{
  gint first = (gint) CLAMP (rint (start), 0, side) & ~1;
  gint last = (gint) CLAMP (rint (start + length), 0, side);

  *from = first;
  *length_px = last - first;
  return length > 0 && last > first;
}

gboolean
ts_roi_place (const gchar * text, gint frame_width, gint frame_height,
    TsRoi * roi, GError ** error)
{
  gdouble n[4] = { 0, 0, frame_width, frame_height };

  if (text != NULL && *text != '\0'
      && !read_numbers (text, frame_width, frame_height, n)) {
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "roi \"%s\": expected x,y,width,height, each in pixels (320) or, with a "
        "point, as a fraction of the frame's width or height (0.25)", text);
    return FALSE;
  }
  if (place_axis (n[0], n[2], frame_width, &roi->x, &roi->width)
      && place_axis (n[1], n[3], frame_height, &roi->y, &roi->height))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "roi \"%s\": there is nothing of the frame of %dx%d pixels in it; name a "
      "region inside the frame", text, frame_width, frame_height);
  return FALSE;
}

static gint
get_pixel_size (TsPixelFormat format)
{
  if (format == TS_PIXEL_RGB || format == TS_PIXEL_BGR)
    return 3;
  return format >= TS_PIXEL_GRAY8 ? 1 : 4;
}

void
ts_image_crop (TsImage * image, const TsRoi * roi)
{
  gint i, n_chroma = image->format == TS_PIXEL_NV12 ? 1 :
      image->format == TS_PIXEL_I420 ? 2 : 0;

  image->plane[0] += roi->y * (gssize) image->stride[0]
      + roi->x * get_pixel_size (image->format);
  for (i = 1; i <= n_chroma; i++)
    image->plane[i] += roi->y / 2 * (gssize) image->stride[i]
        + roi->x / 2 * (n_chroma == 1 ? 2 : 1);
  image->x += roi->x;
  image->y += roi->y;
  image->width = roi->width;
  image->height = roi->height;
}
