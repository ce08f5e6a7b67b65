/* test_device.c - devices, and a card without memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: test_device PACKAGE   (one whose batches need much memory: run.sh)
 */
#include <cuda_runtime_api.h>
#include <string.h>

#include "cardmemory.h"
#include "tsdetector.h"
#include "tserror.h"

#define BATCH 32
#define EDGE 1024

static const TsThresholds thresholds = { 0.f, -1.f, 0 };

static const gchar *package;
static TsImage image;

static TsDetector *
open_on (const gchar * device, GError ** error)
{
  const TsDetectorOptions options = {.model = package,.device = device };

  return ts_detector_open (&options, error);
}

static void
assert_error (const GError * error, gint code, const gchar * part)
{
  g_assert_error (error, TS_ERROR, code);
  g_test_message ("%s", error->message);
  if (!strstr (error->message, part))
    g_error ("\"%s\" does not contain \"%s\"", error->message, part);
}

static void
test_choice (void)
{
  g_autoptr (GError) error = NULL;
  TsDetector *detector = open_on ("auto", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (ts_detector_get_device (detector), ==, "cuda:0");
  g_test_message ("%s", ts_detector_get_device_reason (detector));
  ts_detector_free (detector);
  g_assert_null (open_on ("cuda:77", &error));
  assert_error (error, TS_ERROR_DEVICE, "device 'cuda:77' does not exist");
}

/* Gives the number of pictures that worked, which are all the same one; all errors must
 * be of memory. */
static guint
run_batch (TsDetector * detector)
{
  TsBatchItem items[BATCH];
  TsResult results[BATCH];
  guint n_good, n_boxes = G_MAXUINT;

  for (guint i = 0; i < BATCH; i++) {
    ts_result_init (&results[i]);
    items[i] = (TsBatchItem) {
    &image, &thresholds, FALSE, &results[i]};
  }
  n_good = ts_detector_run_batch (detector, items, BATCH);
  for (guint i = 0; i < BATCH; i++) {
    if (items[i].error)
      assert_error (items[i].error, TS_ERROR_MEMORY, "memory");
    else if (n_boxes == G_MAXUINT)
      n_boxes = results[i].boxes->len;
    else
      g_assert_cmpuint (results[i].boxes->len, ==, n_boxes);
    g_clear_error (&items[i].error);
    ts_result_clear (&results[i]);
  }
  return n_good;
}

static void
test_full_card (void)
{
  g_autoptr (GError) error = NULL;

  card_memory_fill (0);
  g_assert_null (open_on ("cuda", &error));
  assert_error (error, TS_ERROR_MEMORY, "memory");
  card_memory_free ();
}

/* Half of a batch may fit where the whole does not; in the end nothing does, and
 * then all of it again. */
static void
test_little_memory (void)
{
  g_autoptr (GError) error = NULL;
  TsDetector *detector = open_on ("cuda", &error);

  g_assert_no_error (error);
  g_assert_true (ts_detector_warm_up (detector, EDGE, EDGE, 1, &error));
  card_memory_fill (1500);
  g_assert_cmpuint (run_batch (detector), ==, BATCH);
  card_memory_fill (0);
  g_assert_cmpuint (run_batch (detector), <=, BATCH);
  card_memory_free ();
  g_assert_cmpuint (run_batch (detector), ==, BATCH);
  g_usleep (6 * G_USEC_PER_SEC);
  g_assert_cmpuint (run_batch (detector), ==, BATCH);
  g_test_message ("%s", ts_detector_get_frames_note (detector));
  ts_detector_free (detector);
}

/* Even one picture does not fit; the same detector works once there is room. */
static void
test_no_memory (void)
{
  g_autoptr (GError) error = NULL;
  TsDetector *detector = open_on ("cuda", &error);

  g_assert_no_error (error);
  card_memory_fill (0);
  g_assert_false (ts_detector_warm_up (detector, EDGE, EDGE, 1, &error));
  assert_error (error, TS_ERROR_MEMORY, "memory");
  g_assert_cmpuint (run_batch (detector), ==, 0);
  card_memory_free ();
  g_assert_cmpuint (run_batch (detector), ==, BATCH);
  ts_detector_free (detector);
}

int
main (int argc, char **argv)
{
  gint count = 0;

  g_test_init (&argc, &argv, NULL);
  if (cudaGetDeviceCount (&count) != cudaSuccess || count == 0 || argc < 2) {
    g_print ("skipped: no card, or no package is named\n");
    return 77;
  }
  package = argv[1];
  image = (TsImage) {
    TS_PIXEL_GRAY8, EDGE, EDGE, {
    g_malloc0 (EDGE * EDGE)}
    , {
    EDGE}
  };
  for (guint i = 0; i < EDGE * EDGE; i++)
    ((guint8 *) image.plane[0])[i] = (guint8) ((i * 2654435761u) >> 13);
  g_test_add_func ("/cuda/choice", test_choice);
  g_test_add_func ("/cuda/full-card", test_full_card);
  g_test_add_func ("/cuda/no-memory", test_no_memory);
  g_test_add_func ("/cuda/little-memory", test_little_memory);
  return g_test_run ();
}
