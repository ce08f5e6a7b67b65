/* test_memory.c - memory of a size that a model or a frame says, and is not there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GLib ends the program where a few bytes are not there.  What is large, or whose size
 * a stranger says, must be asked for in another way: of all those requests each one
 * fails once, and then all from some moment on.
 */
#include <string.h>

#include "fakemodel.h"
#include "faultlib.h"
#include "faultmodel.h"
#include "faultreport.h"
#include "modeltest.h"
#include "torchscript.h"
#include "tsengine.h"
#include "tserror.h"

/* More than a block that is read or a buffer of libarchive, less than the tensor. */
#define LARGE (300 * 1024)

static gchar *directory, *package, *file;

static void
check_error (const GError * error)
{
  g_assert_error (error, TS_ERROR, TS_ERROR_MEMORY);
  g_assert_nonnull (strstr (error->message, "memory"));
  g_test_message ("%s", error->message);
}

/* Opens a model, runs it, and runs a batch. */
typedef gboolean (*Work) (GError ** error);

static gboolean
open_package (GError ** error)
{
  TsDetector *detector = fault_model_open (package, NULL, NULL, error);
  gint left = detector ? fault_model_run (detector, error) : -1;

  ts_detector_free (detector);
  return left == 8;
}

static gboolean
warm_up (GError ** error)
{
  const TsDetectorOptions options = {
    .model = file,.device = "cpu",.decoder = "yolo-end2end",
    .safety = {.forward_timeout_ms = 10000},.tune = TS_TUNE_FULL
  };
  TsDetector *detector = ts_detector_open (&options, error);
  gboolean done = detector
      && ts_detector_warm_up (detector, FAULT_EDGE, FAULT_EDGE, 1, error)
      && fault_model_run (detector, error) == 8;

  ts_detector_free (detector);
  return done;
}

static gboolean
attach (const TsMask * mask, GError ** error)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();

  if (gst_buffer_add_torchscript_mask_meta (buffer, "m", FAULT_EDGE, FAULT_EDGE,
          0, mask->width, mask->height, mask->classes,
          (gsize) mask->width * mask->height))
    return TRUE;
  g_set_error_literal (error, TS_ERROR, TS_ERROR_MEMORY,
      "no memory for the mask of a buffer");
  return FALSE;
}

static gboolean
segment (GError ** error)
{
  static gfloat scores[2 * FAULT_EDGE * FAULT_EDGE];
  const TsOutput output = { scores, 4, {1, 2, FAULT_EDGE, FAULT_EDGE} };
  const TsDecodeParams params = {.score_threshold = -1.f };
  const TsDecoder *decoder = ts_decoder_find ("segmentation", NULL);
  g_auto (TsResult) result = { NULL };

  ts_result_init (&result);
  return decoder->decode (&output, 0, &params, &result, error)
      && attach (&result.mask, error);
}

static const struct
{
  const gchar *name, *outcome;
  Work work;
} works[] = {
  {"no memory for each large thing that a package needs",
      "an error says how much was asked for; the next try works", open_package},
  {"no memory for each large thing that tuning and a watched run need",
      "an error says how much was asked for; the next try works", warm_up},
  {"no memory for each part of a segmentation mask",
      "an error says how much was asked for; the next try works", segment},
};

static gboolean
try_once (Work work, glong number, gboolean all, FaultReport * report)
{
  g_autoptr (GError) error = NULL;
  glong failures;
  gboolean done;

  fault_arm (FAULT_MEMORY, number, all, LARGE);
  done = work (&error);
  failures = fault_disarm ();
  report->tries++;
  report->failures += failures;
  if (!done)
    check_error (error);
  report->lost += failures == 0 && !done;
  return failures > 0;
}

static void
test_work (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  FaultReport report = { works[i].name, works[i].outcome };

  for (gint all = FALSE; all <= TRUE; all++)
    for (glong number = 0; try_once (works[i].work, number, all, &report);
        number++);
  g_assert_cmpuint (report.failures, >, 0);
  fault_report (&report);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *script = fault_model_script (8);
  gint status;

  directory = fault_directory_new ();
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);
  fault_watch (120);
  package = g_build_filename (directory, "package", NULL);
  file = g_build_filename (directory, "model.pt", NULL);
  fault_model_write_package (package);
  fake_model_write (file, script);
  for (guint i = 0; i < G_N_ELEMENTS (works); i++) {
    g_autofree gchar *path = g_strdup_printf ("/faults/memory/%u", i);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_work);
  }
  status = g_test_run ();
  model_test_remove (directory);
  return status;
}
