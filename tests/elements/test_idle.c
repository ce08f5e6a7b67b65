/* test_idle.c - threads that compute give the processor back after a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: test_idle product.pt
 */
#include <time.h>

#include <gst/app/gstappsrc.h>
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#define WIDTH 512
#define HEIGHT 512
#define PAUSE_MS 150
/* OpenBLAS' threads spin for 27 on their own. */
#ifdef __SANITIZE_ADDRESS__
#define MOST_MS 35              /* a frame takes 20 there */
#else
#define MOST_MS 15
#endif

static gdouble
cpu_ms (void)
{
  return clock () * 1e3 / CLOCKS_PER_SEC;
}

/* Returns the processor time of the pause after an answer. */
static gdouble
run_frame (GstAppSrc * source, GstAppSink * sink)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT * 3, NULL);
  gdouble start;

  gst_buffer_memset (buffer, 0, 255, WIDTH * HEIGHT * 3);
  GST_BUFFER_PTS (buffer) = 0;
  g_assert_cmpint (gst_app_src_push_buffer (source, buffer), ==, GST_FLOW_OK);
  gst_sample_unref (gst_app_sink_pull_sample (sink));
  start = cpu_ms ();
  g_usleep (PAUSE_MS * 1000);
  return cpu_ms () - start;
}

static void
test_pause (gconstpointer model)
{
  g_autofree gchar *line = g_strdup_printf ("appsrc name=in format=time "
      "caps=video/x-raw,format=RGB,width=%d,height=%d,framerate=30/1 ! "
      "torchscriptinfer model=%s decoder=tensors tune=off ! appsink name=out sync=false",
      WIDTH, HEIGHT, (const gchar *) model);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstElement) sink = NULL;

  g_assert_no_error (error);
  source = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpfloat (run_frame (GST_APP_SRC (source), GST_APP_SINK (sink)),
        <, MOST_MS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  g_test_add_data_func ("/infer/idle/after-a-frame", argv[1], test_pause);
  return g_test_run ();
}
