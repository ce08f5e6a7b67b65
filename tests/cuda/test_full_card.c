/* test_full_card.c - torchscriptinfer on a card whose memory is used up in mid-stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: test_full_card PACKAGE   (a large detector that takes any size: run.sh)
 */
#include <cuda_runtime_api.h>
#include <gst/app/app.h>

#include "cardmemory.h"
#include "gsttorchscriptdetectionmeta.h"

/* Longer than a device that failed is left alone. */
#define REST_US (6 * G_USEC_PER_SEC)
#define TIMEOUT (60 * GST_SECOND)

static const gchar *package;

typedef struct
{
  GstElement *pipeline, *src, *sink;
  GstBus *bus;
} Pipeline;

static void
pipeline_start (Pipeline * self, const gchar * on_error)
{
  g_autofree gchar *text = g_strdup_printf ("appsrc name=src format=time ! "
      "torchscriptinfer model=%s device=cuda score-threshold=0 on-error=%s ! "
      "appsink name=sink sync=false", package, on_error);
  g_autoptr (GError) error = NULL;

  self->pipeline = gst_parse_launch (text, &error);
  g_assert_no_error (error);
  self->src = gst_bin_get_by_name (GST_BIN (self->pipeline), "src");
  self->sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "sink");
  self->bus = gst_element_get_bus (self->pipeline);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

static void
pipeline_stop (Pipeline * self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->bus);
  gst_object_unref (self->sink);
  gst_object_unref (self->src);
  gst_object_unref (self->pipeline);
}

static void
push (Pipeline * self, gint width, gint height)
{
  g_autoptr (GstCaps) caps = gst_caps_new_simple ("video/x-raw",
      "format", G_TYPE_STRING, "GRAY8", "width", G_TYPE_INT, width,
      "height", G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, 0, 1, NULL);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, (gsize) width * height,
      NULL);

  gst_buffer_memset (buffer, 0, 200, -1);
  gst_buffer_memset (buffer, (gsize) width * 20, 20, (gsize) width * 40);
  gst_app_src_set_caps (GST_APP_SRC (self->src), caps);
  gst_app_src_push_buffer (GST_APP_SRC (self->src), buffer);
}

/* Whether the next frame that comes out has an answer. */
static gboolean
pull_answer (Pipeline * self)
{
  GstSample *sample =
      gst_app_sink_try_pull_sample (GST_APP_SINK (self->sink), TIMEOUT);
  gboolean answered;

  g_assert_nonnull (sample);
  answered = gst_buffer_get_torchscript_detection_meta
      (gst_sample_get_buffer (sample)) != NULL;
  gst_sample_unref (sample);
  return answered;
}

static void
assert_message (Pipeline * self, GstMessageType type, const gchar * part)
{
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (self->bus, TIMEOUT, type);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  g_test_message ("%s", error->message);
  if (!strstr (error->message, part))
    g_error ("\"%s\" does not contain \"%s\"", error->message, part);
}

static void
assert_recovered (Pipeline * self)
{
  const GstStructure *structure = NULL;

  do {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (self->bus,
        TIMEOUT, GST_MESSAGE_ELEMENT);

    g_assert_nonnull (message);
    structure = gst_message_get_structure (message);
    if (!gst_structure_has_name (structure, "torchscript-recovered"))
      structure = NULL;
    else
      g_assert_cmpstr (gst_structure_get_string (structure, "device"), ==,
          "cuda:0");
  } while (!structure);
}

/* The first frame is a strip, of which a forward pass needs so little that what it has
 * kept is no room for the next one. */
static void
fill_in_mid_stream (Pipeline * self, const gchar * on_error)
{
  pipeline_start (self, on_error);
  push (self, 1280, 40);
  g_assert_true (pull_answer (self));
  card_memory_fill (0);
  push (self, 1240, 1754);
}

/* In float32 and on a strip, cuDNN's search for algorithms takes 9 GB; none stays. */
static void
test_search (void)
{
  const gsize before = card_memory_left ();
  Pipeline self;

  pipeline_start (&self, "fail");
  push (&self, 1280, 40);
  g_assert_true (pull_answer (&self));
  g_test_message ("%" G_GSIZE_FORMAT " MB",
      (before - card_memory_left ()) >> 20);
  g_assert_cmpuint (before - card_memory_left (), <, (gsize) 1500 << 20);
  pipeline_stop (&self);
}

static void
test_fail (void)
{
  Pipeline self;

  fill_in_mid_stream (&self, "fail");
  assert_message (&self, GST_MESSAGE_ERROR, "memory");
  card_memory_free ();
  gst_element_set_state (self.pipeline, GST_STATE_NULL);
  gst_element_set_state (self.pipeline, GST_STATE_PLAYING);
  push (&self, 1240, 1754);
  g_assert_true (pull_answer (&self));
  pipeline_stop (&self);
}

static void
test_pass_through (void)
{
  Pipeline self;

  fill_in_mid_stream (&self, "pass-through");
  g_assert_false (pull_answer (&self));
  assert_message (&self, GST_MESSAGE_WARNING, "memory");
  card_memory_fill (0);         /* what the attempt gave back */
  push (&self, 1240, 1754);
  g_assert_false (pull_answer (&self));
  card_memory_free ();
  push (&self, 1240, 1754);
  g_assert_true (pull_answer (&self));
  assert_recovered (&self);
  pipeline_stop (&self);
}

static void
test_cpu (void)
{
  Pipeline self;

  fill_in_mid_stream (&self, "cpu");
  g_assert_true (pull_answer (&self));
  assert_message (&self, GST_MESSAGE_WARNING, "the CPU answers in place of");
  push (&self, 1240, 1754);
  g_assert_true (pull_answer (&self));
  card_memory_free ();
  g_usleep (REST_US);
  push (&self, 1240, 1754);
  g_assert_true (pull_answer (&self));
  assert_recovered (&self);
  pipeline_stop (&self);
}

int
main (int argc, char **argv)
{
  gint count = 0;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  if (cudaGetDeviceCount (&count) != cudaSuccess || count == 0 || argc < 2) {
    g_print ("skipped: no card, or no package is named\n");
    return 77;
  }
  package = argv[1];
  g_test_add_func ("/full-card/search", test_search);
  g_test_add_func ("/full-card/fail", test_fail);
  g_test_add_func ("/full-card/pass-through", test_pass_through);
  g_test_add_func ("/full-card/cpu", test_cpu);
  return g_test_run ();
}
