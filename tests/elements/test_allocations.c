/* test_allocations.c - a frame in the steady state allocates nothing of ours
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames go through inference and overlay, with a few boxes, with many, with
 * classes or with a mask on each; the fake shim answers for libtorch.  malloccount.c tells who allocated.  What GStreamer
 * allocates for a meta or an event is its own; GSlice is told to use malloc(), so
 * that nothing is hidden.
 */
#include <dlfcn.h>
#include <glib/gstdio.h>
#include <gst/gst.h>

#include "fakemodel.h"
#include "malloccount.h"

#define ANSWER \
  "{\"output\": {\"tensor\": {\"dtype\": \"float32\", \"shape\": [%s], " \
  "\"values\": [%s]}}}"

#define MANY_BOXES 400
#define MASK_EDGE 64

#define PIPELINE \
  "videotestsrc num-buffers=%d ! " \
  "video/x-raw,format=RGB,width=320,height=240 ! " \
  "torchscriptinfer model=\"%s\" decoder=%s max-detections=400 meta=own ! " \
  "detectionoverlay ! fakesink name=sink signal-handoffs=true"

#define WARM_FRAMES 50
#define FRAMES 200

typedef void (*SetFunc) (int on);
typedef int (*GetFunc) (const char *library);
typedef void (*PrintFunc) (int frames);

static SetFunc set_counting;
static GetFunc get_count;
static PrintFunc print_counts;
static gint n_frames;

static void
on_frame (GstElement * sink, GstBuffer * buffer, GstPad * pad, gpointer data)
{
  n_frames++;
  if (n_frames == WARM_FRAMES)
    set_counting (1);
  if (n_frames == WARM_FRAMES + FRAMES)
    set_counting (0);
}

static void
run (const gchar * model, const gchar * decoder)
{
  g_autofree gchar *line = g_strdup_printf (PIPELINE,
      WARM_FRAMES + FRAMES + 10, model, decoder);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error), *sink;
  GstBus *bus;
  GstMessage *message;

  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_frame), NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bus = gst_element_get_bus (pipeline);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

static void
check (const gchar * decoder, const gchar * shape, const gchar * values)
{
  g_autofree gchar *directory = g_dir_make_tmp ("allocations-XXXXXX", NULL);
  g_autofree gchar *model = g_build_filename (directory, "m.pt", NULL);
  g_autofree gchar *answer = g_strdup_printf (ANSWER, shape, values);

  fake_model_write (model, answer);
  n_frames = 0;
  run (model, decoder);
  g_remove (model);
  g_rmdir (directory);

  g_print ("%s [%s]:\n", decoder, shape);
  print_counts (FRAMES);
  g_assert_cmpint (n_frames, >=, WARM_FRAMES + FRAMES);
  /* The counting works at all: GStreamer makes a meta for each frame. */
  g_assert_cmpint (get_count ("libgstreamer"), >=, FRAMES);
  /* Fewer than one in ten frames: growing once or twice is no steady state. */
  g_assert_cmpint (get_count ("libgsttorchscript"), <, FRAMES / 10);
  g_assert_cmpint (get_count ("libtorchscriptextras"), <, FRAMES / 10);
}

static void
check_many_boxes (void)
{
  g_autoptr (GString) values = g_string_new (NULL);
  gint i;

  for (i = 0; i < MANY_BOXES; i++)
    g_string_append_printf (values, "%s%d, 8, %d, 40, 0.5, %d",
        i > 0 ? ", " : "", i % 280, i % 280 + 20, i % 3);
  check ("yolo-end2end", "1, 400, 6", values->str);
}

static void
check_mask (void)
{
  g_autoptr (GString) values = g_string_new (NULL);
  g_autofree gchar *shape = g_strdup_printf ("1, 2, %d, %d", MASK_EDGE,
      MASK_EDGE);

  for (gint i = 0; i < 2 * MASK_EDGE * MASK_EDGE; i++)
    g_string_append_printf (values, "%s%d", i > 0 ? ", " : "", i % 7);
  check ("segmentation", shape, values->str);
}

int
main (int argc, char **argv)
{
  set_counting = (SetFunc) dlsym (RTLD_DEFAULT, "malloc_count_set");
  get_count = (GetFunc) dlsym (RTLD_DEFAULT, "malloc_count_get");
  print_counts = (PrintFunc) dlsym (RTLD_DEFAULT, "malloc_count_print");
  if (set_counting == NULL) {
    g_print ("skipped: malloccount is not preloaded\n");
    return 77;
  }
  gst_init (&argc, &argv);
  check ("yolo-end2end", "1, 3, 6", "8, 8, 40, 40, 0.5, 1, "
      "4, 4, 20, 20, 0.75, 0, 9, 9, 30, 30, 0.25, 2");
  check_many_boxes ();
  check ("classification", "1, 4", "0.5, 2, -1, 0");
  check_mask ();
  return 0;
}
