/* test_analyticsmirror.c - answers as GstAnalytics, and what others make of them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/analytics/analytics.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <string.h>

#include "analyticsmirror.h"
#include "torchscript.h"

#define SIZE 64

/* In RGB the top left quarter is red, the others are grey and below 0.5. */
static GstBuffer *
new_frame (void)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, SIZE * SIZE * 3, NULL);
  GstMapInfo map;

  gst_buffer_map (frame, &map, GST_MAP_WRITE);
  memset (map.data, 40, map.size);
  for (gint y = 0; y < SIZE / 2; y++)
    for (gint x = 0; x < SIZE / 2; x++)
      map.data[(y * SIZE + x) * 3] = 204;
  gst_buffer_unmap (frame, &map);
  return frame;
}

/* tests/models/README.md: config.pt finds that quarter as class "red". */
static GstBuffer *
run (const gchar * model, const gchar * options)
{
  g_autofree gchar *launch = g_strdup_printf ("torchscriptinfer device=cpu "
      "model=%s/%s %s", TEST_MODELS_DIR, model, options);
  GstHarness *h = gst_harness_new_parse (launch);
  GstBuffer *out;

  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGB,width=64,height=64,"
      "framerate=0/1");
  out = gst_harness_push_and_pull (h, new_frame ());
  fail_unless (out != NULL);
  gst_harness_teardown (h);
  return out;
}

static GstBuffer *
detect (const gchar * options)
{
  g_autofree gchar *all = g_strdup_printf ("decoder=yolo-end2end "
      "score-threshold=0.5 %s", options);

  return run ("config.pt", all);
}

GST_START_TEST (test_object)
{
  GstBuffer *out = detect ("");
  GstAnalyticsRelationMeta *relations =
      gst_buffer_get_analytics_relation_meta (out);
  GstVideoRegionOfInterestMeta *roi;
  GstAnalyticsODMtd object;
  GstAnalyticsClsMtd class;
  gpointer state = NULL;
  gint x, y, width, height;
  gfloat score;

  fail_unless (relations != NULL);
  fail_unless (gst_analytics_relation_meta_iterate (relations, &state,
          gst_analytics_od_mtd_get_mtd_type (), &object));
  fail_unless (gst_analytics_od_mtd_get_location (&object, &x, &y, &width,
          &height, &score));
  fail_unless (x == 0 && y == 0 && width == 32 && height == 32);
  fail_unless (ABS (score - 204 / 255.0f) < 1e-6f);
  fail_unless_equals_string (g_quark_to_string
      (gst_analytics_od_mtd_get_obj_type (&object)), "red");

  fail_unless (gst_analytics_relation_meta_get_direct_related (relations,
          object.id, GST_ANALYTICS_REL_TYPE_RELATE_TO,
          gst_analytics_cls_mtd_get_mtd_type (), NULL, &class));
  fail_unless (gst_analytics_cls_mtd_get_level (&class, 0) == score);
  fail_unless_equals_string (g_quark_to_string (gst_analytics_cls_mtd_get_quark
          (&class, 0)), "red");

  roi = gst_buffer_get_video_region_of_interest_meta_id (out, object.id);
  fail_unless (roi != NULL && roi->w == 32);
  fail_if (gst_analytics_relation_meta_iterate (relations, &state,
          gst_analytics_od_mtd_get_mtd_type (), &object));
  gst_buffer_unref (out);
}

GST_END_TEST;

/* That has seen the object of this number first at this time. */
static TsTracker *
new_tracker (guint number, GstClockTime time)
{
  const TsTrackerParams params = {.iou_threshold = 0.3f,.max_age = 9 };
  TsTracker *tracker = ts_tracker_new ();
  g_autoptr (GArray) boxes = g_array_new (FALSE, TRUE, sizeof (TsBox));

  g_array_set_size (boxes, number);
  ts_tracker_update (tracker, &params, time, boxes);
  ts_tracker_update (tracker, &params, time + 1, boxes);
  return tracker;
}

GST_START_TEST (test_track_and_parent)
{
  static const GstTorchscriptDetection two[] = {
    {1, 2, 3, 4, 0.5f, 0, "caption", 78, 77, 12},
    {1, 2, 3, 4, 0.5f, 1, "table", 77},
  };
  GstBuffer *buffer = gst_buffer_new ();
  g_autoptr (TsTracker) tracker = new_tracker (12, 2 * GST_SECOND);
  GstAnalyticsRelationMeta *relations;
  GstAnalyticsTrackingMtd track;
  guint64 track_id;
  GstClockTime since, until;
  gboolean lost;
  gint ids[2];

  GST_BUFFER_PTS (buffer) = 5 * GST_SECOND;
  fail_unless (ts_analytics_mirror_detections (buffer,
          gst_buffer_add_torchscript_detection_meta (buffer, "m", 4, 5, 0, two,
              2), tracker, ids));
  relations = gst_buffer_get_analytics_relation_meta (buffer);
  fail_unless_equals_int (gst_analytics_relation_meta_get_relation (relations,
          ids[0], ids[1]), GST_ANALYTICS_REL_TYPE_IS_PART_OF);
  fail_unless_equals_int (gst_analytics_relation_meta_get_relation (relations,
          ids[1], ids[0]), GST_ANALYTICS_REL_TYPE_CONTAIN);
  fail_unless (gst_analytics_relation_meta_get_direct_related (relations,
          ids[0], GST_ANALYTICS_REL_TYPE_RELATE_TO,
          gst_analytics_tracking_mtd_get_mtd_type (), NULL, &track));
  fail_unless (gst_analytics_tracking_mtd_get_info (&track, &track_id, &since,
          &until, &lost));
  fail_unless_equals_uint64 (track_id, 12);
  fail_unless_equals_uint64 (since, 2 * GST_SECOND);
  fail_unless_equals_uint64 (until, 5 * GST_SECOND);
  fail_if (lost);
  fail_if (gst_analytics_relation_meta_get_direct_related (relations, ids[1],
          GST_ANALYTICS_REL_TYPE_RELATE_TO,
          gst_analytics_tracking_mtd_get_mtd_type (), NULL, &track));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Of the one object on @buffer. */
static void
check_seen (GstBuffer * buffer, GstClockTime first_seen, GstClockTime last_seen)
{
  GstAnalyticsRelationMeta *relations =
      gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsTrackingMtd track;
  GstClockTime since, until;
  gpointer state = NULL;
  guint64 track_id;
  gboolean lost;

  fail_unless (gst_analytics_relation_meta_iterate (relations, &state,
          gst_analytics_tracking_mtd_get_mtd_type (), &track));
  fail_unless (gst_analytics_tracking_mtd_get_info (&track, &track_id, &since,
          &until, &lost));
  fail_unless_equals_uint64 (track_id, 1);
  fail_unless_equals_uint64 (since, first_seen);
  fail_unless_equals_uint64 (until, last_seen);
}

GST_START_TEST (test_first_and_last_seen)
{
  GstHarness *h = gst_harness_new_parse ("torchscriptinfer device=cpu "
      "model=" TEST_MODELS_DIR "/config.pt decoder=yolo-end2end tracker=iou "
      "score-threshold=0.5");

  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGB,width=64,height=64,"
      "framerate=25/1");
  for (guint i = 1; i <= 3; i++) {
    GstBuffer *frame = new_frame (), *out;

    GST_BUFFER_PTS (frame) = i * GST_SECOND;
    out = gst_harness_push_and_pull (h, frame);
    check_seen (out, GST_SECOND, i * GST_SECOND);
    gst_buffer_unref (out);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A second model's boxes and classes; one lies where its parent does. */
GST_START_TEST (test_parent_in_another_meta)
{
  static const GstTorchscriptDetection tables[] = {
    {1, 2, 30, 40, 0.5f, 1, "table", 77},
    {32, 2, 60, 40, 0.5f, 1, "table", 78},
  }, cells[] = {
    {1, 2, 30, 40, 0.5f, 1, "table", 91, 77},
    {40, 8, 50, 20, 0.5f, 0, "cell", 92, 78},
  };
  static const GstTorchscriptClassification class = { 0.5f, 3, "ruled" };
  GstBuffer *buffer = gst_buffer_new ();
  GstAnalyticsRelationMeta *relations;
  GstTorchscriptClassificationMeta *classes;
  GstTorchscriptDetectionMeta *meta;
  GstAnalyticsClsMtd found;
  gpointer state = NULL;
  gboolean is_related = FALSE;
  gint outer[2], inner[2];
  guint i;

  fail_unless (ts_analytics_mirror_detections (buffer,
          gst_buffer_add_torchscript_detection_meta (buffer, "m", 64, 64, 0,
              tables, 2), NULL, outer));
  meta = gst_buffer_add_torchscript_detection_meta (buffer, "n", 64, 64, 0,
      cells, 2);
  fail_unless (ts_analytics_mirror_detections (buffer, meta, NULL, inner));
  relations = gst_buffer_get_analytics_relation_meta (buffer);
  for (i = 0; i < 2; i++) {
    fail_unless_equals_int (gst_analytics_relation_meta_get_relation (relations,
            inner[i], outer[i]), GST_ANALYTICS_REL_TYPE_IS_PART_OF);
    fail_unless_equals_int (gst_analytics_relation_meta_get_relation (relations,
            outer[i], inner[i]), GST_ANALYTICS_REL_TYPE_CONTAIN);
    fail_unless_equals_int (gst_analytics_relation_meta_get_relation (relations,
            outer[i], inner[1 - i]), GST_ANALYTICS_REL_TYPE_NONE);
  }
  classes = gst_buffer_add_torchscript_classification_meta (buffer, "c", 0,
      &class, 1);
  classes->parent_id = 78;
  ts_analytics_mirror_classes (buffer, classes);
  while (gst_analytics_relation_meta_get_direct_related (relations, outer[1],
          GST_ANALYTICS_REL_TYPE_RELATE_TO,
          gst_analytics_cls_mtd_get_mtd_type (), &state, &found))
    is_related |= gst_analytics_cls_mtd_get_quark (&found, 0)
        == g_quark_from_string ("ruled");
  fail_unless (is_related);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

static void
check_forms (const gchar * options, gboolean roi, gboolean analytics)
{
  GstBuffer *out = detect (options);

  fail_unless (gst_buffer_get_torchscript_detection_meta (out) != NULL);
  fail_unless_equals_int (gst_buffer_get_meta (out,
          GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE) != NULL, roi);
  fail_unless_equals_int (gst_buffer_get_analytics_relation_meta (out) != NULL,
      analytics);
  fail_unless_equals_int (gst_buffer_get_tensor_meta (out) != NULL, analytics);
  gst_buffer_unref (out);
}

GST_START_TEST (test_forms)
{
  check_forms ("output-tensors=true", TRUE, TRUE);
  check_forms ("output-tensors=true meta=auto", TRUE, TRUE);
  check_forms ("output-tensors=true meta=own", FALSE, FALSE);
  check_forms ("output-tensors=true meta=roi", TRUE, FALSE);
  check_forms ("output-tensors=true meta=analytics", FALSE, TRUE);
}

GST_END_TEST;

/* identity.pt: a cell's class is its strongest channel, the first if equal. */
GST_START_TEST (test_mask)
{
  GstBuffer *out = run ("identity.pt", "decoder=segmentation"), *mask;
  GstAnalyticsRelationMeta *relations =
      gst_buffer_get_analytics_relation_meta (out);
  GstAnalyticsSegmentationMtd segmentation;
  GstAnalyticsClsMtd names;
  gpointer state = NULL;
  const GstVideoMeta *video;
  gint x, y;
  guint width, height;
  guint16 cell;

  fail_unless (relations != NULL);
  fail_unless (gst_analytics_relation_meta_iterate (relations, &state,
          gst_analytics_segmentation_mtd_get_mtd_type (), &segmentation));
  mask = gst_analytics_segmentation_mtd_get_mask (&segmentation, &x, &y, &width,
      &height);
  video = gst_buffer_get_video_meta (mask);
  fail_unless_equals_int (video->width, video->height);
  fail_unless (x == 0 && y == 0 && width == 64 && height == 64);
  fail_unless_equals_int (gst_buffer_extract (mask, 0, &cell, 2), 2);
  fail_unless_equals_int (cell, 0);
  fail_unless_equals_int (gst_analytics_segmentation_mtd_get_region_count
      (&segmentation), 1);
  fail_unless_equals_int (gst_analytics_segmentation_mtd_get_region_id
      (&segmentation, 0), 0);
  fail_unless (gst_analytics_relation_meta_get_direct_related (relations,
          segmentation.id, GST_ANALYTICS_REL_TYPE_N_TO_N,
          gst_analytics_cls_mtd_get_mtd_type (), NULL, &names));
  fail_unless_equals_string (g_quark_to_string (gst_analytics_cls_mtd_get_quark
          (&names, 0)), "class 0");
  gst_buffer_unref (mask);
  gst_buffer_unref (out);
}

GST_END_TEST;

/* Whether any component of the pixel differs from the frame that went in. */
static gboolean
changed (const guint8 * drawn, const guint8 * plain, gint x, gint y)
{
  return memcmp (drawn + (y * SIZE + x) * 3, plain + (y * SIZE + x) * 3,
      3) != 0;
}

/* GStreamer's own overlay strokes the box of our mirror: its edges right and
 * below lie at 32, the stroke's middle; inside and outside nothing changes. */
GST_START_TEST (test_upstream_overlay)
{
  GstBuffer *plain = new_frame (), *out = detect
      ("! objectdetectionoverlay draw-labels=false");
  GstMapInfo before, after;

  gst_buffer_map (plain, &before, GST_MAP_READ);
  gst_buffer_map (out, &after, GST_MAP_READ);
  for (gint i = 4; i < 28; i++) {
    fail_unless (changed (after.data, before.data, 32, i), "right, %d", i);
    fail_unless (changed (after.data, before.data, i, 32), "bottom, %d", i);
    fail_unless (changed (after.data, before.data, 0, i), "left, %d", i);
    fail_unless (changed (after.data, before.data, i, 0), "top, %d", i);
    for (gint j = 4; j < 28; j++)
      fail_if (changed (after.data, before.data, i, j), "inside, %d %d", i, j);
  }
  for (gint i = 0; i < SIZE; i++)
    for (gint j = 36; j < SIZE; j++)
      fail_if (changed (after.data, before.data, i, j), "outside, %d %d", i, j);
  gst_buffer_unmap (plain, &before);
  gst_buffer_unmap (out, &after);
  gst_buffer_unref (plain);
  gst_buffer_unref (out);
}

GST_END_TEST;

static Suite *
analyticsmirror_suite (void)
{
  Suite *suite = suite_create ("analyticsmirror");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_object);
  tcase_add_test (tc, test_track_and_parent);
  tcase_add_test (tc, test_first_and_last_seen);
  tcase_add_test (tc, test_parent_in_another_meta);
  tcase_add_test (tc, test_forms);
  tcase_add_test (tc, test_mask);
  /* In gstreamer1.0-plugins-bad, which tests/run.sh installs. */
  if (gst_registry_check_feature_version (gst_registry_get (),
          "objectdetectionoverlay", 1, 26, 0))
    tcase_add_test (tc, test_upstream_overlay);
  else
    g_print ("no objectdetectionoverlay here; what it draws is not tested\n");
  return suite;
}

GST_CHECK_MAIN (analyticsmirror);
