/* test_tensormirror.c - raw tensors as GStreamer's tensor decoders read them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/analytics/analytics.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "torchscript.h"

static GstHarness *
new_harness (const gchar * model, const gchar * decoder, const gchar * behind)
{
  g_autofree gchar *launch = g_strdup_printf ("torchscriptinfer device=cpu "
      "model=%s/%s decoder=%s output-tensors=true %s", TEST_MODELS_DIR, model,
      decoder, behind);
  GstHarness *h = gst_harness_new_parse (launch);

  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGB,width=64,height=64,"
      "framerate=0/1");
  return h;
}

static GstBuffer *
run (GstHarness * h)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, 64 * 64 * 3, NULL);

  gst_buffer_memset (frame, 0, 128, -1);
  return gst_harness_push_and_pull (h, frame);
}

static const GstTensor *
find_tensor (GstBuffer * buffer, const gchar * id)
{
  GstTensorMeta *meta = gst_buffer_get_tensor_meta (buffer);
  gint i;

  fail_unless (meta != NULL);
  i = gst_tensor_meta_get_index_from_id (meta, g_quark_from_string (id));
  fail_unless (i >= 0, "no tensor is called %s", id);
  return gst_tensor_meta_get (meta, i);
}

static void
check_tensor (const GstTensor * tensor, GstTensorDimOrder order, gsize n,
    const gsize * dims)
{
  fail_unless_equals_int (tensor->data_type, GST_TENSOR_DATA_TYPE_FLOAT32);
  fail_unless_equals_int (tensor->dims_order, order);
  fail_unless_equals_int (tensor->num_dims, n);
  for (gsize i = 0; i < n; i++)
    fail_unless_equals_int (tensor->dims[i], dims[i]);
}

GST_START_TEST (test_end_to_end)
{
  GstHarness *h = new_harness ("config.pt", "yolo-end2end", "");
  GstBuffer *out = run (h);
  const GstTensor *tensor = find_tensor (out, "yolo-26-end2end-out");

  check_tensor (tensor, GST_TENSOR_DIM_ORDER_ROW_MAJOR, 3, (gsize[]) {
      1, 12, 6});
  /* The memory is shared with our own meta. */
  fail_unless (tensor->data == gst_torchscript_tensor_get_data
      (gst_torchscript_tensor_meta_get_tensor
          (gst_buffer_get_torchscript_tensor_meta (out), 0)));
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_raw)
{
  GstHarness *h = new_harness ("boxes_raw.pt", "yolov8", "");
  GstBuffer *out = run (h);

  check_tensor (find_tensor (out, "yolo-v8-out"),
      GST_TENSOR_DIM_ORDER_COL_MAJOR, 3, (gsize[]) {
      1, 7, 400});
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* What no decoder knows keeps its name; a copy of the buffer its data. */
GST_START_TEST (test_names)
{
  GstHarness *h = new_harness ("dict_output.pt", "tensors", "");
  GstBuffer *out = run (h);
  const GstTensor *labels = find_tensor (out, "labels");

  check_tensor (find_tensor (out, "boxes"), GST_TENSOR_DIM_ORDER_ROW_MAJOR, 2,
      (gsize[]) {
      2, 4});
  fail_unless_equals_int (labels->data_type, GST_TENSOR_DATA_TYPE_INT64);
  fail_unless_equals_int (gst_buffer_get_size (labels->data), 16);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* GStreamer's own decoder on our tensors: tests/models/README.md has the box. */
GST_START_TEST (test_stock_decoder)
{
  GstAnalyticsRelationMeta *relations;
  GstAnalyticsODMtd object;
  gpointer state = NULL;
  GstHarness *h;
  GstBuffer *out;
  gint x, y, width, height;
  gfloat score;

  h = new_harness ("ssd.pt", "ssd", "! ssdobjectdetector");
  out = run (h);
  relations = gst_buffer_get_analytics_relation_meta (out);
  fail_unless (relations != NULL);
  fail_unless (gst_analytics_relation_meta_iterate (relations, &state,
          gst_analytics_od_mtd_get_mtd_type (), &object));
  fail_unless (gst_analytics_od_mtd_get_location (&object, &x, &y, &width,
          &height, &score));
  fail_unless (x == 8 && y == 16 && width == 24 && height == 32);
  fail_unless (score == 0.875f);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
tensormirror_suite (void)
{
  Suite *suite = suite_create ("tensormirror");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_end_to_end);
  tcase_add_test (tc, test_raw);
  tcase_add_test (tc, test_names);
  /* In gstreamer1.0-plugins-bad, which nothing else here needs. */
  if (gst_registry_check_feature_version (gst_registry_get (),
          "ssdobjectdetector", 1, 26, 0))
    tcase_add_test (tc, test_stock_decoder);
  return suite;
}

GST_CHECK_MAIN (tensormirror);
