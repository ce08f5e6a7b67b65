/* benchmark_overlay.c - detectionoverlay beside GStreamer's own overlay
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: benchmark_overlay [ROUNDS]
 * Forty labelled boxes that move, with scores that change, on frames of 1080p.
 * In each round both elements draw on one frame, timed by the thread's own clock.
 * A JSON line for each format with medians and the quartiles of the rounds'
 * ratios; then detectionoverlay alone with boxes of half and of double the size
 * and on a frame of four times the pixels, so that it shows what the cost follows.
 */
#include <gst/analytics/analytics.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <time.h>

#include "torchscript.h"

#define N_BOXES 40

typedef struct
{
  const gchar *format;
  gint width, height;
  gdouble size;                 /* of the boxes, 1: an eighth of 1080p's width */
} Scene;

static const gchar *const labels[] = { "title", "plain text", "abandon",
  "figure", "figure_caption", "table", "table_caption", "table_footnote",
  "isolate_formula", "formula_caption"
};

static gdouble
now_ms (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static GstHarness *
start (const gchar * element, const Scene * scene)
{
  GstHarness *h = gst_harness_new (element);
  g_autofree gchar *caps = g_strdup_printf ("video/x-raw, format=%s, "
      "width=%d, height=%d, framerate=30/1", scene->format, scene->width,
      scene->height);

  gst_harness_set_src_caps_str (h, caps);
  gst_harness_set_sink_caps_str (h, caps);
  return h;
}

static void
place (const Scene * scene, GRand * rand, GstTorchscriptDetection * d)
{
  gdouble width = 240 * scene->size * g_rand_double_range (rand, 0.5, 1.5);
  gdouble height = 120 * scene->size * g_rand_double_range (rand, 0.5, 1.5);

  d->class_id = g_rand_int_range (rand, 0, G_N_ELEMENTS (labels));
  d->label = labels[d->class_id];
  d->score = g_rand_double_range (rand, 0.25, 1);
  d->x1 = (gint) g_rand_double_range (rand, 0, scene->width - width);
  d->y1 = (gint) g_rand_double_range (rand, 30, scene->height - height);
  d->x2 = d->x1 + (gint) width;
  d->y2 = d->y1 + (gint) height;
}

static void
attach (GstBuffer * buffer, const Scene * scene,
    const GstTorchscriptDetection * boxes, gboolean analytics)
{
  GstAnalyticsRelationMeta *meta;
  gint i;

  if (!analytics) {
    gst_buffer_add_torchscript_detection_meta (buffer, "model", scene->width,
        scene->height, 0, boxes, N_BOXES);
    return;
  }
  meta = gst_buffer_add_analytics_relation_meta (buffer);
  for (i = 0; i < N_BOXES; i++) {
    const GstTorchscriptDetection *d = &boxes[i];
    GstAnalyticsODMtd mtd;

    gst_analytics_relation_meta_add_od_mtd (meta,
        g_quark_from_string (d->label), d->x1, d->y1, d->x2 - d->x1,
        d->y2 - d->y1, d->score, &mtd);
  }
}

/* Time of one frame, its making and its meta not included. */
static gdouble
draw (GstHarness * h, const Scene * scene,
    const GstTorchscriptDetection * boxes, gboolean analytics)
{
  GstVideoInfo info;
  GstBuffer *buffer;
  gdouble begin;

  gst_video_info_set_format (&info, gst_video_format_from_string
      (scene->format), scene->width, scene->height);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_memset (buffer, 0, 0x80, info.size);
  attach (buffer, scene, boxes, analytics);
  begin = now_ms ();
  gst_harness_push (h, buffer);
  begin = now_ms () - begin;
  gst_buffer_unref (gst_harness_pull (h));
  return begin;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return (x > y) - (x < y);
}

static gdouble
quantile (GArray * values, gdouble q)
{
  g_array_sort (values, compare);
  return g_array_index (values, gdouble, (guint) (q * (values->len - 1) + 0.5));
}

static void
measure (const Scene * scene, gint rounds)
{
  GstHarness *ours = start ("detectionoverlay", scene);
  GstHarness *rival = start ("objectdetectionoverlay", scene);
  g_autoptr (GArray) a = g_array_new (FALSE, FALSE, sizeof (gdouble));
  g_autoptr (GArray) b = g_array_new (FALSE, FALSE, sizeof (gdouble));
  g_autoptr (GArray) ratios = g_array_new (FALSE, FALSE, sizeof (gdouble));
  GRand *rand = g_rand_new_with_seed (1);
  gint i, j;

  for (i = -5; i < rounds; i++) {
    GstTorchscriptDetection boxes[N_BOXES];
    gdouble x, y, ratio;

    for (j = 0; j < N_BOXES; j++)
      place (scene, rand, &boxes[j]);
    x = draw (ours, scene, boxes, FALSE);
    y = draw (rival, scene, boxes, TRUE);
    ratio = y / x;
    if (i < 0)
      continue;
    g_array_append_val (a, x);
    g_array_append_val (b, y);
    g_array_append_val (ratios, ratio);
  }
  g_print ("{\"name\": \"overlay %s %dx%d boxes x%g\", \"ours_ms\": %.3f, "
      "\"rival\": \"objectdetectionoverlay\", \"rival_ms\": %.3f, "
      "\"ratio\": %.2f, \"spread\": [%.2f, %.2f]}\n", scene->format,
      scene->width, scene->height, scene->size, quantile (a, 0.5),
      quantile (b, 0.5), quantile (ratios, 0.5), quantile (ratios, 0.25),
      quantile (ratios, 0.75));
  g_rand_free (rand);
  gst_harness_teardown (ours);
  gst_harness_teardown (rival);
}

int
main (int argc, char **argv)
{
  const Scene scenes[] = {
    {"BGRA", 1920, 1080, 1}, {"BGRx", 1920, 1080, 1}, {"RGB", 1920, 1080, 1},
    {"NV12", 1920, 1080, 1}, {"I420", 1920, 1080, 1},
    {"BGRx", 1920, 1080, 0.5}, {"BGRx", 1920, 1080, 2},
    {"BGRx", 3840, 2160, 1}
  };
  gint rounds;
  guint i;

  gst_init (&argc, &argv);
  rounds = argc > 1 ? atoi (argv[1]) : 60;
  if (!gst_registry_check_feature_version (gst_registry_get (),
          "objectdetectionoverlay", 1, 24, 0)) {
    g_print ("skipped: no objectdetectionoverlay; install "
        "gstreamer1.0-plugins-bad 1.24 or later\n");
    return 77;
  }
  for (i = 0; i < G_N_ELEMENTS (scenes); i++)
    measure (&scenes[i], rounds);
  return 0;
}
