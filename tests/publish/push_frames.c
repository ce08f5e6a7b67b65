/* push_frames.c - a pipeline of frames with answers on them, for tests elsewhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: push_frames N MICROSECONDS METAS ELEMENTS
 *
 * Runs N empty frames through the ELEMENTS (as gst-launch-1.0 takes them), with a
 * pause between them. METAS names what they carry: d a page of detections, e one
 * with nothing found, c classes, m a mask; any of them, in this order; L many
 * detections; s what a second model says of two of the page's detections: boxes, classes
 * and a mask; r a region that an element of others has found and tracks. Answer i has the number i and a time of i milliseconds. What an
 * element posts is written to standard output, as well as the properties of the
 * element "out" in the end, if it has such.
 */
#include <gst/video/video.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "torchscript.h"

#define WIDTH 100
#define HEIGHT 80
#define MANY 400

static const gchar *metas;
static gulong pause_us;
static guint64 number;

static void
add_page (GstBuffer * buffer)
{
  const GstTorchscriptDetection found[] = {
    {10, 60, 90, 70, 0.5f, 4, "figure_caption", 21, 23, 0, 3,
        GST_TORCHSCRIPT_RELATION_CAPTION_OF},
    {10.25f, 5, 90, 9.5f, 0.93f, 0, "title", 22, 0, 0, 1},
    {10, 20, 90, 59, 0.75f, 3, "figure", 23, 0, 9, 2},
    {-2, 72, 101, 81, 0.25f, 2, "a, \"b\" <&>\x01\xff\xc3\xa4", 24},
    {1, 2, 3, 4, 0.125f, 11, NULL, 25},
  };

  gst_buffer_add_torchscript_detection_meta (buffer, "pages", WIDTH, HEIGHT,
      number, found, G_N_ELEMENTS (found));
}

static void
add_many (GstBuffer * buffer)
{
  GstTorchscriptDetection found[MANY];

  for (guint i = 0; i < MANY; i++)
    found[i] = (GstTorchscriptDetection) {
    i, 0, i + 1, 1, 0.5f, i, "plain text"};
  gst_buffer_add_torchscript_detection_meta (buffer, "many", WIDTH, HEIGHT,
      number, found, MANY);
}

static void
add_classes (GstBuffer * buffer)
{
  const GstTorchscriptClassification classes[] = {
    {0.875f, 7, "cat"}, {0.125f, 1, NULL}
  };

  gst_buffer_add_torchscript_classification_meta (buffer, "animals", number,
      classes, 2);
}

/* Four by two cells; the lower row reaches out of the frame. */
static void
add_mask (GstBuffer * buffer)
{
  const guint16 classes[] = { 0, 0, 5, 5, 0, 0, 0, 300 };
  GstTorchscriptMaskMeta *meta = gst_buffer_add_torchscript_mask_meta (buffer,
      "cells", WIDTH, HEIGHT, number, 4, 2, classes, 8);

  meta->height = 100;
}

static void
add_second_stage (GstBuffer * buffer)
{
  const GstTorchscriptDetection found[] = {
    {12, 22, 40, 30, 0.75f, 1, "cell", 31, 23},
    {41, 22, 80, 30, 0.5f, 1, "cell", 32, 23},
  };
  const GstTorchscriptClassification classes[] = { {0.625f, 2, "large"} };
  const guint16 cell = 4;
  GstTorchscriptMaskMeta *mask;

  gst_buffer_add_torchscript_detection_meta (buffer, "cells", WIDTH, HEIGHT,
      number, found, 2);
  gst_buffer_add_torchscript_classification_meta (buffer, "sizes", number,
      classes, 1)->parent_id = 22;
  mask = gst_buffer_add_torchscript_mask_meta (buffer, "parts", WIDTH, HEIGHT,
      number, 1, 1, &cell, 1);
  mask->parent_id = 23;
  mask->x = 10;
  mask->y = 20;
  mask->width = 80;
  mask->height = 39;
}

static void
add_region (GstBuffer * buffer)
{
  gst_video_region_of_interest_meta_add_param
      (gst_buffer_add_video_region_of_interest_meta (buffer, "cat", 20, 30, 40,
          10), gst_structure_new ("object_id", "id", G_TYPE_INT, 3, NULL));
}

static GstPadProbeReturn
add_metas (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstBuffer *buffer = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER
      (info));

  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  GST_BUFFER_PTS (buffer) = number * GST_MSECOND;
  if (strchr (metas, 'd'))
    add_page (buffer);
  if (strchr (metas, 'e'))
    gst_buffer_add_torchscript_detection_meta (buffer, "pages", WIDTH, HEIGHT,
        number, NULL, 0);
  if (strchr (metas, 'L'))
    add_many (buffer);
  if (strchr (metas, 'c'))
    add_classes (buffer);
  if (strchr (metas, 'm'))
    add_mask (buffer);
  if (strchr (metas, 's'))
    add_second_stage (buffer);
  if (strchr (metas, 'r'))
    add_region (buffer);
  number++;
  g_usleep (pause_us);
  return GST_PAD_PROBE_OK;
}

static void
print_property (GstElement * pipeline, const gchar * name)
{
  g_autoptr (GstElement) out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  guint64 value;

  if (out == NULL
      || g_object_class_find_property (G_OBJECT_GET_CLASS (out), name) == NULL)
    return;
  g_object_get (out, name, &value, NULL);
  printf ("%s=%" G_GUINT64_FORMAT "\n", name, value);
}

/* The exit status once @message ends the run; -1 before. */
static gint
handle (GstMessage * message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      text = gst_structure_to_string (gst_message_get_structure (message));
      printf ("message=%s\n", text);
      return -1;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, NULL);
      printf ("error=%s %d %s\n", g_quark_to_string (error->domain),
          error->code, error->message);
      return 1;
    case GST_MESSAGE_EOS:
      return 0;
    default:
      return -1;
  }
}

int
main (int argc, char **argv)
{
  g_autofree gchar *launch = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = NULL, source = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstBus) bus = NULL;
  gint status = -1;

  setlocale (LC_ALL, "");
  gst_init (NULL, NULL);
  if (argc != 5)
    return 2;
  setvbuf (stdout, NULL, _IOLBF, 0);
  pause_us = strtoul (argv[2], NULL, 10);
  metas = argv[3];
  launch = g_strdup_printf ("fakesrc name=in num-buffers=%s format=time ! %s ! "
      "fakesink", argv[1], argv[4]);
  pipeline = gst_parse_launch (launch, &error);
  if (error != NULL) {
    printf ("error=%s\n", error->message);
    return 2;
  }
  source = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, add_metas, NULL, NULL);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (status < 0) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop (bus,
        GST_CLOCK_TIME_NONE);

    status = handle (message);
  }
  print_property (pipeline, "published");
  print_property (pipeline, "dropped");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return status;
}
