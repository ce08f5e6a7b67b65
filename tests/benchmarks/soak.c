/* soak.c - frames for long, while streams come and go
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: soak MODULE.pt FRAMES
 * Streams of one shared model, of several sizes and settings, live for a while each; half
 * of them end with their stream, of which every frame must come out, and half are
 * stopped with frames on their way.  Ten times on the way all of them are stopped, save
 * one without frames that keeps the model: what the process has then must not grow.
 * Prints a JSON line for each of these times; exits with 1 if something grew.
 */
#include <gst/app/gstappsrc.h>
#include <stdio.h>
#include <stdlib.h>

#include "lines.h"

#define N_STREAMS 6
#define N_LOOKS 10
/* malloc's arenas find their size slowly. */
#define N_WARM_UP_LOOKS 5
#define LONGEST_LIFE 200
#define MOST_GROWTH_KB 2048
#define SAME_LOOKS 70
#define SHARED "device=cpu decoder=yolo-end2end tune=off batch-size=4 threads=1 "

static const gchar *const settings[] = {
  "max-in-flight=1", "max-in-flight=3", "max-in-flight=6 tracker=iou",
  "max-in-flight=2 on-late=reuse inference-interval=2 stats-interval=1",
  "max-in-flight=2 output-tensors=true meta=roi"
};

static const gint edges[] = { 32, 64, 96 };

typedef struct
{
  GstElement *pipeline;
  GstAppSrc *source;
  gsize frame_size;
  guint n_left, n_pushed;
  gint n_out;                   /* atomic */
} Stream;

typedef struct
{
  gint rss_kb, threads, descriptors;
} Look;

static void
count_frame (GstElement * sink, GstBuffer * buffer, GstPad * pad, gpointer n)
{
  g_atomic_int_inc ((gint *) n);
}

static void
start_stream (Stream * self, const gchar * module, GRand * rand)
{
  gint edge = edges[g_rand_int_range (rand, 0, G_N_ELEMENTS (edges))];
  g_autofree gchar *line = g_strdup_printf ("appsrc name=in format=time "
      "block=true max-buffers=2 caps=video/x-raw,format=RGB,width=%d,height=%d,"
      "framerate=25/1 ! torchscriptinfer model=\"%s\" " SHARED " %s ! "
      "fakesink name=out signal-handoffs=true sync=false", edge, edge, module,
      settings[g_rand_int_range (rand, 0, G_N_ELEMENTS (settings))]);
  g_autoptr (GstElement) sink = NULL;

  self->pipeline = gst_parse_launch (line, NULL);
  self->source = GST_APP_SRC (gst_bin_get_by_name (GST_BIN (self->pipeline),
          "in"));
  self->frame_size = (gsize) edge *edge * 3;
  self->n_left = g_rand_int_range (rand, 1, LONGEST_LIFE);
  self->n_pushed = 0;
  self->n_out = 0;
  sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "out");
  g_signal_connect (sink, "handoff", G_CALLBACK (count_frame), &self->n_out);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

static void
fail (const gchar * what, gint found, gint expected)
{
  fprintf (stderr, "%s: %d, expected %d\n", what, found, expected);
  exit (1);
}

static void
end_stream (Stream * self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_app_src_end_of_stream (self->source);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (!message || GST_MESSAGE_TYPE (message) != GST_MESSAGE_EOS)
    fail ("a stream does not end; its frames", self->n_out, self->n_pushed);
  if (self->n_out != (gint) self->n_pushed)
    fail ("frames that came out", self->n_out, self->n_pushed);
}

static void
stop_stream (Stream * self, gboolean ends)
{
  if (!self->pipeline)
    return;
  if (ends)
    end_stream (self);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->source);
  g_clear_pointer (&self->pipeline, gst_object_unref);
}

static void
push_frame (Stream * self)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, self->frame_size, NULL);

  gst_buffer_memset (buffer, 0, self->n_pushed & 255, self->frame_size);
  GST_BUFFER_PTS (buffer) = self->n_pushed++ * GST_SECOND / 25;
  if (gst_app_src_push_buffer (self->source, buffer) != GST_FLOW_OK)
    fail ("a frame was refused; after", self->n_pushed, self->n_left);
}

static gint
count_entries (const gchar * path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  gint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

/* GLib gives a thread that has nothing to do half a second before it ends. */
static gint
count_threads (void)
{
  gint n = 0, before, same = 0;

  while (same < SAME_LOOKS) {
    before = n;
    n = count_entries ("/proc/self/task");
    same = n == before ? same + 1 : 0;
    g_usleep (10000);
  }
  return n;
}

static Look
look (guint64 n_frames)
{
  gint threads = count_threads ();
  Look now = { read_memory_kb ("VmRSS"), threads,
    count_entries ("/proc/self/fd")
  };

  printf ("{\"frames\": %" G_GUINT64_FORMAT
      ", \"rss_kb\": %d, \"threads\": %d, " "\"descriptors\": %d}\n", n_frames,
      now.rss_kb, now.threads, now.descriptors);
  fflush (stdout);
  return now;
}

static void
compare (const Look * first, const Look * now)
{
  /* A sanitizer keeps freed memory. */
#ifndef __SANITIZE_ADDRESS__
  if (now->rss_kb > first->rss_kb + MOST_GROWTH_KB)
    fail ("resident kB", now->rss_kb, first->rss_kb);
#endif
  if (now->threads > first->threads)
    fail ("threads", now->threads, first->threads);
  if (now->descriptors > first->descriptors)
    fail ("descriptors", now->descriptors, first->descriptors);
}

/* A part of the soak, at the end of which no stream is left. */
static guint64
run_part (Stream * streams, const gchar * module, guint64 n_frames,
    GRand * rand)
{
  guint64 n = 0;

  while (n < n_frames) {
    Stream *stream = &streams[g_rand_int_range (rand, 0, N_STREAMS)];

    if (!stream->pipeline)
      start_stream (stream, module, rand);
    push_frame (stream);
    n++;
    if (--stream->n_left == 0)
      stop_stream (stream, g_rand_boolean (rand));
  }
  for (guint i = 0; i < N_STREAMS; i++)
    stop_stream (&streams[i], TRUE);
  return n;
}

int
main (int argc, char **argv)
{
  g_autofree gchar *line = NULL;
  Stream streams[N_STREAMS] = { {NULL} };
  GRand *rand = g_rand_new_with_seed (1);
  GstElement *keeper;
  guint64 n = 0;
  Look first = { 0 };

  gst_init (&argc, &argv);
  if (argc != 3) {
    fprintf (stderr, "usage: %s MODULE.pt FRAMES\n", argv[0]);
    return 2;
  }
  /* None that waits for other work is kept. */
  g_thread_pool_set_max_unused_threads (0);
  line = g_strdup_printf ("torchscriptinfer model=\"%s\" " SHARED, argv[1]);
  keeper = gst_parse_launch (line, NULL);
  if (gst_element_set_state (keeper, GST_STATE_PAUSED)
      == GST_STATE_CHANGE_FAILURE)
    return 1;
  for (guint i = 0; i < N_LOOKS; i++) {
    Look now;

    n += run_part (streams, argv[1], atoi (argv[2]) / N_LOOKS, rand);
    now = look (n);
    if (i < N_WARM_UP_LOOKS)
      first = now;
    else
      compare (&first, &now);
  }
  gst_element_set_state (keeper, GST_STATE_NULL);
  gst_object_unref (keeper);
  g_rand_free (rand);
  return 0;
}
