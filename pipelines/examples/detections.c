/* detections.c - prints what a model finds in the frames of a file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cc detections.c $(pkg-config --cflags --libs gstreamer-torchscript-1.0)
 * Usage: detections MODEL IMAGE
 */
#include <gst/torchscript/torchscript.h>

/* Called by the streaming thread for each frame that leaves torchscriptinfer. */
static GstPadProbeReturn
print_detections (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  GstTorchscriptDetectionMeta *meta =
      gst_buffer_get_torchscript_detection_meta (info->data);
  guint i;

  for (i = 0; i < gst_torchscript_detection_meta_get_n_detections (meta); i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);

    g_print ("%s: %.2f at %.0f,%.0f to %.0f,%.0f\n", d->label ? d->label : "?", d->score,
        d->x1, d->y1, d->x2, d->y2);
  }
  return GST_PAD_PROBE_OK;
}

/* Waits for the end of the stream or the first error. */
static int
wait_for_end (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gboolean failed = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
  GError *error = NULL;

  if (failed) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_error_free (error);
  }
  gst_message_unref (message);
  gst_object_unref (bus);
  return failed;
}

int
main (int argc, char **argv)
{
  GstElement *pipeline, *file, *infer;
  GstPad *pad;
  int status;

  gst_init (&argc, &argv);
  g_return_val_if_fail (argc == 3, 2);
  pipeline = gst_parse_launch ("filesrc name=file ! decodebin ! "
      "torchscriptinfer name=infer ! fakesink", NULL);
  file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  infer = gst_bin_get_by_name (GST_BIN (pipeline), "infer");
  g_object_set (infer, "model", argv[1], NULL);
  g_object_set (file, "location", argv[2], NULL);
  pad = gst_element_get_static_pad (infer, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, print_detections, NULL,
      NULL);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  status = wait_for_end (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pad);
  gst_object_unref (infer);
  gst_object_unref (file);
  gst_object_unref (pipeline);
  return status;
}
