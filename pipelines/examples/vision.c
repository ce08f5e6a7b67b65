/* vision.c - prints what a model finds in a PNG picture, without a pipeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cc vision.c $(pkg-config --cflags --libs torchscript-vision-1.0 cairo)
 * Usage: vision MODEL IMAGE.png
 */
#include <cairo.h>
#include <torchscriptvision.h>

int
main (int argc, char **argv)
{
  cairo_surface_t *png = cairo_image_surface_create_from_png (argv[2]);
  /* Cairo's four bytes are B, G, R, unused on a little-endian machine. */
  TsVisionImage image = {
    TS_VISION_BGRX, cairo_image_surface_get_width (png),
    cairo_image_surface_get_height (png), cairo_image_surface_get_stride (png),
    cairo_image_surface_get_data (png)
  };
  GError *error = NULL;
  TsVisionModel *model = ts_vision_model_open (argv[1], NULL, &error);
  const TsVisionDetection *d = NULL;
  gsize n = 0;

  if (model)
    d = ts_vision_model_detect (model, &image, &n, &error);
  if (!d)
    g_printerr ("%s\n", error->message);
  for (gsize i = 0; i < n; i++)
    g_print ("%s: %.2f at %.0f,%.0f to %.0f,%.0f\n", d[i].label ? d[i].label : "?",
        d[i].score, d[i].x1, d[i].y1, d[i].x2, d[i].y2);
  ts_vision_model_free (model);
  cairo_surface_destroy (png);
  return d == NULL;
}
