/* tensorize_once.c - one frame through the tensorizer, for test_instructions.py
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: tensorize_once FORMAT
 * FORMAT is a number of TsPixelFormat.  640x360 letterboxed to 320, NCHW.
 */
#include <stdlib.h>

#include "tstensorizer.h"

#define WIDTH 640
#define HEIGHT 360

static void
init_image (TsImage * image, TsPixelFormat format, guint8 * pixels)
{
  const gboolean is_yuv = format == TS_PIXEL_NV12 || format == TS_PIXEL_I420;
  const gint size = is_yuv ? 1 : format == TS_PIXEL_RGB ? 3 : 4;

  *image = (TsImage) {
  .format = format,.width = WIDTH,.height = HEIGHT};
  image->plane[0] = pixels;
  image->stride[0] = size * WIDTH;
  image->plane[1] = pixels + WIDTH * HEIGHT;
  image->plane[2] = image->plane[1] + WIDTH / 2 * HEIGHT / 2;
  image->stride[1] = format == TS_PIXEL_NV12 ? WIDTH : WIDTH / 2;
  image->stride[2] = WIDTH / 2;
}

int
main (int argc, char **argv)
{
  const TsInputSize size = { TS_RESIZE_LETTERBOX, 320, 320, 32 };
  const TsTensorFormat format = { TS_LAYOUT_NCHW, FALSE, 3, 114,
    {1 / 255.f, 1 / 255.f, 1 / 255.f}, {0, 0, 0}
  };
  TsTensorizer *tensorizer = ts_tensorizer_new (&format);
  guint8 *pixels = g_malloc0 (4 * WIDTH * HEIGHT);
  TsLetterbox box;
  TsImage image;
  gfloat *tensor;

  init_image (&image, argc > 1 ? atoi (argv[1]) : 0, pixels);
  ts_letterbox_init (&box, &size, WIDTH, HEIGHT);
  tensor = g_new (gfloat, 3 * box.tensor_width * box.tensor_height);
  ts_tensorizer_run (tensorizer, &image, &box, tensor);
  g_free (tensor);
  g_free (pixels);
  ts_tensorizer_free (tensorizer);
  return 0;
}
