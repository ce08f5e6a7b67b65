/* test_detectionmeta.c - the meta alone and through stock elements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "torchscript.h"

#define CAPS "capsfilter caps="

static const GstTorchscriptDetection found[] = {
  {10, 20, 110, 220, 0.9f, 5, "table"},
  {0, 0, 400, 300, 0.25f, 42, NULL, 77, 5, 3, 2},
};

static GstBuffer *
new_frame (gint width, gint height)
{
  GstTorchscriptDetectionMeta *meta;
  GstVideoInfo info;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_RGB, width, height);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_memset (buffer, 0, 0x55, info.size);
  GST_BUFFER_PTS (buffer) = 0;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 25;
  meta = gst_buffer_add_torchscript_detection_meta (buffer, "m", width, height,
      7, found, G_N_ELEMENTS (found));
  meta->model_number = 4;
  meta->age = 2;
  return buffer;
}

/* What is left of a 400x300 frame with detections behind @launch. */
static GstBuffer *
run (const gchar * launch)
{
  GstHarness *h = gst_harness_new_parse (launch);
  GstBuffer *out;

  GST_INFO ("running %s", launch);
  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGB,width=400,"
      "height=300,framerate=25/1,pixel-aspect-ratio=1/1");
  fail_unless_equals_int (gst_harness_push (h, new_frame (400, 300)),
      GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_eos ());
  out = gst_harness_pull (h);
  fail_unless (out != NULL, "%s", launch);
  gst_harness_teardown (h);
  return out;
}

static void
check_kept (GstBuffer * buffer, gint width, gint height)
{
  const GstTorchscriptDetectionMeta *meta =
      gst_buffer_get_torchscript_detection_meta (buffer);
  gfloat sx = width / 400.0f, sy = height / 300.0f;
  guint i;

  fail_unless (meta != NULL);
  fail_unless_equals_string (meta->model_name, "m");
  fail_unless_equals_int (meta->frame_width, width);
  fail_unless_equals_int (meta->frame_height, height);
  fail_unless_equals_uint64 (meta->result_number, 7);
  fail_unless_equals_int (meta->model_number, 4);
  fail_unless_equals_int (meta->age, 2);
  fail_unless_equals_int (gst_torchscript_detection_meta_get_n_detections
      (meta), G_N_ELEMENTS (found));
  for (i = 0; i < G_N_ELEMENTS (found); i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);

    fail_unless_equals_float (d->x1, found[i].x1 * sx);
    fail_unless_equals_float (d->y1, found[i].y1 * sy);
    fail_unless_equals_float (d->x2, found[i].x2 * sx);
    fail_unless_equals_float (d->y2, found[i].y2 * sy);
    fail_unless_equals_float (d->score, found[i].score);
    fail_unless_equals_int (d->class_id, found[i].class_id);
    fail_unless (d->label == g_intern_string (found[i].label));
    fail_unless (found[i].id == 0 ? d->id > 0 : d->id == found[i].id);
    fail_unless_equals_int (d->parent_id, found[i].parent_id);
    fail_unless_equals_int (d->track_id, found[i].track_id);
    fail_unless_equals_int (d->order, found[i].order);
  }
  gst_buffer_unref (buffer);
}

static void
check_dropped (GstBuffer * buffer)
{
  fail_unless (gst_buffer_get_torchscript_detection_meta (buffer) == NULL);
  gst_buffer_unref (buffer);
}

GST_START_TEST (test_labels_outlive_the_caller)
{
  GstBuffer *buffer = gst_buffer_new ();
  gchar *label = g_strdup ("short-lived"), *model = g_strdup ("also");
  const GstTorchscriptDetection d = { 0, 0, 1, 1, 1, 0, label };
  GstTorchscriptDetectionMeta *meta;

  meta = gst_buffer_add_torchscript_detection_meta (buffer, model, 1, 1, 0, &d,
      1);
  g_free (label);
  g_free (model);
  fail_unless_equals_string (meta->model_name, "also");
  fail_unless_equals_string (gst_torchscript_detection_meta_get_detection
      (meta, 0)->label, "short-lived");
  fail_unless (gst_torchscript_detection_meta_get_detection (meta, 1) == NULL);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

static void
count_critical (const gchar * domain, GLogLevelFlags level,
    const gchar * message, gpointer n)
{
  (*(guint *) n)++;
}

/* GStreamer's ASSERT_CRITICAL does not see the library's own log domain. */
#define ASSERT_REFUSED(call) G_STMT_START { \
    guint n = 0; \
    guint id = g_log_set_handler ("GStreamer-TorchScript", \
        G_LOG_LEVEL_CRITICAL, count_critical, &n); \
    fail_unless ((call) == NULL); \
    fail_unless_equals_int (n, 1); \
    g_log_remove_handler ("GStreamer-TorchScript", id); \
  } G_STMT_END

GST_START_TEST (test_refuses_what_makes_no_sense)
{
  GstBuffer *buffer = gst_buffer_new ();

  ASSERT_REFUSED (gst_buffer_add_torchscript_detection_meta (buffer, NULL, 1,
          1, 0, NULL, 0));
  ASSERT_REFUSED (gst_buffer_add_torchscript_detection_meta (buffer, "m", 0,
          1, 0, NULL, 0));
  ASSERT_REFUSED (gst_buffer_add_torchscript_detection_meta (buffer, "m", 1,
          1, 0, NULL, 1));
  gst_buffer_ref (buffer);
  ASSERT_REFUSED (gst_buffer_add_torchscript_detection_meta (buffer, "m", 1,
          1, 0, NULL, 0));
  gst_buffer_unref (buffer);
  fail_unless (gst_buffer_get_torchscript_detection_meta (buffer) == NULL);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (test_boxed)
{
  GstTorchscriptDetection *d =
      gst_torchscript_detection_new (1, 2, 3, 4, 0.5f, 6, "x");
  GstTorchscriptDetection *copy =
      g_boxed_copy (GST_TORCHSCRIPT_TYPE_DETECTION, d);

  fail_unless (copy != d);
  fail_unless (memcmp (copy, d, sizeof (*d)) == 0);
  g_boxed_free (GST_TORCHSCRIPT_TYPE_DETECTION, copy);
  gst_torchscript_detection_free (d);
  gst_torchscript_detection_free (NULL);
}

GST_END_TEST;

GST_START_TEST (test_copies_share)
{
  GstBuffer *buffer = new_frame (400, 300);
  GstBuffer *copy = gst_buffer_copy (buffer);
  GstBuffer *part = gst_buffer_copy_region (buffer,
      GST_BUFFER_COPY_METADATA | GST_BUFFER_COPY_MEMORY, 10, 100);
  const GstTorchscriptDetection *original =
      gst_torchscript_detection_meta_get_detection
      (gst_buffer_get_torchscript_detection_meta (buffer), 0);

  fail_unless (gst_torchscript_detection_meta_get_detection
      (gst_buffer_get_torchscript_detection_meta (copy), 0) == original);
  gst_buffer_unref (buffer);
  check_kept (copy, 400, 300);
  check_kept (part, 400, 300);
}

GST_END_TEST;

GST_START_TEST (test_several_models)
{
  GstBuffer *buffer = new_frame (400, 300), *copy;
  gpointer state = NULL;
  guint n = 0;

  gst_buffer_add_torchscript_detection_meta (buffer, "second", 400, 300, 0,
      NULL, 0);
  copy = gst_buffer_copy (buffer);
  while (gst_buffer_iterate_meta_filtered (copy, &state,
          GST_TORCHSCRIPT_DETECTION_META_API_TYPE))
    n++;
  fail_unless_equals_int (n, 2);
  gst_buffer_unref (buffer);
  gst_buffer_unref (copy);
}

GST_END_TEST;

GST_START_TEST (test_scaling)
{
  check_kept (run
      ("videoscale ! " CAPS "video/x-raw,width=200,height=150"), 200, 150);
  check_kept (run ("videoscale ! " CAPS "video/x-raw,width=1000,"
          "pixel-aspect-ratio=1/1"), 1000, 750);
  /* The scaler answers with pixels that are not square: a plain stretch. */
  check_kept (run
      ("videoscale ! " CAPS "video/x-raw,width=200,height=300"), 200, 300);
  /* One pixel of rounding. */
  check_kept (run
      ("videoscale ! " CAPS "video/x-raw,width=133,height=100,"
          "pixel-aspect-ratio=1/1"), 133, 100);
  check_kept (run ("videoconvertscale ! "
          CAPS "video/x-raw,format=NV12,width=200,height=150"), 200, 150);
}

GST_END_TEST;

/* The boxes would be off by the borders, or not, and the meta cannot know. */
GST_START_TEST (test_scaling_with_borders_drops)
{
  check_dropped (run
      ("videoscale ! " CAPS "video/x-raw,width=300,height=300,"
          "pixel-aspect-ratio=1/1"));
  check_dropped (run
      ("videoscale add-borders=false ! " CAPS "video/x-raw,width=300,"
          "height=300,pixel-aspect-ratio=1/1"));
}

GST_END_TEST;

GST_START_TEST (test_kept_where_nothing_moves)
{
  check_kept (run ("videoconvert ! " CAPS "video/x-raw,format=I420"), 400, 300);
  check_kept (run ("videoconvert ! " CAPS "video/x-raw,format=RGB"), 400, 300);
  check_kept (run ("queue"), 400, 300);
  check_kept (run ("tee name=t ! queue ! identity"), 400, 300);
  check_kept (run ("videorate ! " CAPS "video/x-raw,framerate=50/1"), 400, 300);
}

GST_END_TEST;

GST_START_TEST (test_dropped_where_boxes_would_move)
{
  check_dropped (run ("videoflip video-direction=90r"));
  check_dropped (run ("videoflip video-direction=horiz"));
  check_dropped (run ("videoflip video-direction=180"));
}

GST_END_TEST;

static Suite *
detectionmeta_suite (void)
{
  Suite *s = suite_create ("detectionmeta");
  TCase *tc = tcase_create ("meta");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_labels_outlive_the_caller);
  tcase_add_test (tc, test_refuses_what_makes_no_sense);
  tcase_add_test (tc, test_boxed);
  tcase_add_test (tc, test_copies_share);
  tcase_add_test (tc, test_several_models);
  tcase_add_test (tc, test_scaling);
  tcase_add_test (tc, test_scaling_with_borders_drops);
  tcase_add_test (tc, test_kept_where_nothing_moves);
  tcase_add_test (tc, test_dropped_where_boxes_would_move);
  return s;
}

GST_CHECK_MAIN (detectionmeta);
