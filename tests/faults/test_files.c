/* test_files.c - files of a model that cannot be read, or change while they are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fake shim answers.  Each call into the system that an opening makes fails once;
 * then the model opens and answers rightly, or there is an error that names its file,
 * and the next opening works.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "fakemodel.h"
#include "faultlib.h"
#include "faultmodel.h"
#include "faultreport.h"
#include "modeltest.h"
#include "tsarchive.h"
#include "tsmodelspec.h"
#include "tsnpy.h"
#include "tsppm.h"
#include "tssafetensors.h"

static gchar *directory, *package, *zip, *file, *weights, *labels;

static void
write_models (void)
{
  g_autofree gchar *script = fault_model_script (8);
  g_autoptr (GError) error = NULL;

  package = g_build_filename (directory, "package", NULL);
  zip = g_build_filename (directory, "package.zip", NULL);
  file = g_build_filename (directory, "model.pt", NULL);
  fault_model_write_package (package);
  ts_archive_pack (package, zip, &error);
  g_assert_no_error (error);
  fake_model_write (file, script);
  weights = g_build_filename (package, "backends/tch/w.safetensors", NULL);
  labels = model_test_write (directory, "labels.txt", "title\ntext\n", -1);
}

typedef struct
{
  FaultKind kind;
  gboolean all;                 /* not only one call fails */
  gboolean harmless;            /* the model must open nevertheless */
  FaultReport report;
} Case;

/* Whether the model answers as it should. */
static gboolean
answers (TsDetector * detector)
{
  g_autoptr (GError) error = NULL;
  gint left = fault_model_run (detector, &error);

  g_assert_no_error (error);
  return left == 8;
}

/* It must name the file, and the cause where that lasts; the fake shim has no causes. */
static void
check_message (const Case * self, const gchar * message)
{
  const gchar *cause = g_strerror (self->kind == FAULT_OPEN ? EMFILE : EIO);

  g_test_message ("%s", message);
  if (!strstr (message, directory) || strlen (message) < 30)
    g_error ("no file is named: %s", message);
  if (self->all && !strstr (message, cause)
      && !g_str_has_suffix (message, "the fake cannot read it"))
    g_error ("no cause is told: %s", message);
}

/* FALSE: no call has failed, so there are no more of them. */
static gboolean
try_once (Case * self, const gchar * model, glong number)
{
  gboolean alone = model == file;
  g_autoptr (GError) error = NULL;
  TsDetector *detector;
  glong failures;

  fault_arm (self->kind, number, self->all, 0);
  detector = fault_model_open (model, alone ? weights : NULL,
      alone ? labels : NULL, &error);
  failures = fault_disarm ();
  self->report.tries++;
  self->report.failures += failures;
  if (failures == 0 || self->harmless)
    g_assert_no_error (error);
  if (detector)
    self->report.lost += !answers (detector);
  if (error)
    check_message (self, error->message);
  ts_detector_free (detector);
  return failures > 0;
}

static void
test_calls (gconstpointer data)
{
  Case *self = (Case *) data;
  const gchar *const models[] = { package, zip, file };
  guint n_entries = fault_directory_count (directory);

  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    for (glong number = 0; try_once (self, models[i], number); number++)
      if (self->harmless && self->all)
        break;
  /* Nothing of what was unpacked is left. */
  g_assert_cmpuint (fault_directory_count (directory), ==, n_entries);
  g_assert_cmpuint (self->report.failures, >, 3);
  fault_report (&self->report);
}

static Case cases[] = {
  {FAULT_READ, FALSE, FALSE,
        {"a read error (EIO) in each read of a model's files",
          "an error names the file; the next opening works"}},
  {FAULT_READ_AGAIN, FALSE, TRUE,
        {"an interruption (EINTR) of each read of a model's files",
          "the model opens and answers as ever"}},
  {FAULT_READ_SHORT, TRUE, TRUE, {"short reads of a model's files",
          "the model opens and answers as ever"}},
  {FAULT_READ_END, FALSE, FALSE,
        {"a file that ends early, at each read of a model's files",
          "an error names the file; the next opening works"}},
  {FAULT_OPEN, FALSE, FALSE,
        {"no descriptor left (EMFILE) for each of a model's files",
          "an error names the file; the next opening works"}},
  {FAULT_READ, TRUE, FALSE, {"a disk that fails from some moment on (EIO)",
          "an error names the file and the cause; the next opening works"}},
  {FAULT_OPEN, TRUE, FALSE,
        {"no descriptor left for any file from some moment on",
          "an error names the file and the cause; the next opening works"}},
};

/* What was mapped would end this test with SIGBUS. */
static void
test_shortened (void)
{
  FaultReport report = { "a file is shortened while it is in use",
    "what was read of it stays: no SIGBUS"
  };
  g_autofree gchar *npy =
      g_build_filename (package, "selftest/input.npy", NULL);
  g_autofree gchar *copy = g_build_filename (directory, "w.safetensors", NULL);
  g_autofree gchar *ppm = model_test_write (directory, "p.ppm",
      "P6 1 1 255\nabc", -1);
  g_autofree gchar *content = NULL;
  g_autoptr (TsSafetensors) tensors = NULL;
  g_auto (TsNpy) array = { NULL };
  g_auto (TsPpm) picture = { NULL };
  g_autofree gfloat *numbers = NULL;
  gsize size, n;

  g_file_get_contents (weights, &content, &size, NULL);
  g_file_set_contents (copy, content, (gssize) size, NULL);
  tensors = ts_safetensors_open (copy, NULL);
  g_assert_true (ts_npy_open (&array, npy, NULL));
  g_assert_true (ts_ppm_open (&picture, ppm, NULL));
  g_assert_cmpint (truncate (copy, 0), ==, 0);
  g_assert_cmpint (truncate (npy, 0), ==, 0);
  g_assert_cmpint (truncate (ppm, 0), ==, 0);

  g_assert_cmpint (*(const gint32 *) ts_safetensors_get (tensors,
          &n)->tensor.data, ==, 0);
  numbers = ts_npy_to_floats (&array);
  g_assert_cmpfloat (numbers[array.size - 1], ==, 0.f);
  g_assert_cmpint (memcmp (picture.image.plane[0], "abc", 3), ==, 0);
  report.tries = report.failures = 3;
  g_remove (copy);
  g_remove (ppm);
  fault_model_write_package (package);
  fault_report (&report);
}

typedef struct
{
  const gchar *to, *good, *other;
  gint ends;                    /* atomic */
  guint64 swaps;
} Swap;

/* As who deploys a model, or attacks one, would do it. */
static gpointer
swap (gpointer data)
{
  Swap *self = data;
  g_autofree gchar *part = g_strconcat (self->to, ".part", NULL);

  while (!g_atomic_int_get (&self->ends)) {
    const gchar *from = self->swaps++ % 2 ? self->good : self->other;

    g_remove (part);
    g_assert_cmpint (link (from, part), ==, 0);
    g_assert_cmpint (rename (part, self->to), ==, 0);
    g_usleep (200);
  }
  return NULL;
}

/* A package's hash says which of the two modules is the right one. */
static void
test_replaced (void)
{
  FaultReport report = { "the module is replaced while its package is opened",
    "the bytes that were hashed run, or an error tells of the hash"
  };
  g_autofree gchar *model =
      g_build_filename (package, "backends/tch/model.pt", NULL);
  g_autofree gchar *good = g_build_filename (directory, "good.pt", NULL);
  g_autofree gchar *other = g_build_filename (directory, "other.pt", NULL);
  g_autofree gchar *script = fault_model_script (40);
  Swap job = { model, good, other };
  gint64 end = g_get_monotonic_time () + 2 * G_USEC_PER_SEC;
  guint64 opened = 0;
  GThread *thread;

  fake_model_write (other, script);
  g_assert_cmpint (link (model, good), ==, 0);
  thread = g_thread_new ("swap", swap, &job);
  while (g_get_monotonic_time () < end || opened == 0) {
    g_autoptr (GError) error = NULL;
    const TsDetectorOptions options = {.model = package,.device = "cpu" };
    TsDetector *detector = ts_detector_open (&options, &error);

    report.tries++;
    opened += detector != NULL;
    if (detector)
      report.lost += !answers (detector);
    else
      g_assert_nonnull (strstr (error->message, "SHA-256"));
    ts_detector_free (detector);
  }
  g_atomic_int_set (&job.ends, TRUE);
  g_thread_join (thread);
  report.failures = job.swaps;
  g_remove (good);
  g_remove (other);
  fault_model_write_package (package);
  fault_report (&report);
}

int
main (int argc, char **argv)
{
  gint status;

  directory = fault_directory_new ();
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
  g_test_init (&argc, &argv, NULL);
  fault_watch (120);
  write_models ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path = g_strdup_printf ("/faults/files/%u", i);

    g_test_add_data_func (path, &cases[i], test_calls);
  }
  g_test_add_func ("/faults/files/shortened", test_shortened);
  g_test_add_func ("/faults/files/replaced", test_replaced);
  status = g_test_run ();
  model_test_remove (directory);
  return status;
}
