/* test_detectioncrop.c - the element: what it cuts out, and what it says of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <string.h>

#include "torchscript.h"

static const gchar *formats[] = { "RGB", "BGR", "RGBx", "BGRx", "xRGB", "xBGR",
  "RGBA", "BGRA", "ARGB", "ABGR", "NV12", "I420", "GRAY8"
};

static GstHarness *
new_harness (const gchar * options, const gchar * format, gint width,
    gint height)
{
  g_autofree gchar *launch = g_strdup_printf ("detectioncrop %s", options);
  g_autofree gchar *caps = g_strdup_printf ("video/x-raw,format=%s,width=%d,"
      "height=%d,framerate=25/1", format, width, height);
  GstHarness *h = gst_harness_new_parse (launch);

  gst_harness_set_src_caps_str (h, caps);
  return h;
}

static void
get_info (GstPad * pad, GstVideoInfo * info)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  fail_unless (gst_video_info_from_caps (info, caps));
}

/* Bytes that repeat nowhere near. */
static GstBuffer *
new_frame (GstHarness * h, const GstTorchscriptDetection * d, guint n)
{
  GstVideoInfo info;
  GstBuffer *buffer;
  GstMapInfo map;

  get_info (h->srcpad, &info);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < map.size; i++)
    map.data[i] = (guint8) ((i * 2654435761u) >> 16);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_add_torchscript_detection_meta (buffer, "m", info.width,
      info.height, 7, d, n);
  GST_BUFFER_PTS (buffer) = 40 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 5 * GST_MSECOND;
  return buffer;
}

static guint8
get_sample (const GstVideoFrame * frame, guint component, gint x, gint y)
{
  const GstVideoFormatInfo *f = frame->info.finfo;

  return GST_VIDEO_FRAME_COMP_DATA (frame, component)
      [(y >> f->h_sub[component]) *
      GST_VIDEO_FRAME_COMP_STRIDE (frame, component)
      + (x >> f->w_sub[component])
      * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component)];
}

static void
check_pixels (const GstVideoFrame * frame, const GstVideoFrame * crop, gint x0,
    gint y0)
{
  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (crop); y++)
    for (gint x = 0; x < GST_VIDEO_FRAME_WIDTH (crop); x++)
      for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (crop); c++)
        fail_unless_equals_int (get_sample (crop, c, x, y),
            get_sample (frame, c, x0 + x, y0 + y));
}

static const GstStructure *
get_place (GstBuffer * crop)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (crop,
      "GstTorchscriptCropMeta");

  fail_unless (meta != NULL);
  return gst_custom_meta_get_structure (meta);
}

static gint
get_int (GstBuffer * crop, const gchar * field)
{
  gint value;

  fail_unless (gst_structure_get_int (get_place (crop), field, &value));
  return value;
}

/* The crop has the place and the pixels of x, y, width, height. */
static void
check_crop (GstHarness * h, GstBuffer * frame, const gint place[4])
{
  GstBuffer *crop = gst_harness_pull (h);
  GstVideoInfo in, out;
  GstVideoFrame from, to;

  get_info (h->srcpad, &in);
  gst_video_info_set_format (&out, GST_VIDEO_INFO_FORMAT (&in), place[2],
      place[3]);
  fail_unless_equals_int (get_int (crop, "x"), place[0]);
  fail_unless_equals_int (get_int (crop, "y"), place[1]);
  fail_unless_equals_int (get_int (crop, "width"), place[2]);
  fail_unless_equals_int (get_int (crop, "height"), place[3]);
  fail_unless_equals_int (gst_buffer_get_size (crop), out.size);
  fail_unless (gst_video_frame_map (&from, &in, frame, GST_MAP_READ));
  fail_unless (gst_video_frame_map (&to, &out, crop, GST_MAP_READ));
  check_pixels (&from, &to, place[0], place[1]);
  gst_video_frame_unmap (&from);
  gst_video_frame_unmap (&to);
  gst_buffer_unref (crop);
}

/* The caps are those of the crop that came last. */
static void
check_caps (GstHarness * h, const gint place[4])
{
  GstVideoInfo in, out;

  get_info (h->srcpad, &in);
  get_info (h->sinkpad, &out);
  fail_unless_equals_int (out.width, place[2]);
  fail_unless_equals_int (out.height, place[3]);
  fail_unless_equals_int (out.fps_n, 0);
  fail_unless_equals_int (out.finfo->format, in.finfo->format);
}

/* Boxes within pixels, at the edges, over them, and a frame of odd size. */
GST_START_TEST (test_pixels_in_all_formats)
{
  static const GstTorchscriptDetection d[] = {
    {10.2f, 5.5f, 20.1f, 11, 0.9f, 0, "a"},
    {-4, -4, 9, 7, 0.8f, 0, "a"},
    {30, 21, 100, 100, 0.7f, 0, "a"},
  };
  static const gint packed[][4] = { {10, 5, 11, 6}, {0, 0, 9, 7},
  {30, 21, 11, 10}
  };
  static const gint subsampled[][4] = { {10, 4, 12, 8}, {0, 0, 10, 8},
  {30, 20, 11, 11}
  };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    gboolean chroma = g_str_equal (formats[i], "NV12")
        || g_str_equal (formats[i], "I420");
    GstHarness *h = new_harness ("", formats[i], 41, 31);
    GstBuffer *frame = new_frame (h, d, 3);

    gst_harness_push (h, gst_buffer_ref (frame));
    for (guint j = 0; j < 3; j++)
      check_crop (h, frame, chroma ? subsampled[j] : packed[j]);
    check_caps (h, chroma ? subsampled[2] : packed[2]);
    gst_buffer_unref (frame);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_margin)
{
  static const GstTorchscriptDetection d = { 10, 5, 20, 15, 0.9f, 0, "a" };
  GstHarness *h = new_harness ("margin=7", "RGB", 64, 20);
  GstBuffer *frame = new_frame (h, &d, 1);

  gst_harness_push (h, gst_buffer_ref (frame));
  check_crop (h, frame, (gint[]) {
      3, 0, 24, 20});
  gst_buffer_unref (frame);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* What is not chosen or has nothing in the frame is left out. */
GST_START_TEST (test_choice)
{
  static const GstTorchscriptDetection d[] = {
    {1, 1, 5, 5, 0.9f, 0, "title"},
    {2, 2, 8, 8, 0.8f, 5, "table"},
    {99, 2, 120, 8, 0.7f, 5, "table"},
    {3, 3, 9, 9, 0.6f, 3, NULL},
    {4, 4, 9, 9, 0.2f, 3, NULL},
  };
  GstHarness *h = new_harness ("classes=\"table, 3\" min-score=0.5", "RGB", 64,
      64);
  GstBuffer *crop;

  gst_harness_push (h, new_frame (h, d, G_N_ELEMENTS (d)));
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 2);
  crop = gst_harness_pull (h);
  fail_unless_equals_int (get_int (crop, "x"), 2);
  gst_buffer_unref (crop);
  crop = gst_harness_pull (h);
  fail_unless_equals_int (get_int (crop, "x"), 3);
  gst_buffer_unref (crop);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_reading_order)
{
  static const GstTorchscriptDetection d[] = {
    {1, 0, 5, 5, 0.9f, 0, "a",.order = 3},
    {2, 0, 8, 8, 0.8f, 0, "a",.order = 0},
    {3, 0, 9, 9, 0.7f, 0, "a",.order = 1},
    {4, 0, 9, 9, 0.6f, 0, "a",.order = 0},
  };
  static const gint x[] = { 3, 1, 2, 4 };
  GstHarness *h = new_harness ("", "GRAY8", 64, 64);

  gst_harness_push (h, new_frame (h, d, G_N_ELEMENTS (d)));
  for (guint i = 0; i < 4; i++) {
    GstBuffer *crop = gst_harness_pull (h);

    fail_unless_equals_int (get_int (crop, "x"), x[i]);
    gst_buffer_unref (crop);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
check_meta (GstBuffer * crop, guint64 frame_number, guint crop_number)
{
  const GstStructure *place = get_place (crop);
  guint64 frame;
  guint number;

  fail_unless (gst_structure_get (place, "frame-number", G_TYPE_UINT64, &frame,
          "crop-number", G_TYPE_UINT, &number, NULL));
  fail_unless_equals_uint64 (frame, frame_number);
  fail_unless_equals_int (number, crop_number);
  fail_unless_equals_int (get_int (crop, "frame-width"), 64);
  fail_unless_equals_int (get_int (crop, "frame-height"), 48);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (crop), 40 * GST_MSECOND);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (crop), 5 * GST_MSECOND);
}

GST_START_TEST (test_what_a_crop_says)
{
  static const GstTorchscriptDetection d[] = {
    {10.25f, 5, 20.5f, 15, 0.9f, 4, "a", 70, 71, 72, 1},
    {30, 6, 40, 16, 0.8f, 0, "b"},
  };
  GstHarness *h = new_harness ("margin=2", "RGB", 64, 48);
  const GstTorchscriptDetection *moved;
  GstTorchscriptDetectionMeta *meta;
  GstBuffer *crop;

  for (guint page = 0; page < 2; page++) {
    gst_harness_push (h, new_frame (h, d, 2));
    crop = gst_harness_pull (h);
    check_meta (crop, page, 0);
    meta = gst_buffer_get_torchscript_detection_meta (crop);
    fail_unless_equals_int
        (gst_torchscript_detection_meta_get_n_detections (meta), 1);
    moved = gst_torchscript_detection_meta_get_detection (meta, 0);
    fail_unless (meta->result_number == 7 && meta->frame_width == 15
        && meta->frame_height == 14);
    fail_unless_equals_string (meta->model_name, "m");
    fail_unless (moved->x1 == 2.25f && moved->y1 == 2 && moved->x2 == 12.5f
        && moved->y2 == 12);
    fail_unless (moved->score == 0.9f && moved->class_id == 4);
    fail_unless (moved->id == 70 && moved->parent_id == 71
        && moved->track_id == 72 && moved->order == 1);
    gst_buffer_unref (crop);
    crop = gst_harness_pull (h);
    check_meta (crop, page, 1);
    gst_buffer_unref (crop);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_nothing_to_cut_out)
{
  GstHarness *h = new_harness ("", "RGB", 64, 48);
  gboolean gap = FALSE;
  GstEvent *event;

  fail_unless_equals_int (gst_harness_push (h, new_frame (h, NULL, 0)),
      GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  while ((event = gst_harness_try_pull_event (h)) != NULL) {
    GstClockTime start, duration;

    if (GST_EVENT_TYPE (event) == GST_EVENT_GAP) {
      gst_event_parse_gap (event, &start, &duration);
      fail_unless_equals_uint64 (start, 40 * GST_MSECOND);
      fail_unless_equals_uint64 (duration, 5 * GST_MSECOND);
      gap = TRUE;
    }
    gst_event_unref (event);
  }
  fail_unless (gap);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A left half of 200 in a crop of 20 x 10, at twice the size and between borders of
 * black: 40 x 20 in the middle of 40 x 30. */
GST_START_TEST (test_fixed_size)
{
  static const GstTorchscriptDetection d = { 8, 4, 28, 14, 0.9f, 0, "a" };
  GstHarness *h = new_harness ("width=40 height=30", "GRAY8", 64, 48);
  GstBuffer *frame = new_frame (h, &d, 1), *crop;
  const GstTorchscriptDetection *moved;
  GstVideoInfo info;
  guint8 pixels[40 * 30];

  for (gint y = 0; y < 48; y++) {
    gst_buffer_memset (frame, y * 64, 200, 18);
    gst_buffer_memset (frame, y * 64 + 18, 100, 46);
  }
  gst_harness_push (h, frame);
  crop = gst_harness_pull (h);
  get_info (h->sinkpad, &info);
  fail_unless (info.width == 40 && info.height == 30);
  fail_unless_equals_int (gst_buffer_extract (crop, 0, pixels, 1200), 1200);
  for (gint y = 0; y < 30; y++) {
    gboolean border = y < 5 || y >= 25;

    fail_unless_equals_int (pixels[y * 40 + 8], border ? 0 : 200);
    fail_unless_equals_int (pixels[y * 40 + 32], border ? 0 : 100);
  }
  moved = gst_torchscript_detection_meta_get_detection
      (gst_buffer_get_torchscript_detection_meta (crop), 0);
  fail_unless (moved->x1 == 0 && moved->x2 == 40 && moved->y1 == 5
      && moved->y2 == 25);
  gst_buffer_unref (crop);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The other side follows. */
GST_START_TEST (test_fixed_height)
{
  static const GstTorchscriptDetection d = { 8, 4, 28, 14, 0.9f, 0, "a" };
  GstHarness *h = new_harness ("height=32", "RGB", 64, 48);
  GstVideoInfo info;

  gst_harness_push (h, new_frame (h, &d, 1));
  gst_buffer_unref (gst_harness_pull (h));
  get_info (h->sinkpad, &info);
  fail_unless (info.width == 64 && info.height == 32);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Upstream learns which formats downstream takes, but not of its size. */
GST_START_TEST (test_caps_query)
{
  GstHarness *h = gst_harness_new_parse ("detectioncrop ! "
      "capsfilter caps=video/x-raw,format=NV12,width=40");
  GstCaps *caps = gst_pad_peer_query_caps (h->srcpad, NULL);
  GstCaps *fits = gst_caps_from_string ("video/x-raw,format=NV12,width=640,"
      "height=480,framerate=25/1");
  GstCaps *other = gst_caps_from_string ("video/x-raw,format=RGB,width=640,"
      "height=480,framerate=25/1");

  fail_unless (gst_caps_is_subset (fits, caps));
  fail_if (gst_caps_can_intersect (other, caps));
  gst_caps_unref (caps);
  gst_caps_unref (fits);
  gst_caps_unref (other);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* An answer for another frame size would cut out the wrong places. */
GST_START_TEST (test_other_size)
{
  static const GstTorchscriptDetection d = { 8, 4, 28, 14, 0.9f, 0, "a" };
  GstHarness *h = new_harness ("", "RGB", 64, 48);
  GstBuffer *frame = gst_buffer_new_allocate (NULL, 64 * 48 * 3, NULL);

  gst_buffer_add_torchscript_detection_meta (frame, "m", 128, 96, 0, &d, 1);
  fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
detectioncrop_suite (void)
{
  Suite *s = suite_create ("detectioncrop");
  TCase *tc = tcase_create ("detectioncrop");

  suite_add_tcase (s, tc);
  /* Each assertion is a message to the process that watches. */
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_pixels_in_all_formats);
  tcase_add_test (tc, test_margin);
  tcase_add_test (tc, test_choice);
  tcase_add_test (tc, test_reading_order);
  tcase_add_test (tc, test_what_a_crop_says);
  tcase_add_test (tc, test_nothing_to_cut_out);
  tcase_add_test (tc, test_fixed_size);
  tcase_add_test (tc, test_fixed_height);
  tcase_add_test (tc, test_caps_query);
  tcase_add_test (tc, test_other_size);
  return s;
}

GST_CHECK_MAIN (detectioncrop);
