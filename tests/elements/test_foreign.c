/* test_foreign.c - the overlay draws what elements of others attached, once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <math.h>
#include <string.h>

#include "analyticsmirror.h"
#include "gsttorchscriptroi.h"
#include "torchscript.h"

#define WIDTH 160
#define HEIGHT 120

static const GstTorchscriptDetection table = { 20, 30, 90, 100, 0.5f, 5,
  "table"
};

/* Something drawn twice is darker, because the inside is half transparent. */
static GstHarness *
new_harness (void)
{
  GstHarness *h = gst_harness_new_parse ("detectionoverlay fill-opacity=0.5");

  gst_harness_set_src_caps_str (h, "video/x-raw,format=GRAY8,width="
      G_STRINGIFY (WIDTH) ",height=" G_STRINGIFY (HEIGHT) ",framerate=0/1");
  return h;
}

static GstBuffer *
new_frame (void)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT, NULL);

  gst_buffer_memset (frame, 0, 128, WIDTH * HEIGHT);
  return frame;
}

static GstTorchscriptDetectionMeta *
add_own (GstBuffer * frame, const GstTorchscriptDetection * d)
{
  return gst_buffer_add_torchscript_detection_meta (frame, "m", WIDTH, HEIGHT,
      0, d, 1);
}

static GstVideoRegionOfInterestMeta *
add_region (GstBuffer * frame, const GstTorchscriptDetection * d)
{
  return gst_buffer_add_video_region_of_interest_meta (frame, d->label,
      (guint) d->x1, (guint) d->y1, (guint) (d->x2 - d->x1),
      (guint) (d->y2 - d->y1));
}

/* Takes @frame; gives its pixels as they come out. */
static guint8 *
draw (GstBuffer * frame)
{
  GstHarness *h = new_harness ();
  GstBuffer *out = gst_harness_push_and_pull (h, frame);
  gpointer pixels;
  gsize size;

  gst_buffer_extract_dup (out, 0, -1, &pixels, &size);
  fail_unless_equals_int (size, WIDTH * HEIGHT);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
  return pixels;
}

static guint8 *
draw_own (const GstTorchscriptDetection * d)
{
  GstBuffer *frame = new_frame ();

  add_own (frame, d);
  return draw (frame);
}

static gboolean
is_equal (const guint8 * a, const guint8 * b)
{
  return memcmp (a, b, WIDTH * HEIGHT) == 0;
}

GST_START_TEST (test_region_with_score)
{
  g_autofree guint8 *own = draw_own (&table), *drawn = NULL;
  GstBuffer *frame = new_frame ();

  gst_video_region_of_interest_meta_add_param (add_region (frame, &table),
      gst_structure_new ("detection", "label_id", G_TYPE_INT, 5, "confidence",
          G_TYPE_DOUBLE, 0.5, NULL));
  drawn = draw (frame);
  fail_unless (is_equal (own, drawn));
  /* The inside changed, and the outside did not. */
  fail_if (drawn[60 * WIDTH + 50] == 128);
  fail_unless_equals_int (drawn[110 * WIDTH + 150], 128);
}

GST_END_TEST;

/* A region that any other element made has a name only. */
GST_START_TEST (test_region_without_score)
{
  g_autofree guint8 *drawn = NULL;
  GstBuffer *frame = new_frame ();

  add_region (frame, &table);
  drawn = draw (frame);
  fail_if (drawn[30 * WIDTH + 50] == 128);
  fail_if (drawn[60 * WIDTH + 50] == 128);
}

GST_END_TEST;

GST_START_TEST (test_mirrors_are_not_drawn)
{
  /* Off whole pixels, and out of the frame. */
  const GstTorchscriptDetection d = { -5, 30.5f, 90.4f, 100, 0.5f, 5, NULL };
  g_autofree guint8 *own = draw_own (&d), *drawn = NULL;
  GstBuffer *frame = new_frame ();
  GstTorchscriptDetectionMeta *meta = add_own (frame, &d);
  gint id;

  ts_analytics_mirror_detections (frame, meta, NULL, &id);
  gst_torchscript_roi_add_from_meta (frame, meta, NULL);
  drawn = draw (frame);
  fail_unless (is_equal (own, drawn));
}

GST_END_TEST;

/* A label or a place of its own makes an object of its own. */
GST_START_TEST (test_beside_ours)
{
  static const GstTorchscriptDetection others[] = {
    {20, 30, 90, 100, 0.5f, 5, "figure"},
    {30, 30, 90, 100, 0.5f, 5, "table"},
  };
  g_autofree guint8 *own = draw_own (&table);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    GstBuffer *frame = new_frame ();
    g_autofree guint8 *drawn = NULL;

    add_own (frame, &table);
    add_region (frame, &others[i]);
    drawn = draw (frame);
    fail_if (is_equal (own, drawn));
    fail_if (own[60 * WIDTH + 50] == drawn[60 * WIDTH + 50]);
  }
}

GST_END_TEST;

/* As above for what GstAnalytics says; its objects have no class number, so the
 * colour is another. */
GST_START_TEST (test_object)
{
  GstBuffer *frame = new_frame ();
  g_autofree guint8 *once = NULL, *twice = NULL;
  GstTorchscriptDetectionMeta *meta = add_own (frame, &table);
  gint id;

  ts_analytics_mirror_detections (frame, meta, NULL, &id);
  gst_buffer_remove_meta (frame, (GstMeta *) meta);
  once = draw (gst_buffer_ref (frame));
  fail_if (once[30 * WIDTH + 50] == 128);
  fail_if (once[60 * WIDTH + 50] == 128);
  fail_unless_equals_int (once[110 * WIDTH + 150], 128);

  frame = gst_buffer_make_writable (frame);
  meta = add_own (frame, &table);
  gst_torchscript_roi_add_from_meta (frame, meta, &id);
  gst_buffer_remove_meta (frame, (GstMeta *) meta);
  twice = draw (frame);
  /* Only the region, which knows the class, is left. */
  g_free (once);
  once = draw_own (&table);
  fail_unless (is_equal (once, twice));
}

GST_END_TEST;

static Suite *
foreign_suite (void)
{
  Suite *s = suite_create ("foreign");
  TCase *tc = tcase_create ("foreign");

  suite_add_tcase (s, tc);
  /* Each assertion is a message to the process that watches. */
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_region_with_score);
  tcase_add_test (tc, test_region_without_score);
  tcase_add_test (tc, test_mirrors_are_not_drawn);
  tcase_add_test (tc, test_beside_ours);
  if (ts_analytics_is_built ())
    tcase_add_test (tc, test_object);
  return s;
}

GST_CHECK_MAIN (foreign);
