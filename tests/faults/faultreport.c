/* faultreport.c - what a test of a fault has seen, for docs/reliability.md
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "faultreport.h"

#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void
add_int (JsonObject * object, const gchar * name, guint64 value)
{
  json_object_set_int_member (object, name, (gint64) value);
}

static gchar *
to_json (const FaultReport * report)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_node_take_object (node, object);
  json_object_set_string_member (object, "fault", report->fault);
  json_object_set_string_member (object, "outcome", report->outcome);
  add_int (object, "tries", report->tries);
  add_int (object, "failures", report->failures);
  add_int (object, "lost", report->lost);
  return json_to_string (node, FALSE);
}

void
fault_report (const FaultReport * report)
{
  const gchar *directory = g_getenv ("FAULT_REPORT_DIR");
  g_autofree gchar *line = to_json (report);
  g_autofree gchar *sum =
      g_compute_checksum_for_string (G_CHECKSUM_MD5, report->fault, -1);
  g_autofree gchar *name = g_strconcat (sum, ".json", NULL);
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", line);
  g_assert_cmpuint (report->tries, >, 0);
  g_assert_cmpuint (report->lost, ==, 0);
  if (!directory || !*directory)
    return;
  g_mkdir_with_parents (directory, 0777);
  path = g_build_filename (directory, name, NULL);
  g_file_set_contents (path, line, -1, &error);
  g_assert_no_error (error);
}

guint
fault_seconds (guint short_run)
{
  const gchar *text = g_getenv ("FAULT_SECONDS");

  return text && *text ? (guint) g_ascii_strtoull (text, NULL, 10) : short_run;
}

static void
end (int signal_number)
{
  static const char text[] = "Bail out! something waits for ever\n";

  if (write (STDOUT_FILENO, text, strlen (text)) >= 0)
    abort ();
  _exit (1);
}

void
fault_watch (guint seconds)
{
  signal (SIGALRM, end);
  alarm (seconds);
}
