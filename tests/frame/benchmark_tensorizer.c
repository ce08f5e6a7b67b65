/* benchmark_tensorizer.c - time of one tensorizer run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: benchmark_tensorizer FORMAT WIDTH HEIGHT RUNS
 * FORMAT is a number of TsPixelFormat.  Prints the fastest run in microseconds:
 * letterboxed to 1024 with a divisor of 32, NCHW, RGB, scaled by 1 / 255.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tstensorizer.h"

static void
init_image (TsImage * image, gint format, gint width, gint height)
{
  gsize size = (gsize) width * height * 4, i;
  guint8 *pixels = g_malloc (size);

  for (i = 0; i < size; i++)
    pixels[i] = (guint8) (i * 2654435761u >> 24);
  image->format = format;
  image->width = width;
  image->height = height;
  image->matrix = TS_MATRIX_BT709;
  image->full_range = FALSE;
  image->plane[0] = image->plane[1] = image->plane[2] = pixels;
  for (i = 0; i < 3; i++)
    image->stride[i] = format >= TS_PIXEL_GRAY8 ? width
        : format >= TS_PIXEL_RGBX ? 4 * width : 3 * width;
  if (format == TS_PIXEL_I420)
    image->stride[1] = image->stride[2] = width / 2;
}

int
main (int argc, char **argv)
{
  TsInputSize size = { TS_RESIZE_LETTERBOX, 1024, 1024, 32 };
  TsTensorFormat format = { TS_LAYOUT_NCHW, FALSE, 3, 114,
    {1 / 255.f, 1 / 255.f, 1 / 255.f}, {0, 0, 0}
  };
  TsTensorizer *tensorizer = ts_tensorizer_new (&format);
  gint64 best = G_MAXINT64;
  TsLetterbox box;
  TsImage image;
  gfloat *tensor;
  gint runs;

  if (argc != 5) {
    fprintf (stderr, "usage: %s FORMAT WIDTH HEIGHT RUNS\n", argv[0]);
    return 2;
  }
  init_image (&image, atoi (argv[1]), atoi (argv[2]), atoi (argv[3]));
  ts_letterbox_init (&box, &size, image.width, image.height);
  tensor = g_new (gfloat, 3 * (gsize) box.tensor_width * box.tensor_height);
  for (runs = atoi (argv[4]); runs > 0; runs--) {
    gint64 start = g_get_monotonic_time ();

    ts_tensorizer_run (tensorizer, &image, &box, tensor);
    best = MIN (best, g_get_monotonic_time () - start);
  }
  printf ("%" G_GINT64_FORMAT "\n", best);
  g_free (tensor);
  g_free ((gpointer) image.plane[0]);
  ts_tensorizer_free (tensorizer);
  return 0;
}
