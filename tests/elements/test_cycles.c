/* test_cycles.c - READY to PAUSED and back a hundred times leaves nothing behind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In each round a frame goes through all three elements, with a box on it. The
 * fake shim answers for libtorch. The tracer "leaks" lists the objects that are
 * alive at the end and warns of them, and warnings are fatal here.
 */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>

#include "fakemodel.h"

#define ANSWER \
  "{\"output\": {\"tensor\": {\"dtype\": \"float32\", \"shape\": [1, 1, 6], " \
  "\"values\": [8, 8, 40, 40, 0.5, 1]}}}"

#define PIPELINE \
  "videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width=64,height=48 ! " \
  "torchscriptinfer model=\"%s\" decoder=yolo-end2end output-tensors=true ! " \
  "detectionjson location=\"%s\" ! detectionoverlay ! fakesink"

static void
run_round (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL,
          GST_CLOCK_TIME_NONE), ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_READY), ==,
      GST_STATE_CHANGE_SUCCESS);
  /* Messages that nobody reads hold their senders. */
  gst_bus_set_flushing (bus, TRUE);
  gst_bus_set_flushing (bus, FALSE);
  gst_object_unref (bus);
}

static void
test_cycles (void)
{
  g_autofree gchar *directory = g_dir_make_tmp ("cycles-XXXXXX", NULL);
  g_autofree gchar *model = g_build_filename (directory, "m.pt", NULL);
  g_autofree gchar *json = g_build_filename (directory, "o.json", NULL);
  g_autofree gchar *line = g_strdup_printf (PIPELINE, model, json);
  g_autofree gchar *written = NULL;
  g_autoptr (GError) error = NULL;
  GstElement *pipeline;

  fake_model_write (model, ANSWER);
  pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  for (gint i = 0; i < 100; i++)
    run_round (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);

  g_assert_true (g_file_get_contents (json, &written, NULL, NULL));
  g_assert_nonnull (strstr (written, "\"score\":0.5"));
  g_remove (json);
  g_remove (model);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  gint status;

  g_setenv ("GST_TRACERS", "leaks", TRUE);
  g_setenv ("GST_DEBUG", "GST_TRACER:7", TRUE);
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);
  g_test_add_func ("/elements/cycles", test_cycles);
  status = g_test_run ();
  gst_deinit ();
  return status;
}
