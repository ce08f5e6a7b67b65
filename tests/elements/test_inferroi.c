/* test_inferroi.c - the property roi: what is looked at, and where the boxes are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fake shim answers with one box, in pixels of what the model sees: 640x640, the
 * frame or the region in the middle of the height.
 */
#include <glib/gstdio.h>
#include <gst/check/gstharness.h>

#include "fakemodel.h"
#include "torchscript.h"

#define ANSWER \
  "{\"output\": {\"tensor\": {\"dtype\": \"float32\", \"shape\": [1, 1, 6], " \
  "\"values\": [80, 120, 400, 200, 0.5, 1]}}}"

#define CAPS "video/x-raw, format=RGB, width=64, height=48, framerate=30/1"

static gchar *model;

static GstHarness *
start (const gchar * roi)
{
  g_autofree gchar *line = g_strdup_printf ("torchscriptinfer model=\"%s\" "
      "decoder=yolo-end2end roi=\"%s\"", model, roi);

  return gst_harness_new_parse (line);
}

/* Corners in the frame's pixels. */
static void
check_box (const gchar * roi, gfloat x1, gfloat y1, gfloat x2, gfloat y2)
{
  GstHarness *h = start (roi);
  GstTorchscriptDetectionMeta *meta;
  const GstTorchscriptDetection *d;
  GstBuffer *buffer;

  gst_harness_set_src_caps_str (h, CAPS);
  g_assert_cmpint (gst_harness_push (h,
          gst_buffer_new_allocate (NULL, 64 * 48 * 3, NULL)), ==, GST_FLOW_OK);
  buffer = gst_harness_pull (h);
  meta = gst_buffer_get_torchscript_detection_meta (buffer);
  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->frame_width, ==, 64);
  g_assert_cmpuint (meta->frame_height, ==, 48);
  d = gst_torchscript_detection_meta_get_detection (meta, 0);
  g_assert_nonnull (d);
  g_assert_cmpfloat (d->x1, ==, x1);
  g_assert_cmpfloat (d->y1, ==, y1);
  g_assert_cmpfloat (d->x2, ==, x2);
  g_assert_cmpfloat (d->y2, ==, y2);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

static void
test_boxes (void)
{
  check_box ("", 8, 4, 40, 12);
  check_box ("16,8,32,24", 20, 10, 36, 14);
  check_box ("0.5,0.5,0.5,0.5", 36, 26, 52, 30);
}

/* The first frame fails, and the message says what to do. */
static void
test_error (void)
{
  GstHarness *h = start ("64,0,10,10");
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GError *error = NULL;

  gst_element_set_bus (h->element, bus);
  gst_harness_set_src_caps_str (h, CAPS);
  g_assert_cmpint (gst_harness_push (h,
          gst_buffer_new_allocate (NULL, 64 * 48 * 3, NULL)), !=, GST_FLOW_OK);
  message = gst_bus_timed_pop_filtered (bus, GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "region inside the frame"));
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *directory = NULL;
  gint result;

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  directory = g_dir_make_tmp ("inferroi-XXXXXX", NULL);
  model = g_build_filename (directory, "m.pt", NULL);
  fake_model_write (model, ANSWER);
  g_test_add_func ("/roi/boxes", test_boxes);
  g_test_add_func ("/roi/error", test_error);
  result = g_test_run ();
  g_remove (model);
  g_rmdir (directory);
  g_free (model);
  return result;
}
