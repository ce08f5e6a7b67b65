/* test_detectionoverlay.c - the element: what it draws, and what it leaves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <math.h>

#include "torchscript.h"

static const gchar *formats[] = { "RGB", "BGR", "RGBx", "BGRx", "xRGB", "xBGR",
  "RGBA", "BGRA", "ARGB", "ABGR", "NV12", "I420", "GRAY8"
};

/* Class 0 is red, class 1 blue; see overlaystyle.c. */
static const GstTorchscriptDetection two[] = {
  {21, 31, 61, 81, 0.9f, 0, "title"},
  {70, 40, 120, 90, 0.4f, 1, "plain text"},
};

static GstHarness *
new_harness (const gchar * format, gint width, gint height)
{
  GstHarness *h = gst_harness_new ("detectionoverlay");
  g_autofree gchar *caps = g_strdup_printf ("video/x-raw,format=%s,width=%d,"
      "height=%d,framerate=0/1", format, width, height);

  gst_harness_set_src_caps_str (h, caps);
  return h;
}

static void
get_info (GstHarness * h, GstVideoInfo * info)
{
  GstCaps *caps = gst_pad_get_current_caps (h->srcpad);

  fail_unless (gst_video_info_from_caps (info, caps));
  gst_caps_unref (caps);
}

static GstBuffer *
new_frame (GstHarness * h, const GstTorchscriptDetection * d, guint n)
{
  GstVideoInfo info;
  GstBuffer *buffer;
  GstMapInfo map;
  gsize i;

  get_info (h, &info);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (i = 0; i < map.size; i++)
    map.data[i] = 200 + i % 50;
  gst_buffer_unmap (buffer, &map);
  if (d != NULL)
    gst_buffer_add_torchscript_detection_meta (buffer, "m", info.width,
        info.height, 0, d, n);
  return buffer;
}

/* Whether any component of the pixel differs between the two frames. */
static gboolean
pixel_differs (GstVideoFrame * a, GstVideoFrame * b, gint x, gint y)
{
  guint c;

  for (c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (a); c++) {
    const GstVideoFormatInfo *f = a->info.finfo;
    gsize at = (gsize) (y >> f->h_sub[c]) * GST_VIDEO_FRAME_COMP_STRIDE (a, c)
        + (gsize) (x >> f->w_sub[c]) * GST_VIDEO_FRAME_COMP_PSTRIDE (a, c);
    if (GST_VIDEO_FRAME_COMP_DATA (a, c)[at]
        != GST_VIDEO_FRAME_COMP_DATA (b, c)[at])
      return TRUE;
  }
  return FALSE;
}

/* Lines of width 1 round the two boxes. */
static gboolean
on_lines (gint x, gint y)
{
  guint i;

  for (i = 0; i < 2; i++) {
    gint x1 = two[i].x1, y1 = two[i].y1, x2 = two[i].x2, y2 = two[i].y2;

    if (x >= x1 && x < x2 && y >= y1 && y < y2
        && (x == x1 || x == x2 - 1 || y == y1 || y == y2 - 1))
      return TRUE;
  }
  return FALSE;
}

/* A pixel may change if it, or one it shares chroma with, is on a line. */
static gboolean
near_lines (gint x, gint y, gboolean subsampled)
{
  gint i;

  if (!subsampled)
    return on_lines (x, y);
  for (i = 0; i < 4; i++)
    if (on_lines ((x & ~1) + i % 2, (y & ~1) + i / 2))
      return TRUE;
  return FALSE;
}

static void
check_lines_only (GstHarness * h, GstBuffer * before, GstBuffer * after,
    const gchar * format)
{
  GstVideoInfo info;
  GstVideoFrame a, b;
  gint x, y;

  get_info (h, &info);
  fail_unless (gst_video_frame_map (&a, &info, before, GST_MAP_READ));
  fail_unless (gst_video_frame_map (&b, &info, after, GST_MAP_READ));
  for (y = 0; y < info.height; y++) {
    for (x = 0; x < info.width; x++) {
      gboolean differs = pixel_differs (&a, &b, x, y);

      if (on_lines (x, y))
        fail_unless (differs, "%s: nothing drawn at %d,%d", format, x, y);
      else if (!near_lines (x, y, info.finfo->w_sub[1] > 0))
        fail_if (differs, "%s: changed at %d,%d", format, x, y);
    }
  }
  gst_video_frame_unmap (&a);
  gst_video_frame_unmap (&b);
}

GST_START_TEST (test_draws_lines_and_nothing_else)
{
  static const gint sizes[][2] = { {160, 100}, {161, 99}, {120, 90} };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (formats); i++) {
    for (j = 0; j < G_N_ELEMENTS (sizes); j++) {
      GstHarness *h = new_harness (formats[i], sizes[j][0], sizes[j][1]);
      GstBuffer *in = new_frame (h, two, 2), *before, *out;

      g_object_set (h->element, "line-width", 1, "show-labels", FALSE,
          "show-scores", FALSE, NULL);
      before = gst_buffer_copy_deep (in);
      out = gst_harness_push_and_pull (h, in);
      fail_unless (out == in);
      check_lines_only (h, before, out, formats[i]);
      gst_buffer_unref (before);
      gst_buffer_unref (out);
      gst_harness_teardown (h);
    }
  }
}

GST_END_TEST;

static void
get_pixel (GstHarness * h, GstBuffer * buffer, gint x, gint y, gint value[4])
{
  GstVideoInfo info;
  GstVideoFrame f;
  guint c;

  get_info (h, &info);
  fail_unless (gst_video_frame_map (&f, &info, buffer, GST_MAP_READ));
  for (c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (&f); c++)
    value[c] = (GST_VIDEO_FRAME_COMP_DATA (&f, c))[
        (y >> info.finfo->h_sub[c]) * GST_VIDEO_FRAME_COMP_STRIDE (&f, c)
        + (x >> info.finfo->w_sub[c]) * GST_VIDEO_FRAME_COMP_PSTRIDE (&f, c)];
  gst_video_frame_unmap (&f);
}

/* Draws and gives the pixel in the middle of the first box's top line. */
static void
draw_and_get (const gchar * caps, gint value[4])
{
  GstHarness *h = gst_harness_new ("detectionoverlay");
  GstBuffer *out;

  gst_harness_set_src_caps_str (h, caps);
  g_object_set (h->element, "line-width", 4, "show-labels", FALSE,
      "show-scores", FALSE, NULL);
  out = gst_harness_push_and_pull (h, new_frame (h, two, 2));
  get_pixel (h, out, 40, 31, value);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

#define SIZE ",width=160,height=100,framerate=0/1"

/* #d62728 by ITU-R BT.601 is 94.53 102.50 204.79, by BT.709 81.51 110.83 204.82,
 * and its full-range luma by BT.601 91.44. */
GST_START_TEST (test_colours)
{
  gint v[4];

  draw_and_get ("video/x-raw,format=RGB" SIZE, v);
  fail_unless (v[0] == 0xd6 && v[1] == 0x27 && v[2] == 0x28);
  draw_and_get ("video/x-raw,format=ABGR" SIZE, v);
  fail_unless (v[0] == 0xd6 && v[1] == 0x27 && v[2] == 0x28);
  draw_and_get ("video/x-raw,format=I420,colorimetry=bt601" SIZE, v);
  fail_unless (v[0] == 95 && v[1] == 103 && v[2] == 205, "%d %d %d", v[0],
      v[1], v[2]);
  draw_and_get ("video/x-raw,format=NV12,colorimetry=bt709" SIZE, v);
  fail_unless (v[0] == 82 && v[1] == 111 && v[2] == 205, "%d %d %d", v[0],
      v[1], v[2]);
  draw_and_get ("video/x-raw,format=GRAY8" SIZE, v);
  fail_unless_equals_int (v[0], 91);
}

GST_END_TEST;

GST_START_TEST (test_nothing_to_draw_costs_nothing)
{
  GstHarness *h = new_harness ("RGB", 160, 100);
  GstBuffer *plain = new_frame (h, NULL, 0), *empty = new_frame (h, two, 0);
  GstBuffer *hidden = new_frame (h, two, 2);
  /* A shared buffer would be copied if anything were drawn. */
  GstBuffer *buffers[] = { plain, empty, hidden };
  guint i;

  g_object_set (h->element, "min-score", 0.95, NULL);
  for (i = 0; i < G_N_ELEMENTS (buffers); i++) {
    GstBuffer *out = gst_harness_push_and_pull (h,
        gst_buffer_ref (buffers[i]));

    fail_unless (out == buffers[i]);
    gst_buffer_unref (out);
    gst_buffer_unref (buffers[i]);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_shared_frame_is_not_touched)
{
  GstHarness *h = new_harness ("NV12", 160, 100);
  GstBuffer *in = new_frame (h, two, 2);
  GstBuffer *before = gst_buffer_copy_deep (in), *out;
  GstMapInfo map;

  out = gst_harness_push_and_pull (h, gst_buffer_ref (in));
  fail_unless (out != in);
  fail_unless (gst_buffer_get_torchscript_detection_meta (out) != NULL);
  gst_buffer_map (before, &map, GST_MAP_READ);
  fail_unless (gst_buffer_memcmp (in, 0, map.data, map.size) == 0);
  fail_unless (gst_buffer_memcmp (out, 0, map.data, map.size) != 0);
  gst_buffer_unmap (before, &map);
  gst_buffer_unref (before);
  gst_buffer_unref (in);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Which of the two boxes of a frame were drawn, as bits. */
static guint
drawn_boxes (GstHarness * h)
{
  GstBuffer *in = new_frame (h, two, 2), *before = gst_buffer_copy_deep (in);
  GstBuffer *out = gst_harness_push_and_pull (h, in);
  guint drawn = 0, i;

  for (i = 0; i < 2; i++) {
    gint a[4] = { 0 }, b[4] = { 0 };

    get_pixel (h, before, two[i].x2 - 1, two[i].y2 - 1, a);
    get_pixel (h, out, two[i].x2 - 1, two[i].y2 - 1, b);
    if (memcmp (a, b, sizeof (a)) != 0)
      drawn |= 1 << i;
  }
  gst_buffer_unref (before);
  gst_buffer_unref (out);
  return drawn;
}

GST_START_TEST (test_choice_changes_while_playing)
{
  GstHarness *h = new_harness ("RGB", 160, 100);

  fail_unless_equals_int (drawn_boxes (h), 3);
  g_object_set (h->element, "classes", "title", NULL);
  fail_unless_equals_int (drawn_boxes (h), 1);
  g_object_set (h->element, "classes", " table ,, plain text", NULL);
  fail_unless_equals_int (drawn_boxes (h), 2);
  g_object_set (h->element, "classes", "0,1", NULL);
  fail_unless_equals_int (drawn_boxes (h), 3);
  g_object_set (h->element, "classes", "7", NULL);
  fail_unless_equals_int (drawn_boxes (h), 0);
  g_object_set (h->element, "classes", " , ", NULL);
  fail_unless_equals_int (drawn_boxes (h), 3);
  g_object_set (h->element, "classes", NULL, "min-score", 0.5, NULL);
  fail_unless_equals_int (drawn_boxes (h), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* How many pixels change under these settings. */
static guint
count_changed (GstHarness * h)
{
  GstBuffer *in = new_frame (h, two, 1), *before = gst_buffer_copy_deep (in);
  GstBuffer *out = gst_harness_push_and_pull (h, in);
  guint n = 0;
  GstMapInfo a, b;
  gsize i;

  gst_buffer_map (before, &a, GST_MAP_READ);
  gst_buffer_map (out, &b, GST_MAP_READ);
  for (i = 0; i < a.size; i++)
    n += a.data[i] != b.data[i];
  gst_buffer_unmap (before, &a);
  gst_buffer_unmap (out, &b);
  gst_buffer_unref (before);
  gst_buffer_unref (out);
  return n;
}

GST_START_TEST (test_style_changes_while_playing)
{
  GstHarness *h = new_harness ("GRAY8", 160, 100);
  guint bare, score, both;

  g_object_set (h->element, "line-width", 1, "show-labels", FALSE,
      "show-scores", FALSE, NULL);
  bare = count_changed (h);
  fail_unless_equals_int (bare, 2 * (40 + 50) - 4);
  g_object_set (h->element, "line-width", 2, NULL);
  fail_unless_equals_int (count_changed (h), 2 * 2 * (42 + 52) - 16);
  g_object_set (h->element, "line-width", 1, "show-scores", TRUE, NULL);
  score = count_changed (h);
  fail_unless (score > bare);
  g_object_set (h->element, "show-labels", TRUE, NULL);
  both = count_changed (h);
  fail_unless (both > score);
  g_object_set (h->element, "font-size", 16, NULL);
  fail_unless (count_changed (h) > both);
  g_object_set (h->element, "fill-opacity", 0.5, NULL);
  fail_unless (count_changed (h) >= 40 * 50);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_frame_of_another_size_is_left_alone)
{
  GstHarness *h = new_harness ("RGB", 160, 100);
  GstBuffer *in = new_frame (h, NULL, 0), *out;

  gst_buffer_add_torchscript_detection_meta (in, "m", 320, 200, 0, two, 2);
  out = gst_harness_push_and_pull (h, gst_buffer_ref (in));
  fail_unless (out == in);
  gst_buffer_unref (in);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_several_models)
{
  GstHarness *h = new_harness ("RGB", 160, 100);
  GstBuffer *in = new_frame (h, &two[0], 1), *before, *out;

  gst_buffer_add_torchscript_detection_meta (in, "n", 160, 100, 0, &two[1], 1);
  g_object_set (h->element, "line-width", 1, "show-labels", FALSE,
      "show-scores", FALSE, NULL);
  before = gst_buffer_copy_deep (in);
  out = gst_harness_push_and_pull (h, in);
  check_lines_only (h, before, out, "RGB");
  gst_buffer_unref (before);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_odd_boxes_and_frames)
{
  static const GstTorchscriptDetection odd[] = {
    {-50, -50, 500, 500, 1, 3, "all round"},
    {0, 0, 0, 0, 1, 4, NULL},
    {1e9f, 1e9f, 2e9f, 2e9f, 1, 5, "far away"},
    {-5, 0, 3, 3, 1, -7, "\xff not UTF-8"},
  };
  static const gint sizes[][2] = { {1, 1}, {1, 301}, {301, 1}, {3, 3},
  {40000, 2}
  };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (formats); i++) {
    for (j = 0; j < G_N_ELEMENTS (sizes); j++) {
      GstHarness *h = new_harness (formats[i], sizes[j][0], sizes[j][1]);

      gst_buffer_unref (gst_harness_push_and_pull (h,
              new_frame (h, odd, G_N_ELEMENTS (odd))));
      gst_harness_teardown (h);
    }
  }
}

GST_END_TEST;

/* Strides of a video meta count, not those of the caps. */
GST_START_TEST (test_foreign_strides)
{
  GstHarness *h = new_harness ("GRAY8", 160, 100);
  gsize offset[GST_VIDEO_MAX_PLANES] = { 16 };
  gint stride[GST_VIDEO_MAX_PLANES] = { 200 };
  GstBuffer *in = gst_buffer_new_allocate (NULL, 16 + 200 * 100, NULL), *out;
  GstMapInfo map;

  gst_buffer_memset (in, 0, 17, 16 + 200 * 100);
  gst_buffer_add_video_meta_full (in, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_GRAY8, 160, 100, 1, offset, stride);
  gst_buffer_add_torchscript_detection_meta (in, "m", 160, 100, 0, two, 1);
  g_object_set (h->element, "line-width", 1, "show-labels", FALSE,
      "show-scores", FALSE, NULL);
  out = gst_harness_push_and_pull (h, in);
  gst_buffer_map (out, &map, GST_MAP_READ);
  fail_unless (map.data[16 + 31 * 200 + 21] != 17);
  fail_unless (map.data[16 + 31 * 200 + 20] == 17);
  fail_unless (map.data[16 + 80 * 200 + 60] != 17);
  fail_unless (map.data[16 + 80 * 200 + 61] == 17);
  gst_buffer_unmap (out, &map);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_short_buffer_is_an_error)
{
  GstHarness *h = new_harness ("RGB", 160, 100);
  GstBuffer *in = gst_buffer_new_allocate (NULL, 100, NULL);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GError *error = NULL;

  gst_element_set_bus (h->element, bus);
  gst_buffer_add_torchscript_detection_meta (in, "m", 160, 100, 0, two, 1);
  fail_unless_equals_int (gst_harness_push (h, in), GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_WRITE));
  fail_unless (strstr (error->message, "160x100") != NULL, "%s",
      error->message);
  fail_unless (strstr (error->message, "100 bytes") != NULL);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_properties_round_trip)
{
  GstElement *e = gst_element_factory_make ("detectionoverlay", NULL);
  gint line_width, font_size;
  gboolean labels, scores;
  gchar *font, *classes;
  gdouble min_score, opacity;

  g_object_set (e, "line-width", 5, "font-size", 33, "show-labels", FALSE,
      "show-scores", FALSE, "font", "Mono Bold", "classes", "a,b",
      "min-score", 0.25, "fill-opacity", 0.75, NULL);
  g_object_get (e, "line-width", &line_width, "font-size", &font_size,
      "show-labels", &labels, "show-scores", &scores, "font", &font,
      "classes", &classes, "min-score", &min_score, "fill-opacity", &opacity,
      NULL);
  fail_unless (line_width == 5 && font_size == 33 && !labels && !scores
      && min_score == 0.25 && opacity == 0.75);
  fail_unless_equals_string (font, "Mono Bold");
  fail_unless_equals_string (classes, "a,b");
  g_free (font);
  g_free (classes);
  g_object_set (e, "font", NULL, "classes", NULL, NULL);
  g_object_get (e, "font", &font, "classes", &classes, NULL);
  fail_unless_equals_string (font, "Sans");
  fail_unless (classes == NULL);
  g_free (font);
  gst_object_unref (e);
}

GST_END_TEST;

/* What the documentation of a property calls its default is what a new element
 * has; every one of ours can be changed while playing. */
GST_START_TEST (test_defaults)
{
  GstElement *e = gst_element_factory_make ("detectionoverlay", NULL);
  GParamSpec **specs;
  guint n, i;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (e), &n);
  for (i = 0; i < n; i++) {
    GValue value = G_VALUE_INIT;

    if (specs[i]->owner_type != G_OBJECT_TYPE (e))
      continue;
    fail_unless (specs[i]->flags & GST_PARAM_MUTABLE_PLAYING);
    g_value_init (&value, specs[i]->value_type);
    g_object_get_property (G_OBJECT (e), specs[i]->name, &value);
    fail_unless (g_param_value_defaults (specs[i], &value), "%s",
        specs[i]->name);
    g_value_unset (&value);
  }
  g_free (specs);
  gst_object_unref (e);
}

GST_END_TEST;

GST_START_TEST (test_starts_again)
{
  GstHarness *h = new_harness ("RGB", 160, 100);
  guint i;

  for (i = 0; i < 20; i++) {
    fail_unless_equals_int (drawn_boxes (h), 3);
    gst_element_set_state (h->element, GST_STATE_READY);
    gst_element_set_state (h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str (h,
        "video/x-raw,format=RGB,width=160,height=100,framerate=0/1");
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
detectionoverlay_suite (void)
{
  Suite *s = suite_create ("detectionoverlay");
  TCase *tc = tcase_create ("overlay");

  suite_add_tcase (s, tc);
  /* Each assertion is a message to the process that watches. */
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_draws_lines_and_nothing_else);
  tcase_add_test (tc, test_colours);
  tcase_add_test (tc, test_nothing_to_draw_costs_nothing);
  tcase_add_test (tc, test_shared_frame_is_not_touched);
  tcase_add_test (tc, test_choice_changes_while_playing);
  tcase_add_test (tc, test_style_changes_while_playing);
  tcase_add_test (tc, test_frame_of_another_size_is_left_alone);
  tcase_add_test (tc, test_several_models);
  tcase_add_test (tc, test_odd_boxes_and_frames);
  tcase_add_test (tc, test_foreign_strides);
  tcase_add_test (tc, test_short_buffer_is_an_error);
  tcase_add_test (tc, test_properties_round_trip);
  tcase_add_test (tc, test_defaults);
  tcase_add_test (tc, test_starts_again);
  return s;
}

GST_CHECK_MAIN (detectionoverlay);
