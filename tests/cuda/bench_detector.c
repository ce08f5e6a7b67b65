/* bench_detector.c - frames a second of a detector's lanes, without a pipeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: bench_detector MODEL DEVICE BATCH LANES SECONDS WIDTH HEIGHT
 * Each lane is a thread that runs batches of NV12 frames of noise as fast as it can.
 * Prints one JSON object.
 */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>

#include "tsdetector.h"

#define N_IMAGES 8

static const TsThresholds thresholds = { -1.f, -1.f, 0 };

static TsImage images[N_IMAGES];
static gint batch, n_lanes, seconds;
static gint stop;

typedef struct
{
  TsDetector *detector;
  GArray *times_ms;             /* of each batch (gdouble) */
} Lane;

static void
fill_images (gint width, gint height)
{
  gsize size = (gsize) width * height;

  for (gint i = 0; i < N_IMAGES; i++) {
    guint8 *pixels = g_malloc (size * 3 / 2);

    for (gsize k = 0; k < size * 3 / 2; k++)
      pixels[k] = (guint8) (((k + i) * 2654435761u) >> 13);
    images[i] = (TsImage) {
      TS_PIXEL_NV12, width, height, {
      pixels, pixels + size}
      , {
      width, width}
    };
  }
}

static void
run_batch (TsDetector * detector, TsBatchItem * items, TsResult * results)
{
  for (gint i = 0; i < batch; i++) {
    items[i] = (TsBatchItem) {
    &images[i % N_IMAGES], &thresholds, FALSE, &results[i]};
  }
  ts_detector_run_batch (detector, items, batch);
  for (gint i = 0; i < batch; i++)
    if (items[i].error)
      g_error ("%s", items[i].error->message);
}

static gpointer
run_lane (gpointer data)
{
  g_autofree TsBatchItem *items = g_new0 (TsBatchItem, batch);
  g_autofree TsResult *results = g_new0 (TsResult, batch);
  Lane *lane = data;

  for (gint i = 0; i < batch; i++)
    ts_result_init (&results[i]);
  while (!g_atomic_int_get (&stop)) {
    gint64 start = g_get_monotonic_time ();
    gdouble time;

    run_batch (lane->detector, items, results);
    time = (g_get_monotonic_time () - start) / 1000.;
    g_array_append_val (lane->times_ms, time);
  }
  for (gint i = 0; i < batch; i++)
    ts_result_clear (&results[i]);
  return NULL;
}

static int
compare (const void *a, const void *b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

/* One run of all lanes together. */
static gdouble
measure (Lane * lanes, gdouble for_seconds)
{
  g_autofree GThread **threads = g_new (GThread *, n_lanes);
  gint64 start = g_get_monotonic_time ();
  guint n = 0;

  g_atomic_int_set (&stop, 0);
  for (gint i = 0; i < n_lanes; i++) {
    g_array_set_size (lanes[i].times_ms, 0);
    threads[i] = g_thread_new ("lane", run_lane, &lanes[i]);
  }
  g_usleep ((gulong) (for_seconds * G_USEC_PER_SEC));
  g_atomic_int_set (&stop, 1);
  for (gint i = 0; i < n_lanes; i++) {
    g_thread_join (threads[i]);
    n += lanes[i].times_ms->len;
  }
  return n * (gdouble) batch *G_USEC_PER_SEC
      / (g_get_monotonic_time () - start);
}

/* Of the whole card, which should have no other user. */
static gdouble
get_used_mb (void)
{
  gsize free = 0, total = 0;

  if (cudaMemGetInfo (&free, &total) != cudaSuccess)
    return 0.;
  return (gdouble) (total - free) / (1 << 20);
}

static void
report (Lane * lanes, const gchar * model, gdouble rate)
{
  GArray *times = lanes[0].times_ms;
  const gchar *note = ts_detector_get_frames_note (lanes[0].detector);
  gdouble *t = (gdouble *) times->data;

  qsort (t, times->len, sizeof *t, compare);
  printf ("{\"bench\": \"detector\", \"model\": \"%s\", \"device\": \"%s\", "
      "\"batch\": %d, \"lanes\": %d, \"frames_per_second\": %.1f, "
      "\"batch_ms\": {\"min\": %.3f, \"median\": %.3f, \"p90\": %.3f}, "
      "\"memory_mb\": %.0f, \"note\": \"%s\"}\n", model,
      ts_detector_get_device (lanes[0].detector), batch, n_lanes, rate, t[0],
      t[times->len / 2], t[times->len * 9 / 10], get_used_mb (),
      note ? note : "");
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  TsDetectorOptions options = { NULL };
  g_autofree Lane *lanes = NULL;
  gint width, height;

  if (argc != 8) {
    g_printerr
        ("bench_detector MODEL DEVICE BATCH LANES SECONDS WIDTH HEIGHT\n");
    return 1;
  }
  options.model = argv[1];
  options.device = argv[2];
  batch = atoi (argv[3]);
  n_lanes = atoi (argv[4]);
  seconds = atoi (argv[5]);
  width = atoi (argv[6]);
  height = atoi (argv[7]);
  fill_images (width, height);
  lanes = g_new0 (Lane, n_lanes);
  lanes[0].detector = ts_detector_open (&options, &error);
  if (!lanes[0].detector || !ts_detector_warm_up (lanes[0].detector, width,
          height, 1, &error))
    g_error ("%s", error->message);
  for (gint i = 0; i < n_lanes; i++) {
    if (i > 0)
      lanes[i].detector = ts_detector_fork (lanes[0].detector);
    lanes[i].times_ms = g_array_new (FALSE, FALSE, sizeof (gdouble));
  }
  measure (lanes, 0.5);
  report (lanes, argv[1], measure (lanes, seconds));
  for (gint i = n_lanes - 1; i >= 0; i--) {
    ts_detector_free (lanes[i].detector);
    g_array_unref (lanes[i].times_ms);
  }
  return 0;
}
