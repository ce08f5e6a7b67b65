/* test_disk.c - a disk that is full at each write
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each write() of what packs, unpacks and remembers fails once with ENOSPC.  Lines of
 * detections meet a limit on the size of files at each byte instead, so that writes
 * also end halfway.
 */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "fakemodel.h"
#include "faultlib.h"
#include "faultmodel.h"
#include "faultreport.h"
#include "modeltest.h"
#include "tsarchive.h"
#include "tsmodelspec.h"
#include "tstunecache.h"

#define N_LINES 4
#define KEY "a key"
#define FIGURES "plain 1.0 ms"

static gchar *directory, *package, *zip, *file;

static gboolean
pack (GError ** error)
{
  g_autofree gchar *path = g_build_filename (directory, "new.zip", NULL);
  gboolean done = ts_archive_pack (package, path, error);

  g_assert_true (done == g_file_test (path, G_FILE_TEST_EXISTS));
  g_remove (path);
  return done;
}

static gboolean
unpack (GError ** error)
{
  TsModelSpec *spec = ts_model_spec_read (zip, error);
  gboolean done = spec != NULL;

  ts_model_spec_free (spec);
  return done;
}

/* What was remembered before is remembered still. */
static gboolean
save (GError ** error)
{
  const TsVariant variant = {.frozen = TRUE };
  g_autofree gchar *figures = NULL;
  gboolean done = ts_tune_cache_save (KEY, &variant, FIGURES, error);
  TsVariant found;

  g_assert_true (ts_tune_cache_load (KEY, &found, &figures));
  g_assert_cmpstr (figures, ==, FIGURES);
  return done;
}

typedef struct
{
  gboolean (*work) (GError ** error);
  FaultReport report;
} Case;

static Case cases[] = {
  {pack, {"a full disk while a package is packed",
          "an error says so, and no half of an archive is left"}},
  {unpack, {"a full disk while a package is unpacked",
          "an error says so, and nothing that was unpacked is left"}},
  {save, {"a full disk while the tuning is remembered",
          "an error says so, and what was remembered before stays"}},
};

static void
test_writes (gconstpointer data)
{
  Case *self = (Case *) data;
  guint n_entries;
  glong failures = 1;

  g_assert_true (self->work (NULL));
  n_entries = fault_directory_count (directory);
  for (glong number = 0; failures > 0; number++) {
    g_autoptr (GError) error = NULL;
    gboolean done;

    fault_arm (FAULT_WRITE, number, number % 2, 0);
    done = self->work (&error);
    failures = fault_disarm ();
    g_assert_true (done == (failures == 0));
    if (!done && !strstr (error->message, g_strerror (ENOSPC)))
      g_error ("no reason in: %s", error->message);
    g_assert_cmpuint (fault_directory_count (directory), ==, n_entries);
    self->report.tries++;
    self->report.failures += failures;
  }
  g_assert_cmpuint (self->report.failures, >, 0);
  fault_report (&self->report);
}

/* From here on no file can be longer. */
static void
limit_files (rlim_t size)
{
  struct rlimit limit;

  getrlimit (RLIMIT_FSIZE, &limit);
  limit.rlim_cur = size;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static void
write_lines (const gchar * path, gchar ** message)
{
  g_autofree gchar *line = g_strdup_printf ("videotestsrc num-buffers=%d ! "
      "video/x-raw,format=RGB,width=64,height=48 ! torchscriptinfer model=\"%s\" "
      "decoder=yolo-end2end ! detectionjson location=\"%s\" ! fakesink",
      N_LINES, file, path);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstBus *bus = gst_element_get_bus (pipeline);
  g_autoptr (GError) error = NULL;
  GstMessage *end;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  end = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (end);
  if (GST_MESSAGE_TYPE (end) == GST_MESSAGE_ERROR)
    gst_message_parse_error (end, &error, NULL);
  *message = error ? g_strdup (error->message) : NULL;
  gst_message_unref (end);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}

/* How many lines @text has, each of them whole and in its place. */
static guint
count_lines (const gchar * text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = *text ? g_strv_length (lines) - 1 : 0;

  if (!*text)
    return 0;
  g_assert_cmpstr (lines[n], ==, "");
  for (guint i = 0; i < n; i++) {
    g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);

    g_assert_nonnull (node);
    g_assert_cmpint (json_object_get_int_member (json_node_get_object (node),
            "result"), ==, i);
  }
  return n;
}

static void
try_lines (rlim_t size, FaultReport * report)
{
  g_autofree gchar *path = g_build_filename (directory, "o.json", NULL);
  g_autofree gchar *text = NULL, *message = NULL;

  limit_files (size);
  write_lines (path, &message);
  limit_files (RLIM_INFINITY);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  /* As many lines as fit, and the rest is told of. */
  report->lost += (count_lines (text) < N_LINES) != (message != NULL);
  if (message)
    g_assert_nonnull (strstr (message, path));
  report->tries++;
  report->failures += message != NULL;
  g_remove (path);
}

static void
test_lines (void)
{
  FaultReport report = { "a full disk while detections are written",
    "whole lines are in the file, and an error tells of the others"
  };
  g_autofree gchar *path = g_build_filename (directory, "o.json", NULL);
  g_autofree gchar *whole = NULL, *message = NULL;

  signal (SIGXFSZ, SIG_IGN);
  write_lines (path, &message);
  g_assert_null (message);
  g_assert_true (g_file_get_contents (path, &whole, NULL, NULL));
  g_assert_cmpuint (count_lines (whole), ==, N_LINES);
  for (rlim_t size = 0; size < strlen (whole); size += 1 + size / 8)
    try_lines (size, &report);
  try_lines (RLIM_INFINITY, &report);
  fault_report (&report);
}

static void
test_full_device (void)
{
  FaultReport report = { "/dev/full as the file of detections",
    "an error names it", 1, 1
  };
  g_autofree gchar *message = NULL;

  write_lines ("/dev/full", &message);
  g_assert_nonnull (strstr (message, "/dev/full"));
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
  zip = g_build_filename (directory, "package.zip", NULL);
  file = g_build_filename (directory, "model.pt", NULL);
  fault_model_write_package (package);
  g_assert_true (ts_archive_pack (package, zip, NULL));
  fake_model_write (file, script);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path = g_strdup_printf ("/faults/disk/%u", i);

    g_test_add_data_func (path, &cases[i], test_writes);
  }
  g_test_add_func ("/faults/disk/lines", test_lines);
  g_test_add_func ("/faults/disk/full-device", test_full_device);
  status = g_test_run ();
  model_test_remove (directory);
  return status;
}
