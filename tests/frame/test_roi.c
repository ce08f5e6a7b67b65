/* test_roi.c - where a region lies, and that a view of it is a crop
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "tserror.h"
#include "tsroi.h"
#include "tstensorizer.h"

#define WIDTH 64
#define HEIGHT 48

static void
test_places (void)
{
  static const struct
  {
    const gchar *text;
    TsRoi expected;
  } cases[] = {
    {NULL, {0, 0, 640, 360}},
    {"", {0, 0, 640, 360}},
    {"10,20,100,50", {10, 20, 100, 50}},
    {" 10 , 20 ,100, 50 ", {10, 20, 100, 50}},
    {"0.25,0.5,0.5,0.25", {160, 180, 320, 90}},
    {"0.0,0.0,1.0,1.0", {0, 0, 640, 360}},
    {"0,90,1.0,90", {0, 90, 640, 90}},
    /* Odd corners go down, the far ends stay. */
    {"11,21,100,50", {10, 20, 101, 51}},
    /* What leaves the frame is cut off. */
    {"-10,-20,100,50", {0, 0, 90, 30}},
    {"600,300,100,100", {600, 300, 40, 60}},
    {"638,358,2,2", {638, 358, 2, 2}},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    TsRoi roi;

    g_assert_true (ts_roi_place (cases[i].text, 640, 360, &roi, &error));
    g_assert_no_error (error);
    g_assert_cmpmem (&roi, sizeof roi, &cases[i].expected, sizeof roi);
  }
}

static void
test_errors (void)
{
  static const gchar *const texts[] = { "1,2,3", "1,2,3,4,5", "a,b,c,d",
    "1,2,3,", "1 2 3 4", "0,0,0,10", "0,0,10,-1", "640,0,10,10", "0,360,10,10",
    "nan,0,10,10", "0,0,inf,10", "1e300,0,1,1", "-50,0,50,10"
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (texts); i++) {
    GError *error = NULL;
    TsRoi roi;

    g_assert_false (ts_roi_place (texts[i], 640, 360, &roi, &error));
    g_assert_error (error, TS_ERROR, TS_ERROR_CONFIG);
    g_assert_nonnull (strstr (error->message, texts[i]));
    g_error_free (error);
  }
}

static TsImage
make_image (TsPixelFormat format, const guint8 * pixels)
{
  const gint size =
      format == TS_PIXEL_RGB ? 3 : format == TS_PIXEL_BGRX ? 4 : 1;
  const gboolean nv12 = format == TS_PIXEL_NV12;
  TsImage image = { format, WIDTH, HEIGHT, {pixels, pixels + WIDTH * HEIGHT,
      pixels + WIDTH * HEIGHT * 5 / 4}, {size * WIDTH,
      nv12 ? WIDTH : WIDTH / 2, WIDTH / 2}
  };

  return image;
}

static guint8 *
copy_plane (const TsImage * image, gint plane, const gint area[4])
{
  guint8 *copy = g_malloc (area[2] * area[3]);
  gint y;

  for (y = 0; y < area[3]; y++)
    memcpy (copy + y * area[2], image->plane[plane] + (area[1] + y)
        * image->stride[plane] + area[0], area[2]);
  return copy;
}

static void
tensorize (const TsImage * image, gfloat * tensor)
{
  const TsInputSize size = { TS_RESIZE_STRETCH, image->width, image->height };
  const TsTensorFormat format = { TS_LAYOUT_NCHW, FALSE, 3, 0, {1, 1, 1} };
  g_autoptr (TsTensorizer) tensorizer = ts_tensorizer_new (&format);
  TsLetterbox box;

  ts_letterbox_init (&box, &size, image->width, image->height);
  ts_tensorizer_run (tensorizer, image, &box, tensor);
}

/* The view's tensor is that of a copy of the region's bytes. */
static void
check_view (TsPixelFormat format, const guint8 * pixels)
{
  static const TsRoi roi = { 6, 10, 33, 21 };
  const TsImage image = make_image (format, pixels);
  const gint size = image.stride[0] / WIDTH;
  const gint step = format == TS_PIXEL_NV12 ? 2 : 1;
  const gint luma[4] = { 6 * size, 10, 33 * size, 21 };
  const gint chroma[4] = { 3 * step, 5, 17 * step, 11 };
  const gint n_planes = format == TS_PIXEL_NV12 ? 2 :
      format == TS_PIXEL_I420 ? 3 : 1;
  g_autofree gfloat *a = g_new (gfloat, 3 * 33 * 21);
  g_autofree gfloat *b = g_new (gfloat, 3 * 33 * 21);
  TsImage view = image, copy = image;
  gint i;

  ts_image_crop (&view, &roi);
  g_assert_cmpint (view.x, ==, 6);
  g_assert_cmpint (view.y, ==, 10);
  copy.width = 33;
  copy.height = 21;
  for (i = 0; i < n_planes; i++) {
    copy.plane[i] = copy_plane (&image, i, i ? chroma : luma);
    copy.stride[i] = i ? chroma[2] : luma[2];
  }
  tensorize (&view, a);
  tensorize (&copy, b);
  g_assert_cmpmem (a, 4 * 3 * 33 * 21, b, 4 * 3 * 33 * 21);
  for (i = 0; i < n_planes; i++)
    g_free ((gpointer) copy.plane[i]);
}

static void
test_views (void)
{
  static const TsPixelFormat formats[] = { TS_PIXEL_RGB, TS_PIXEL_BGRX,
    TS_PIXEL_GRAY8, TS_PIXEL_NV12, TS_PIXEL_I420
  };
  g_autofree guint8 *pixels = g_malloc (4 * WIDTH * HEIGHT);
  guint i;

  for (i = 0; i < 4 * WIDTH * HEIGHT; i++)
    pixels[i] = i * 2654435761u >> 24;
  for (i = 0; i < G_N_ELEMENTS (formats); i++)
    check_view (formats[i], pixels);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/roi/places", test_places);
  g_test_add_func ("/roi/errors", test_errors);
  g_test_add_func ("/roi/views", test_views);
  return g_test_run ();
}
