/* test_overlayblend.c - blending against a computation in floating point
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reference works on single pixels, straight from the definitions: "over"
 * by Porter and Duff, Y'CbCr by ITU-R BT.601 and BT.709.
 */
#include <math.h>
#include <string.h>

#include "overlayblend.h"

#define MAX_BYTES 8192
#define STRIDE_PADDING 5

typedef struct
{
  const gchar *name;
  TsOverlayLayout layout;
  gint pixel_size, r, g, b, alpha;
  gdouble kr, kb;
  gboolean full_range;
} Format;

static const Format formats[] = {
  {"rgb", TS_OVERLAY_PACKED, 3, 0, 1, 2, -1, 0, 0, FALSE},
  {"bgr", TS_OVERLAY_PACKED, 3, 2, 1, 0, -1, 0, 0, FALSE},
  {"xrgb", TS_OVERLAY_PACKED, 4, 1, 2, 3, -1, 0, 0, FALSE},
  {"bgrx", TS_OVERLAY_PACKED, 4, 2, 1, 0, -1, 0, 0, FALSE},
  {"rgba", TS_OVERLAY_PACKED, 4, 0, 1, 2, 3, 0, 0, FALSE},
  {"abgr", TS_OVERLAY_PACKED, 4, 3, 2, 1, 0, 0, 0, FALSE},
  {"gray", TS_OVERLAY_GRAY, 1, 0, 0, 0, -1, 0.299, 0.114, TRUE},
  {"nv12-bt709", TS_OVERLAY_NV12, 1, 0, 0, 0, -1, 0.2126, 0.0722, FALSE},
  {"i420-bt601", TS_OVERLAY_I420, 1, 0, 0, 0, -1, 0.299, 0.114, FALSE},
  {"i420-bt601-full", TS_OVERLAY_I420, 1, 0, 0, 0, -1, 0.299, 0.114, TRUE},
};

typedef struct
{
  TsOverlayFrame frame;
  guint8 before[3][MAX_BYTES], after[3][MAX_BYTES];
} Picture;

static gint
n_planes (TsOverlayLayout layout)
{
  return layout == TS_OVERLAY_I420 ? 3 : layout == TS_OVERLAY_NV12 ? 2 : 1;
}

static void
fill_picture (Picture * p, const Format * f, gint width, gint height)
{
  gint i, j;

  memset (&p->frame, 0, sizeof (p->frame));
  p->frame.layout = f->layout;
  p->frame.width = width;
  p->frame.height = height;
  p->frame.pixel_size = f->pixel_size;
  p->frame.r = f->r;
  p->frame.g = f->g;
  p->frame.b = f->b;
  p->frame.alpha = f->alpha;
  p->frame.kr = f->kr;
  p->frame.kb = f->kb;
  p->frame.full_range = f->full_range;
  for (i = 0; i < 3; i++) {
    p->frame.plane[i] = p->after[i];
    p->frame.stride[i] = width * f->pixel_size + 1 + STRIDE_PADDING;
    for (j = 0; j < MAX_BYTES; j++)
      p->before[i][j] = g_random_int_range (0, 256);
    /* Opaque and clear pixels take paths of their own. */
    if (f->alpha >= 0)
      for (j = 0; j < height * p->frame.stride[i]; j++)
        if (g_random_boolean ())
          p->before[i][j] = g_random_boolean ()? 255 : 0;
    memcpy (p->after[i], p->before[i], MAX_BYTES);
  }
}

static guint32
random_pixel (void)
{
  gint kind = g_random_int_range (0, 3);
  guint32 a = kind == 0 ? 0 : kind == 1 ? 255 : g_random_int_range (1, 255);

  return a << 24 | (guint32) g_random_int_range (0, a + 1) << 16
      | (guint32) g_random_int_range (0, a + 1) << 8
      | (guint32) g_random_int_range (0, a + 1);
}

/* A tile of clear, opaque and translucent pixels, premultiplied; every other
 * one has runs of one colour, as lines do. */
static TsOverlayTile
random_tile (guint32 * pixels, gint x, gint y, gint width, gint height)
{
  TsOverlayTile tile = { x, y, width, height, (guint8 *) pixels, width * 4 };
  gint run = g_random_boolean ()? 1 : 7;
  gint i;

  for (i = 0; i < width * height; i++) {
    gint column = i % width, row = i / width;

    if (column % run == 0 && row % run == 0)
      pixels[i] = random_pixel ();
    else
      pixels[i] = pixels[row / run * run * width + column / run * run];
  }
  return tile;
}

/* A tile's pixel at a place of the frame, 0..1: r, g, b (premultiplied), a. */
static gboolean
get_source (const TsOverlayTile * tile, gint x, gint y, gdouble s[4])
{
  guint32 p = 0;

  x -= tile->x;
  y -= tile->y;
  if (x >= 0 && y >= 0 && x < tile->width && y < tile->height)
    p = ((const guint32 *) tile->data)[y * tile->width + x];
  s[0] = (p >> 16 & 0xff) / 255.0;
  s[1] = (p >> 8 & 0xff) / 255.0;
  s[2] = (p & 0xff) / 255.0;
  s[3] = (p >> 24) / 255.0;
  return p != 0;
}

/* Y', Cb, Cr as 8-bit code values of a straight colour. */
static void
to_ycbcr (const TsOverlayFrame * f, const gdouble rgb[3], gdouble ycbcr[3])
{
  gdouble y = f->kr * rgb[0] + (1 - f->kr - f->kb) * rgb[1] + f->kb * rgb[2];
  gdouble cb = (rgb[2] - y) / (2 * (1 - f->kb));
  gdouble cr = (rgb[0] - y) / (2 * (1 - f->kr));

  ycbcr[0] = f->full_range ? 255 * y : 16 + 219 * y;
  ycbcr[1] = 128 + (f->full_range ? 255 : 224) * cb;
  ycbcr[2] = 128 + (f->full_range ? 255 : 224) * cr;
}

static void
check_value (guint8 found, gdouble expected)
{
  expected = CLAMP (expected, 0, 255);
  /* The nearest integer, but for what the fixed point loses at a tie. */
  g_assert_cmpfloat (fabs (found - expected), <=, 0.52);
}

static void
check_packed_pixel (const Picture * p, gint x, gint y, const gdouble s[4])
{
  const TsOverlayFrame *f = &p->frame;
  gsize at = (gsize) y * f->stride[0] + x * f->pixel_size;
  const guint8 *before = p->before[0] + at, *after = p->after[0] + at;
  const gint channel[3] = { f->r, f->g, f->b };
  gdouble da = f->alpha >= 0 ? before[f->alpha] / 255.0 : 1.0;
  gdouble out = s[3] + da * (1 - s[3]);
  gint i;

  for (i = 0; i < 3; i++)
    check_value (after[channel[i]],
        (s[i] * 255 + before[channel[i]] * da * (1 - s[3])) / out);
  if (f->alpha >= 0)
    check_value (after[f->alpha], out * 255);
  else if (f->pixel_size == 4)
    g_assert_cmpint (after[6 - f->r - f->g - f->b], ==,
        before[6 - f->r - f->g - f->b]);
}

static void
check_luma_pixel (const Picture * p, gint x, gint y, const gdouble s[4])
{
  gsize at = (gsize) y * p->frame.stride[0] + x;
  gdouble straight[3] = { s[0] / s[3], s[1] / s[3], s[2] / s[3] };
  gdouble ycbcr[3];

  to_ycbcr (&p->frame, straight, ycbcr);
  check_value (p->after[0][at],
      ycbcr[0] * s[3] + p->before[0][at] * (1 - s[3]));
}

static void
check_pixels (const Picture * p, const TsOverlayTile * tile)
{
  const TsOverlayFrame *f = &p->frame;
  gint x, y;
  gdouble s[4];

  for (y = 0; y < f->height; y++) {
    for (x = 0; x < f->width; x++) {
      gsize at = (gsize) y * f->stride[0] + x * f->pixel_size;

      if (!get_source (tile, x, y, s))
        g_assert_cmpmem (p->after[0] + at, f->pixel_size, p->before[0] + at,
            f->pixel_size);
      else if (f->layout == TS_OVERLAY_PACKED)
        check_packed_pixel (p, x, y, s);
      else
        check_luma_pixel (p, x, y, s);
    }
  }
}

/* Adds up what the pixels of one chroma sample become. */
static gboolean
get_chroma (const Picture * p, const TsOverlayTile * tile, gint cx, gint cy,
    const gdouble before[2], gdouble mean[2])
{
  gboolean touched = FALSE;
  gint x, y, n = 0;
  gdouble s[4];

  mean[0] = mean[1] = 0;
  for (y = 2 * cy; y < MIN (2 * cy + 2, p->frame.height); y++) {
    for (x = 2 * cx; x < MIN (2 * cx + 2, p->frame.width); x++, n++) {
      gdouble ycbcr[3] = { 0, 0, 0 };

      if (get_source (tile, x, y, s)) {
        gdouble straight[3] = { s[0] / s[3], s[1] / s[3], s[2] / s[3] };
        to_ycbcr (&p->frame, straight, ycbcr);
        touched = TRUE;
      }
      mean[0] += ycbcr[1] * s[3] + before[0] * (1 - s[3]);
      mean[1] += ycbcr[2] * s[3] + before[1] * (1 - s[3]);
    }
  }
  mean[0] /= n;
  mean[1] /= n;
  return touched;
}

static void
check_chroma (const Picture * p, const TsOverlayTile * tile)
{
  const TsOverlayFrame *f = &p->frame;
  gboolean nv12 = f->layout == TS_OVERLAY_NV12;
  gint cx, cy;

  for (cy = 0; cy < (f->height + 1) / 2; cy++) {
    for (cx = 0; cx < (f->width + 1) / 2; cx++) {
      gint v = nv12 ? 1 : 2;
      gsize at_u = cy * f->stride[1] + (nv12 ? 2 * cx : cx);
      gsize at_v = nv12 ? at_u + 1 : (gsize) (cy * f->stride[2] + cx);
      gdouble before[2] = { p->before[1][at_u], p->before[v][at_v] };
      gdouble expected[2];

      if (get_chroma (p, tile, cx, cy, before, expected)) {
        check_value (p->after[1][at_u], expected[0]);
        check_value (p->after[v][at_v], expected[1]);
      } else {
        g_assert_cmpint (p->after[1][at_u], ==, p->before[1][at_u]);
        g_assert_cmpint (p->after[v][at_v], ==, p->before[v][at_v]);
      }
    }
  }
}

/* The bytes behind a row's pixels belong to nobody. */
static void
check_padding (const Picture * p)
{
  const TsOverlayFrame *f = &p->frame;
  gint i, y;

  for (i = 0; i < n_planes (f->layout); i++) {
    gint rows = i == 0 ? f->height : (f->height + 1) / 2;
    gint used = i == 0 ? f->width * f->pixel_size :
        (f->width + 1) / 2 * (f->layout == TS_OVERLAY_NV12 ? 2 : 1);

    for (y = 0; y < rows; y++) {
      gsize at = y * f->stride[i] + used;
      g_assert_cmpmem (p->after[i] + at, f->stride[i] - used,
          p->before[i] + at, f->stride[i] - used);
    }
    g_assert_cmpmem (p->after[i] + rows * f->stride[i],
        MAX_BYTES - rows * f->stride[i], p->before[i] + rows * f->stride[i],
        MAX_BYTES - rows * f->stride[i]);
  }
}

static void
check_blend (Picture * p, const TsOverlayTile * tile)
{
  ts_overlay_blend (&p->frame, tile);
  check_pixels (p, tile);
  if (n_planes (p->frame.layout) > 1)
    check_chroma (p, tile);
  check_padding (p);
}

static void
test_format (gconstpointer data)
{
  static const gint sizes[][2] = { {1, 1}, {2, 2}, {17, 13}, {40, 30}, {1, 9} };
  const Format *f = data;
  g_autofree Picture *p = g_new (Picture, 1);
  guint32 pixels[24 * 24];
  guint i, round;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    for (round = 0; round < 20; round++) {
      /* Inside, across every border and outside. */
      TsOverlayTile tile = random_tile (pixels,
          g_random_int_range (-26, sizes[i][0] + 3),
          g_random_int_range (-26, sizes[i][1] + 3),
          g_random_int_range (1, 25), g_random_int_range (1, 25));

      fill_picture (p, f, sizes[i][0], sizes[i][1]);
      check_blend (p, &tile);
    }
  }
}

/* Both ends of the range, where rounding would overflow a byte. */
static void
test_extremes (gconstpointer data)
{
  static const guint32 colors[] = { 0xff000000, 0xffffffff, 0xffff0000,
    0xff00ff00, 0xff0000ff, 0xfeffffff & 0xfefefefe, 0x01010101, 0x80808080
  };
  const Format *f = data;
  g_autofree Picture *p = g_new (Picture, 1);
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (colors); i++) {
    const TsOverlayTile tile = { 0, 0, 1, 1, (const guint8 *) &colors[i], 4 };

    for (j = 0; j < 2; j++) {
      fill_picture (p, f, 1, 1);
      memset (p->before, j * 255, sizeof (p->before));
      memset (p->after, j * 255, sizeof (p->after));
      check_blend (p, &tile);
    }
  }
}

int
main (int argc, char **argv)
{
  guint i;

  g_test_init (&argc, &argv, NULL);
  for (i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autofree gchar *random = g_strdup_printf ("/blend/%s/random",
        formats[i].name);
    g_autofree gchar *extreme = g_strdup_printf ("/blend/%s/extreme",
        formats[i].name);

    g_test_add_data_func (random, &formats[i], test_format);
    g_test_add_data_func (extreme, &formats[i], test_extremes);
  }
  return g_test_run ();
}
