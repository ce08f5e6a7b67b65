/* test_roi.c - detections as region-of-interest metas in DL Streamer's form
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/video/video.h>

#include "gsttorchscriptroi.h"

static const GstTorchscriptDetection found[] = {
  {10.4f, 20.6f, 110, 220, 0.75f, 5, "table"},
  {-3, 0, 500, 300, 0.25f, 42, NULL},
};

static void
check_roi (GstVideoRegionOfInterestMeta * roi, const gchar * type, guint x,
    guint y, guint w, guint h)
{
  fail_unless_equals_string (g_quark_to_string (roi->roi_type), type);
  fail_unless_equals_int (roi->x, x);
  fail_unless_equals_int (roi->y, y);
  fail_unless_equals_int (roi->w, w);
  fail_unless_equals_int (roi->h, h);
  fail_unless_equals_int (roi->parent_id, 0);
  fail_if (roi->id == 0);
}

static void
check_param (GstVideoRegionOfInterestMeta * roi, gint label_id,
    gdouble confidence, gdouble x_min, gdouble y_max)
{
  GstStructure *s =
      gst_video_region_of_interest_meta_get_param (roi, "detection");
  gint id;
  gdouble found_confidence, x1, x2, y1, y2;

  fail_unless (s != NULL);
  fail_unless (gst_structure_get (s, "label_id", G_TYPE_INT, &id,
          "confidence", G_TYPE_DOUBLE, &found_confidence,
          "x_min", G_TYPE_DOUBLE, &x1, "x_max", G_TYPE_DOUBLE, &x2,
          "y_min", G_TYPE_DOUBLE, &y1, "y_max", G_TYPE_DOUBLE, &y2, NULL));
  fail_unless_equals_int (id, label_id);
  fail_unless_equals_float (found_confidence, confidence);
  fail_unless (ABS (x1 - x_min) < 1e-6 && ABS (y2 - y_max) < 1e-6);
  fail_unless (x1 < x2 && y1 < y2);
}

GST_START_TEST (test_form)
{
  GstBuffer *buffer = gst_buffer_new ();
  GstVideoRegionOfInterestMeta *first, *second;
  gpointer state = NULL;

  gst_torchscript_roi_add_from_meta (buffer,
      gst_buffer_add_torchscript_detection_meta (buffer, "m", 400, 300, 0,
          found, 2), NULL);
  first = (GstVideoRegionOfInterestMeta *) gst_buffer_iterate_meta_filtered
      (buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
  second = (GstVideoRegionOfInterestMeta *) gst_buffer_iterate_meta_filtered
      (buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
  fail_unless (first != NULL && second != NULL);
  check_roi (first, "table", 10, 21, 100, 199);
  check_param (first, 5, 0.75, 10.4 / 400, 220.0 / 300);
  /* Unsigned pixels cannot leave the frame. */
  check_roi (second, "class 42", 0, 0, 400, 300);
  check_param (second, 42, 0.25, -3.0 / 400, 1.0);
  fail_if (first->id == second->id);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (test_same_ids)
{
  const GstTorchscriptDetection d = { 1, 2, 3, 4, 0.5f, 0, "a", 77, 5 };
  GstBuffer *buffer = gst_buffer_new ();
  GstVideoRegionOfInterestMeta *roi;

  gst_torchscript_roi_add_from_meta (buffer,
      gst_buffer_add_torchscript_detection_meta (buffer, "m", 4, 5, 0, &d, 1),
      NULL);
  roi = gst_buffer_get_video_region_of_interest_meta_id (buffer, 77);
  fail_unless (roi != NULL);
  fail_unless_equals_int (roi->parent_id, 5);
  fail_if (gst_video_region_of_interest_meta_get_param (roi, "object_id"));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* The ids of GstAnalytics' objects, where there are any; the parent's, too. */
GST_START_TEST (test_given_ids)
{
  static const GstTorchscriptDetection two[] = {
    {1, 2, 3, 4, 0.5f, 0, "caption", 78, 77, 12},
    {1, 2, 3, 4, 0.5f, 1, "table", 77},
  };
  const gint ids[] = { 0, 2 };
  GstBuffer *buffer = gst_buffer_new ();
  GstVideoRegionOfInterestMeta *roi;
  const GstStructure *track;
  gint track_id;

  gst_torchscript_roi_add_from_meta (buffer,
      gst_buffer_add_torchscript_detection_meta (buffer, "m", 4, 5, 0, two, 2),
      ids);
  roi = gst_buffer_get_video_region_of_interest_meta_id (buffer, 0);
  fail_unless (roi != NULL);
  fail_unless_equals_string (g_quark_to_string (roi->roi_type), "caption");
  fail_unless_equals_int (roi->parent_id, 2);
  track = gst_video_region_of_interest_meta_get_param (roi, "object_id");
  fail_unless (track != NULL && gst_structure_get_int (track, "id", &track_id));
  fail_unless_equals_int (track_id, 12);
  roi = gst_buffer_get_video_region_of_interest_meta_id (buffer, 2);
  fail_unless (roi != NULL);
  fail_unless_equals_string (g_quark_to_string (roi->roi_type), "table");
  fail_unless_equals_int (roi->parent_id, 0);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (test_nothing_found)
{
  GstBuffer *buffer = gst_buffer_new ();

  gst_torchscript_roi_add_from_meta (buffer,
      gst_buffer_add_torchscript_detection_meta (buffer, "m", 4, 3, 0, NULL,
          0), NULL);
  fail_unless (gst_buffer_get_meta (buffer,
          GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE) == NULL);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

static Suite *
roi_suite (void)
{
  Suite *s = suite_create ("roi");
  TCase *tc = tcase_create ("roi");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_form);
  tcase_add_test (tc, test_given_ids);
  tcase_add_test (tc, test_same_ids);
  tcase_add_test (tc, test_nothing_found);
  return s;
}

GST_CHECK_MAIN (roi);
