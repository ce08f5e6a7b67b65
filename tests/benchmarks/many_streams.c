/* many_streams.c - streams that share a model: rates, latency, memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: many_streams CAPS WIDTH HEIGHT "torchscriptinfer ..."
 * CAPS are of RGB frames of that size.  Each stream is a thread that pushes frames,
 * each in memory of its own, into an element of its own.  Reads commands, a line each,
 * and answers each with a JSON line:
 *
 *   add N            N more streams, warmed up
 *   run N            N frames through each, as fast as they go: "ms", "cpu_ms" of all
 *                    processors, and "forward_ms" and "batch", means over the frames
 *   peak N           the same: "peak_kb", the most resident memory meanwhile
 *   load RATE N      N frames through each, RATE a second of all streams together,
 *                    evenly, each stream with a phase of its own: the latency from
 *                    when a frame was due to its answer, "p50_ms", "p95_ms",
 *                    "max_ms", and these means
 */
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lines.h"

#define WARM_UP_FRAMES 2
#define SAMPLE_US 5000

typedef struct
{
  const gchar *element;
  GstCaps *caps;
  gsize frame_size;
  guint8 *pixels;
  GstBus *bus;
  GPtrArray *streams;           /* of Stream */
  GMutex lock;                  /* guards what follows */
  GCond done;                   /* all frames of a command are out */
  GArray *latencies;            /* of gdouble, ms */
  guint n_expected;
} Bench;

typedef struct
{
  Bench *bench;
  GstElement *infer;
  GstPad *source, *sink;
  GThread *thread;

  /* Of the command at hand. */
  guint n_frames;
  gint64 start_us;              /* when the first frame is due */
  gdouble interval_us;          /* 0: as fast as they go */
} Stream;

/* The time stamp says when the frame was due. */
static GstFlowReturn
take_frame (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  Bench *bench = gst_pad_get_element_private (pad);
  gdouble ms = g_get_monotonic_time () / 1e3 - GST_BUFFER_PTS (buffer) / 1e6;

  g_mutex_lock (&bench->lock);
  g_array_append_val (bench->latencies, ms);
  if (bench->latencies->len == bench->n_expected)
    g_cond_signal (&bench->done);
  g_mutex_unlock (&bench->lock);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static void
fail (Bench * bench)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bench->bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  if (message)
    gst_message_parse_error (message, &error, NULL);
  fprintf (stderr, "%s\n", error ? error->message : "a frame was refused");
  exit (1);
}

static void
push_frame (Stream * self, gint64 due_us)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, self->bench->frame_size,
      NULL);

  gst_buffer_fill (buffer, 0, self->bench->pixels, self->bench->frame_size);
  GST_BUFFER_PTS (buffer) = due_us * 1000;
  if (gst_pad_push (self->source, buffer) != GST_FLOW_OK)
    fail (self->bench);
}

static gpointer
push_frames (gpointer data)
{
  Stream *self = data;

  for (guint i = 0; i < self->n_frames; i++) {
    gint64 now = g_get_monotonic_time ();
    gint64 due = self->interval_us > 0 ?
        self->start_us + (gint64) (i * self->interval_us) : now;

    if (due > now)
      g_usleep (due - now);
    push_frame (self, due);
  }
  return NULL;
}

static void
start_stream (Stream * self)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_set_active (self->sink, TRUE);
  if (gst_element_set_state (self->infer, GST_STATE_PLAYING)
      == GST_STATE_CHANGE_FAILURE)
    fail (self->bench);
  gst_pad_set_active (self->source, TRUE);
  gst_pad_push_event (self->source, gst_event_new_stream_start ("stream"));
  if (!gst_pad_push_event (self->source,
          gst_event_new_caps (self->bench->caps)))
    fail (self->bench);
  gst_pad_push_event (self->source, gst_event_new_segment (&segment));
}

static void
add_stream (Bench * bench)
{
  Stream *self = g_new0 (Stream, 1);
  g_autoptr (GstPad) in = NULL;
  g_autoptr (GstPad) out = NULL;

  self->bench = bench;
  self->infer = gst_parse_launch (bench->element, NULL);
  gst_element_set_bus (self->infer, bench->bus);
  self->source = gst_pad_new ("src", GST_PAD_SRC);
  self->sink = gst_pad_new ("sink", GST_PAD_SINK);
  gst_pad_set_element_private (self->sink, bench);
  gst_pad_set_chain_function (self->sink, take_frame);
  in = gst_element_get_static_pad (self->infer, "sink");
  out = gst_element_get_static_pad (self->infer, "src");
  gst_pad_link (self->source, in);
  gst_pad_link (out, self->sink);
  start_stream (self);
  g_ptr_array_add (bench->streams, self);
}

/* @peak_kb, if it is wanted, gets the most resident memory until then: looking at it
 * takes time of its own. */
static void
wait_until_done (Bench * bench, gint * peak_kb)
{
  if (peak_kb)
    *peak_kb = 0;
  g_mutex_lock (&bench->lock);
  while (bench->latencies->len < bench->n_expected) {
    if (peak_kb)
      *peak_kb = MAX (*peak_kb, read_memory_kb ("VmRSS"));
    g_cond_wait_until (&bench->done, &bench->lock,
        peak_kb ? g_get_monotonic_time () + SAMPLE_US : G_MAXINT64);
  }
  g_mutex_unlock (&bench->lock);
}

/* Runs all streams and gives the milliseconds. */
static gdouble
run_streams (Bench * bench, guint n_frames, gdouble interval_us, gint * peak_kb)
{
  gint64 start = g_get_monotonic_time ();

  g_array_set_size (bench->latencies, 0);
  bench->n_expected = n_frames * bench->streams->len;
  for (guint i = 0; i < bench->streams->len; i++) {
    Stream *stream = g_ptr_array_index (bench->streams, i);

    stream->n_frames = n_frames;
    stream->interval_us = interval_us;
    stream->start_us = start + (gint64) (interval_us * g_random_double ());
    stream->thread = g_thread_new ("source", push_frames, stream);
  }
  wait_until_done (bench, peak_kb);
  for (guint i = 0; i < bench->streams->len; i++)
    g_thread_join (((Stream *) g_ptr_array_index (bench->streams, i))->thread);
  return (g_get_monotonic_time () - start) / 1e3;
}

/* Sums the forward times, and the sizes of batches, over all frames so far. */
static void
sum_stats (const Bench * bench, gdouble * forward_ms, gdouble * batch)
{
  *forward_ms = *batch = 0;
  for (guint i = 0; i < bench->streams->len; i++) {
    Stream *stream = g_ptr_array_index (bench->streams, i);
    GstStructure *stats, *forward, *sizes;
    guint64 n, mean;

    g_object_get (stream->infer, "stats", &stats, NULL);
    gst_structure_get (stats, "forward", GST_TYPE_STRUCTURE, &forward,
        "batch-sizes", GST_TYPE_STRUCTURE, &sizes, NULL);
    gst_structure_get (forward, "n", G_TYPE_UINT64, &n, "mean", G_TYPE_UINT64,
        &mean, NULL);
    *forward_ms += n * (mean / 1e6);
    for (gint s = 0; s < gst_structure_n_fields (sizes); s++) {
      const gchar *size = gst_structure_nth_field_name (sizes, s);

      gst_structure_get_uint64 (sizes, size, &n);
      *batch += n * g_ascii_strtod (size, NULL);
    }
    gst_structure_free (forward);
    gst_structure_free (sizes);
    gst_structure_free (stats);
  }
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

static gdouble
get_percentile (const GArray * sorted, gdouble part)
{
  return g_array_index (sorted, gdouble, (guint) (part * (sorted->len - 1)));
}

static void
load_streams (Bench * bench, gdouble rate, guint n_frames)
{
  guint n = n_frames * bench->streams->len;
  gdouble forward[2], batch[2];

  sum_stats (bench, &forward[0], &batch[0]);
  run_streams (bench, n_frames, 1e6 * bench->streams->len / rate, NULL);
  sum_stats (bench, &forward[1], &batch[1]);
  g_array_sort (bench->latencies, compare);
  printf ("{\"p50_ms\": %.2f, \"p95_ms\": %.2f, \"max_ms\": %.2f, "
      "\"forward_ms\": %.2f, \"batch\": %.2f}\n",
      get_percentile (bench->latencies, 0.5),
      get_percentile (bench->latencies, 0.95),
      get_percentile (bench->latencies, 1),
      (forward[1] - forward[0]) / n, (batch[1] - batch[0]) / n);
}

static gdouble
get_processor_ms (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3
      + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void
time_streams (Bench * bench, guint n)
{
  gdouble forward[2], batch[2];
  gdouble ms, cpu_ms;

  sum_stats (bench, &forward[0], &batch[0]);
  cpu_ms = get_processor_ms ();
  ms = run_streams (bench, n, 0, NULL);
  cpu_ms = get_processor_ms () - cpu_ms;
  sum_stats (bench, &forward[1], &batch[1]);
  n *= bench->streams->len;
  printf ("{\"ms\": %.3f, \"cpu_ms\": %.3f, \"forward_ms\": %.2f, "
      "\"batch\": %.2f}\n", ms, cpu_ms, (forward[1] - forward[0]) / n,
      (batch[1] - batch[0]) / n);
}

static void
obey (Bench * bench, const gchar * line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 3);
  guint n = atoi (words[1]);
  gint peak_kb;

  if (g_str_equal (words[0], "load")) {
    load_streams (bench, g_ascii_strtod (words[1], NULL), atoi (words[2]));
  } else if (g_str_equal (words[0], "add")) {
    for (guint i = 0; i < n; i++)
      add_stream (bench);
    run_streams (bench, WARM_UP_FRAMES, 0, NULL);
    printf ("{\"streams\": %u}\n", bench->streams->len);
  } else if (g_str_equal (words[0], "peak")) {
    run_streams (bench, n, 0, &peak_kb);
    printf ("{\"peak_kb\": %d}\n", peak_kb);
  } else {
    time_streams (bench, n);
  }
}

int
main (int argc, char **argv)
{
  Bench bench = { NULL };
  gchar line[64];

  gst_init (&argc, &argv);
  if (argc != 5) {
    fprintf (stderr, "usage: %s CAPS WIDTH HEIGHT ELEMENT\n", argv[0]);
    return 2;
  }
  bench.element = argv[4];
  bench.caps = gst_caps_from_string (argv[1]);
  bench.frame_size = (gsize) GST_ROUND_UP_4 (3 * atoi (argv[2]))
      * atoi (argv[3]);
  bench.pixels = g_malloc (bench.frame_size);
  memset (bench.pixels, 200, bench.frame_size);
  bench.bus = gst_bus_new ();
  bench.streams = g_ptr_array_new ();
  bench.latencies = g_array_new (FALSE, FALSE, sizeof (gdouble));
  g_mutex_init (&bench.lock);
  g_cond_init (&bench.done);
  puts ("{}");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin)) {
    obey (&bench, g_strchomp (line));
    fflush (stdout);
  }
  for (guint i = 0; i < bench.streams->len; i++)
    gst_element_set_state (((Stream *) g_ptr_array_index (bench.streams,
                i))->infer, GST_STATE_NULL);
  return 0;
}
