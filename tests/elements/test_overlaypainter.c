/* test_overlaypainter.c - where lines and labels land, and in which colours
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include "overlaypainter.h"

#define MAX_SIDE 64

/* A picture of the frame: how the tiles add up, and how often each pixel (and
 * each cell of 2x2 pixels) was part of a tile. */
typedef struct
{
  guint32 pixels[MAX_SIDE][MAX_SIDE];
  guint8 cells[MAX_SIDE / 2][MAX_SIDE / 2];
  gint n_tiles;
  TsOverlayTile last;
  gint width, height;
} Canvas;

static void
collect (const TsOverlayTile * tile, gpointer user_data)
{
  Canvas *c = user_data;
  guint8 seen[MAX_SIDE / 2][MAX_SIDE / 2] = { 0 };
  gint x, y;

  c->n_tiles++;
  c->last = *tile;
  for (y = 0; y < tile->height; y++) {
    for (x = 0; x < tile->width; x++) {
      gint fx = x + tile->x, fy = y + tile->y;
      guint32 p =
          ((const guint32 *) (tile->data + (gsize) y * tile->stride))[x];

      if (fx < 0 || fy < 0 || fx >= c->width || fy >= c->height)
        continue;
      if (p != 0)
        c->pixels[fy][fx] = p;
      if (!seen[fy / 2][fx / 2]++)
        c->cells[fy / 2][fx / 2]++;
    }
  }
}

static TsOverlayPainter *
new_painter (gint line_width, gdouble fill, gint width, gint height)
{
  TsOverlayPainter *painter = ts_overlay_painter_new ();
  const TsOverlayStyle style = { line_width, "Sans", 8, fill };

  ts_overlay_painter_set_style (painter, &style, width, height);
  return painter;
}

/* The expected outline, written as a condition on one pixel. */
static gboolean
on_line (gint v, gint w, const gint outer[4], gint line_width)
{
  gint left = v - outer[0], top = w - outer[1];
  gint right = outer[2] - 1 - v, bottom = outer[3] - 1 - w;

  if (left < 0 || top < 0 || right < 0 || bottom < 0)
    return FALSE;
  return MIN (MIN (left, right), MIN (top, bottom)) < line_width;
}

static void
check_outline (const TsOverlayBox * box, gint line_width, const gint outer[4],
    gint width, gint height)
{
  g_autoptr (TsOverlayPainter) painter =
      new_painter (line_width, 0, width, height);
  g_autofree Canvas *c = g_new0 (Canvas, 1);
  gint x, y;

  c->width = width;
  c->height = height;
  ts_overlay_painter_draw_box (painter, box, collect, c);
  for (y = 0; y < MAX_SIDE; y++) {
    for (x = 0; x < MAX_SIDE; x++) {
      gboolean drawn = x < width && y < height
          && on_line (x, y, outer, line_width);

      g_assert_cmphex (c->pixels[y][x], ==, drawn ? 0xff102030 : 0);
      g_assert_cmpint (c->cells[y / 2][x / 2], <=, 1);
    }
  }
}

static const TsOverlayColor color = { 0x10, 0x20, 0x30 };

static void
test_outlines (void)
{
  static const struct
  {
    gdouble box[4];
    gint line_width;
    gint outer[4];
  } cases[] = {
    {{10, 12, 40, 50}, 1, {10, 12, 40, 50}},
    {{10, 12, 40, 50}, 2, {9, 11, 41, 51}},
    {{11, 13, 41, 51}, 3, {10, 12, 42, 52}},
    {{10.4, 12.6, 40.4, 50.5}, 1, {10, 13, 40, 51}},
    {{-20, -10, 30, 20}, 2, {-21, -11, 31, 21}},
    {{30, 30, 300, 4000}, 3, {29, 29, 301, 4001}},
    {{-1e30, 5, 1e30, 9}, 1, {-1000000, 5, 1000000, 9}},
    {{20, 20, 20, 20}, 1, {20, 20, 21, 21}},
    {{20, 20, 20, 20}, 4, {18, 18, 22, 22}},
    {{20, 20, 20, 40}, 2, {19, 19, 21, 41}},
    {{20, 20, 10, 10}, 2, {19, 19, 21, 21}},
    {{5, 5, 11, 11}, 9, {1, 1, 15, 15}},
    {{0, 0, 1, 1}, 1, {0, 0, 1, 1}},
    {{70, 5, 90, 20}, 2, {69, 4, 91, 21}},
  };
  static const gint sizes[][2] = { {64, 64}, {63, 61}, {1, 1}, {64, 1} };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    const gdouble *b = cases[i].box;
    const TsOverlayBox box = { b[0], b[1], b[2], b[3], color };

    for (j = 0; j < G_N_ELEMENTS (sizes); j++)
      check_outline (&box, cases[i].line_width, cases[i].outer, sizes[j][0],
          sizes[j][1]);
  }
}

static void
test_nothing_to_see (void)
{
  g_autoptr (TsOverlayPainter) painter = new_painter (1, 0, 64, 64);
  const TsOverlayBox boxes[] = {
    {NAN, 0, 10, 10, color}, {0, 0, 10, NAN, color},
    {100, 10, 120, 20, color}, {10, -40, 20, -30, color},
  };
  g_autofree Canvas *c = g_new0 (Canvas, 1);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (boxes); i++) {
    ts_overlay_painter_draw_box (painter, &boxes[i], collect, c);
    ts_overlay_painter_draw_label (painter, &boxes[i], "x", collect, c);
  }
  g_assert_cmpint (c->n_tiles, ==, 0);
}

/* The cost must follow the lines, not the box. */
static void
count_pixels (const TsOverlayTile * tile, gpointer n)
{
  *(gint64 *) n += (gint64) tile->width * tile->height;
}

static void
test_cost (void)
{
  g_autoptr (TsOverlayPainter) painter = new_painter (3, 0, 40000, 1080);
  const TsOverlayBox box = { 100, 100, 39000, 1000, color };
  gint64 n = 0;

  ts_overlay_painter_draw_box (painter, &box, count_pixels, &n);
  g_assert_cmpint (n, >=, 3 * 2 * (38900 + 900) - 36);
  g_assert_cmpint (n, <=, 5 * 2 * (38900 + 910));
}

static void
test_filling (void)
{
  g_autoptr (TsOverlayPainter) painter = new_painter (2, 0.5, 64, 64);
  const TsOverlayBox box = { 10, 10, 50, 50, {255, 0, 0} };
  g_autofree Canvas *c = g_new0 (Canvas, 1);
  guint32 inside;

  c->width = c->height = 64;
  ts_overlay_painter_draw_box (painter, &box, collect, c);
  inside = c->pixels[30][30];
  g_assert_cmpint (ABS ((gint) (inside >> 24) - 128), <=, 1);
  g_assert_cmpint (inside >> 16 & 0xff, ==, inside >> 24);
  g_assert_cmphex (c->pixels[9][30], ==, 0xffff0000);
  g_assert_cmphex (c->pixels[8][30], ==, 0);
}

static TsOverlayTile
draw_label (TsOverlayPainter * painter, gdouble x1, gdouble y1, gdouble x2,
    gdouble y2, const gchar * text)
{
  const TsOverlayBox box = { x1, y1, x2, y2, color };
  g_autofree Canvas *c = g_new0 (Canvas, 1);

  ts_overlay_painter_draw_label (painter, &box, text, collect, c);
  g_assert_cmpint (c->n_tiles, ==, 1);
  return c->last;
}

static void
test_label_places (void)
{
  g_autoptr (TsOverlayPainter) painter = new_painter (1, 0, 200, 100);
  TsOverlayTile t = draw_label (painter, 50, 50, 90, 90, "ab");

  g_assert_cmpint (t.x, ==, 50);
  g_assert_cmpint (t.y + t.height, ==, 50);

  t = draw_label (painter, 50, 2, 90, 90, "ab");
  g_assert_cmpint (t.y, ==, 2);

  t = draw_label (painter, -30, -30, 90, 90, "ab");
  g_assert_cmpint (t.x, ==, 0);
  g_assert_cmpint (t.y, ==, 0);

  t = draw_label (painter, 195, 50, 200, 90, "ab");
  g_assert_cmpint (t.x + t.width, ==, 200);

  t = draw_label (painter, 20, 50, 200, 90, "a label that is far longer than "
      "the whole frame is wide, so that it must be cut");
  g_assert_cmpint (t.x, ==, 0);
  g_assert_cmpint (t.width, <=, 200);
}

/* Pixels of an opaque tag that are not its ground. */
static gint
count_text_pixels (const TsOverlayTile * t)
{
  gint i, n_text = 0;

  for (i = 0; i < t->width * t->height; i++) {
    guint32 p = *(const guint32 *) (t->data + i / t->width * t->stride
        + i % t->width * 4);

    g_assert_cmphex (p >> 24, ==, 0xff);
    if (p != 0xff102030)
      n_text++;
  }
  return n_text;
}

static void
test_label_pixels (void)
{
  g_autoptr (TsOverlayPainter) painter = new_painter (1, 0, 200, 100);
  TsOverlayTile t = draw_label (painter, 50, 50, 90, 90, "HH");
  gint n_text = count_text_pixels (&t);

  g_assert_cmphex (*(const guint32 *) t.data, ==, 0xff102030);
  g_assert_cmpint (n_text, >, 10);
  g_assert_cmpint (n_text, <, t.width * t.height / 2);
}

/* Pango aligns a paragraph that begins in Hebrew or Arabic to the right of the
 * widest line allowed. */
static void
test_right_to_left_label (void)
{
  g_autoptr (TsOverlayPainter) painter = new_painter (1, 0, 200, 100);
  TsOverlayTile t = draw_label (painter, 50, 50, 90, 90,
      "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 0.50");

  g_assert_cmpint (t.width, <, 100);
  g_assert_cmpint (count_text_pixels (&t), >, 10);
}

static void
test_labels_are_kept (void)
{
  g_autoptr (TsOverlayPainter) painter = new_painter (1, 0, 200, 100);
  TsOverlayTile first = draw_label (painter, 50, 50, 90, 90, "ab");
  TsOverlayTile again = draw_label (painter, 20, 50, 90, 90, "ab");
  const TsOverlayStyle larger = { 1, "Sans", 20, 0 };
  gint i, height = first.height;

  g_assert_true (first.data == again.data);
  ts_overlay_painter_set_style (painter, &larger, 200, 100);
  again = draw_label (painter, 20, 50, 90, 90, "ab");
  g_assert_cmpint (again.height, >, height);

  for (i = 0; i < 2000; i++) {
    g_autofree gchar *text = g_strdup_printf ("%d", i);
    draw_label (painter, 20, 50, 90, 90, text);
  }
}

static void
test_odd_texts (void)
{
  g_autoptr (TsOverlayPainter) painter = new_painter (1, 0, 1, 1);

  draw_label (painter, 0, 0, 1, 1, "");
  draw_label (painter, 0, 0, 1, 1, "two\nlines");
  draw_label (painter, 0, 0, 1, 1, "not UTF-8: \xff\xfe");
  draw_label (painter, 0, 0, 1, 1, "\xe6\x96\x87\xe5\xad\x97");
}

static void
test_font_sizes (void)
{
  g_autoptr (TsOverlayPainter) painter = ts_overlay_painter_new ();
  const TsOverlayStyle by_property = { 1, "Sans 40", 10, 0 };
  const TsOverlayStyle by_name = { 1, "Sans 40px", 0, 0 };
  const TsOverlayStyle by_frame = { 1, "Sans", 0, 0 };
  gint small, large;

  ts_overlay_painter_set_style (painter, &by_property, 400, 400);
  small = draw_label (painter, 0, 0, 9, 9, "x").height;
  ts_overlay_painter_set_style (painter, &by_name, 400, 400);
  large = draw_label (painter, 0, 0, 9, 9, "x").height;
  g_assert_cmpint (small, <, 20);
  g_assert_cmpint (large, >=, 40);
  ts_overlay_painter_set_style (painter, &by_frame, 3600, 3600);
  g_assert_cmpint (draw_label (painter, 0, 0, 9, 9, "x").height, ==, large);
}

static void
test_default_sizes (void)
{
  g_assert_cmpint (ts_overlay_default_line_width (1920, 1080), ==, 3);
  g_assert_cmpint (ts_overlay_default_line_width (1, 1), ==, 1);
  g_assert_cmpint (ts_overlay_default_font_size (1920, 1080), ==, 17);
  g_assert_cmpint (ts_overlay_default_font_size (1, 1), ==, 8);
}

static gint
distance (TsOverlayColor a, TsOverlayColor b)
{
  return ABS (a.r - b.r) + ABS (a.g - b.g) + ABS (a.b - b.b);
}

static void
test_palette (void)
{
  gint i, j;

  for (i = 0; i < 10; i++)
    for (j = 0; j < i; j++)
      g_assert_cmpint (distance (ts_overlay_class_color (i),
              ts_overlay_class_color (j)), >, 60);
  for (i = 10; i < 110; i++)
    g_assert_cmpint (distance (ts_overlay_class_color (i),
            ts_overlay_class_color (i + 1)), >, 100);
  ts_overlay_class_color (G_MININT);
  ts_overlay_class_color (G_MAXINT);
}

/* Contrast as WCAG 2.1 defines it; 4.5 is its level AA. */
static void
test_text_is_readable (void)
{
  const TsOverlayColor yellow = { 255, 255, 0 }, navy = { 0, 0, 128 };
  const TsOverlayColor gray = { 117, 117, 117 }, light = { 118, 118, 118 };

  g_assert_cmpint (ts_overlay_text_color (yellow).r, ==, 0);
  g_assert_cmpint (ts_overlay_text_color (navy).r, ==, 255);
  /* Grey 117 has a contrast of 4.61 to white and 4.56 to black; 118 4.54 to
   * white and 4.62 to black. */
  g_assert_cmpint (ts_overlay_text_color (gray).r, ==, 255);
  g_assert_cmpint (ts_overlay_text_color (light).r, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/painter/outlines", test_outlines);
  g_test_add_func ("/painter/nothing-to-see", test_nothing_to_see);
  g_test_add_func ("/painter/cost", test_cost);
  g_test_add_func ("/painter/filling", test_filling);
  g_test_add_func ("/painter/label-places", test_label_places);
  g_test_add_func ("/painter/label-pixels", test_label_pixels);
  g_test_add_func ("/painter/right-to-left-label", test_right_to_left_label);
  g_test_add_func ("/painter/labels-are-kept", test_labels_are_kept);
  g_test_add_func ("/painter/odd-texts", test_odd_texts);
  g_test_add_func ("/painter/font-sizes", test_font_sizes);
  g_test_add_func ("/style/default-sizes", test_default_sizes);
  g_test_add_func ("/style/palette", test_palette);
  g_test_add_func ("/style/readable", test_text_is_readable);
  return g_test_run ();
}
