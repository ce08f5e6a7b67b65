/* test_detectionjson.c - the lines, and what happens when they cannot be written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <json-glib/json-glib.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "torchscript.h"

static const GstTorchscriptDetection found[] = {
  {102.5f, 80.25f, 884, 131.1f, 0.93f, 0, "title", 7},
  {0, -1.5f, 1e-3f, 1654.33337f, 0.1f, 42, NULL, 8},
  {1, 2, 3, 4, 1, 3, "quote \" back\\slash \n \xc3\xa4 \x01"},
};

typedef struct
{
  gchar *path;
  GstHarness *harness;
} Fixture;

static void
fixture_start (Fixture * f)
{
  GstElement *e = gst_element_factory_make ("detectionjson", NULL);
  gint fd = g_file_open_tmp ("detectionjson-XXXXXX", &f->path, NULL);

  fail_unless (fd >= 0);
  g_close (fd, NULL);
  g_object_set (e, "location", f->path, NULL);
  f->harness = gst_harness_new_with_element (e, "sink", "src");
  gst_harness_set_src_caps_str (f->harness, "video/x-raw,format=RGB,"
      "width=4,height=4,framerate=0/1");
  gst_object_unref (e);
}

static void
fixture_stop (Fixture * f)
{
  gst_harness_teardown (f->harness);
  g_remove (f->path);
  g_free (f->path);
}

static GstBuffer *
new_buffer (GstClockTime pts, guint64 result, guint n)
{
  GstBuffer *buffer = gst_buffer_new ();

  GST_BUFFER_PTS (buffer) = pts;
  gst_buffer_add_torchscript_detection_meta (buffer, "the model", 990, 1400,
      result, found, n);
  return buffer;
}

/* The file's lines; every one must end in a newline. */
static gchar **
read_lines (const gchar * path)
{
  gchar *text, **lines;
  gsize size;
  guint n;

  fail_unless (g_file_get_contents (path, &text, &size, NULL));
  fail_unless (size == 0 || text[size - 1] == '\n');
  lines = g_strsplit (text, "\n", -1);
  n = g_strv_length (lines);
  if (n > 0)
    g_clear_pointer (&lines[n - 1], g_free);
  g_free (text);
  return lines;
}

static void
check_detection (JsonObject * o, const GstTorchscriptDetection * d)
{
  const gfloat box[] = { d->x1, d->y1, d->x2, d->y2 };
  JsonArray *numbers = json_object_get_array_member (o, "box");
  guint i;

  fail_unless_equals_int (json_object_get_size (o), 5);
  fail_unless_equals_int (json_object_get_int_member (o, "class_id"),
      d->class_id);
  if (d->label == NULL) {
    fail_unless (json_object_get_null_member (o, "label"));
  } else {
    fail_unless_equals_string (json_object_get_string_member (o, "label"),
        d->label);
  }
  fail_unless ((gfloat) json_object_get_double_member (o, "score")
      == d->score);
  fail_unless_equals_int (json_array_get_length (numbers), 4);
  for (i = 0; i < 4; i++)
    fail_unless ((gfloat) json_array_get_double_element (numbers, i)
        == box[i]);
}

static void
check_line (const gchar * line, GstClockTime pts, guint64 result, guint n)
{
  JsonNode *root = json_from_string (line, NULL);
  JsonObject *o;
  JsonArray *detections;
  guint i;

  fail_unless (root != NULL, "%s", line);
  o = json_node_get_object (root);
  fail_unless_equals_int (json_object_get_size (o), 8);
  fail_unless_equals_uint64 (json_object_get_int_member (o, "result"), result);
  fail_unless_equals_string (json_object_get_string_member (o, "model"),
      "the model");
  fail_unless_equals_int (json_object_get_int_member (o, "width"), 990);
  fail_unless_equals_int (json_object_get_int_member (o, "height"), 1400);
  if (GST_CLOCK_TIME_IS_VALID (pts)) {
    fail_unless_equals_uint64 (json_object_get_int_member (o, "pts"), pts);
  } else {
    fail_unless (json_object_get_null_member (o, "pts"));
  }
  detections = json_object_get_array_member (o, "detections");
  fail_unless_equals_int (json_array_get_length (detections), n);
  for (i = 0; i < n; i++)
    check_detection (json_array_get_object_element (detections, i), &found[i]);
  json_node_unref (root);
}

static void
push (Fixture * f, GstBuffer * buffer)
{
  GstBuffer *out = gst_harness_push_and_pull (f->harness,
      gst_buffer_ref (buffer));

  fail_unless (out == buffer);
  gst_buffer_unref (out);
  gst_buffer_unref (buffer);
}

GST_START_TEST (test_lines)
{
  Fixture f;
  gchar **lines;

  fixture_start (&f);
  push (&f, new_buffer (0, 0, 3));
  push (&f, gst_buffer_new ());
  push (&f, new_buffer (GST_CLOCK_TIME_NONE, G_GUINT64_CONSTANT (1) << 40, 0));
  push (&f, new_buffer (40 * GST_MSECOND, 2, 1));
  /* Still running: a line is there as soon as its buffer is out. */
  lines = read_lines (f.path);
  fail_unless_equals_int (g_strv_length (lines), 3);
  check_line (lines[0], 0, 0, 3);
  check_line (lines[1], GST_CLOCK_TIME_NONE, G_GUINT64_CONSTANT (1) << 40, 0);
  check_line (lines[2], 40 * GST_MSECOND, 2, 1);
  g_strfreev (lines);
  fixture_stop (&f);
}

GST_END_TEST;

GST_START_TEST (test_standard_output)
{
  gint saved = dup (STDOUT_FILENO), fd;
  gchar *path, **lines;
  GstElement *e = gst_element_factory_make ("detectionjson", NULL);
  GstHarness *h;

  fd = g_file_open_tmp ("detectionjson-XXXXXX", &path, NULL);
  fflush (stdout);
  dup2 (fd, STDOUT_FILENO);
  g_object_set (e, "location", "-", NULL);
  h = gst_harness_new_with_element (e, "sink", "src");
  gst_harness_set_src_caps_str (h, "video/x-raw");
  gst_buffer_unref (gst_harness_push_and_pull (h, new_buffer (3, 4, 1)));
  gst_harness_teardown (h);
  gst_object_unref (e);
  /* Standard output itself must still be open. */
  fail_unless_equals_int (fcntl (STDOUT_FILENO, F_GETFD) & ~FD_CLOEXEC, 0);
  dup2 (saved, STDOUT_FILENO);
  close (saved);
  close (fd);
  lines = read_lines (path);
  fail_unless_equals_int (g_strv_length (lines), 1);
  check_line (lines[0], 3, 4, 1);
  g_strfreev (lines);
  g_remove (path);
  g_free (path);
}

GST_END_TEST;

GST_START_TEST (test_two_models_two_lines)
{
  Fixture f;
  GstBuffer *buffer = new_buffer (5, 1, 2);
  gchar **lines;

  fixture_start (&f);
  gst_buffer_add_torchscript_detection_meta (buffer, "the model", 990, 1400, 8,
      found, 1);
  push (&f, buffer);
  lines = read_lines (f.path);
  fail_unless_equals_int (g_strv_length (lines), 2);
  check_line (lines[0], 5, 1, 2);
  check_line (lines[1], 5, 8, 1);
  g_strfreev (lines);
  fixture_stop (&f);
}

GST_END_TEST;

GST_START_TEST (test_numbers_are_short_and_exact)
{
  Fixture f;
  gchar **lines;

  fixture_start (&f);
  push (&f, new_buffer (7, 1, 2));
  lines = read_lines (f.path);
  fail_unless_equals_string (lines[0],
      "{\"result\":1,\"model\":\"the model\",\"pts\":7,\"page\":1,"
      "\"source\":null,\"width\":990,\"height\":1400,\"detections\":["
      "{\"class_id\":0,\"label\":\"title\","
      "\"score\":0.93,\"box\":[102.5,80.25,884,131.1],\"id\":7},"
      "{\"class_id\":42,\"label\":null,\"score\":0.1,"
      "\"box\":[0,-1.5,0.001,1654.3334],\"id\":8}]}");
  g_strfreev (lines);
  fixture_stop (&f);
}

GST_END_TEST;

static gboolean
answer_uri (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_URI)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_uri (query, "file:///tmp/page%20one.png");
  return TRUE;
}

GST_START_TEST (test_source_is_what_the_source_element_reads)
{
  Fixture f;
  gchar **lines;

  fixture_start (&f);
  gst_pad_set_query_function (f.harness->srcpad, answer_uri);
  push (&f, new_buffer (0, 0, 0));
  push (&f, new_buffer (1, 1, 0));
  lines = read_lines (f.path);
  fail_unless (strstr (lines[1],
          ",\"page\":2,\"source\":\"/tmp/page one.png\",") != NULL);
  g_strfreev (lines);
  fixture_stop (&f);
}

GST_END_TEST;

GST_START_TEST (test_not_a_number_is_null)
{
  const GstTorchscriptDetection d = { NAN, 0, INFINITY, 1, 0.5f, 0, "a" };
  GstBuffer *buffer = gst_buffer_new ();
  JsonNode *root;
  Fixture f;
  gchar **lines;

  fixture_start (&f);
  gst_buffer_add_torchscript_detection_meta (buffer, "m", 1, 1, 0, &d, 1);
  push (&f, buffer);
  lines = read_lines (f.path);
  root = json_from_string (lines[0], NULL);
  fail_unless (root != NULL, "%s", lines[0]);
  fail_unless (strstr (lines[0], "[null,0,null,1]") != NULL);
  json_node_unref (root);
  g_strfreev (lines);
  fixture_stop (&f);
}

GST_END_TEST;

GST_START_TEST (test_label_that_is_no_utf8)
{
  const GstTorchscriptDetection d = { 0, 0, 1, 1, 0.5f, 0, "a\xff" };
  GstBuffer *buffer = gst_buffer_new ();
  Fixture f;
  gchar **lines;

  fixture_start (&f);
  gst_buffer_add_torchscript_detection_meta (buffer, "m", 1, 1, 0, &d, 1);
  push (&f, buffer);
  lines = read_lines (f.path);
  fail_unless (g_utf8_validate (lines[0], -1, NULL));
  fail_unless (strstr (lines[0], "a\xef\xbf\xbd") != NULL);
  g_strfreev (lines);
  fixture_stop (&f);
}

GST_END_TEST;

GST_START_TEST (test_each_start_empties_the_file)
{
  Fixture f;
  gchar **lines;

  fixture_start (&f);
  push (&f, new_buffer (0, 0, 3));
  gst_element_set_state (f.harness->element, GST_STATE_NULL);
  gst_element_set_state (f.harness->element, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (f.harness, "video/x-h264");
  push (&f, new_buffer (9, 9, 0));
  lines = read_lines (f.path);
  fail_unless_equals_int (g_strv_length (lines), 1);
  check_line (lines[0], 9, 9, 0);
  g_strfreev (lines);
  fixture_stop (&f);
}

GST_END_TEST;

/* Starts an element and gives the error it posts, if any. */
static GError *
start_error (const gchar * location)
{
  GstElement *e = gst_element_factory_make ("detectionjson", NULL);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GError *error = NULL;

  gst_element_set_bus (e, bus);
  g_object_set (e, "location", location, NULL);
  fail_unless_equals_int (gst_element_set_state (e, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  gst_message_unref (message);
  gst_element_set_state (e, GST_STATE_NULL);
  gst_element_set_bus (e, NULL);
  gst_object_unref (bus);
  gst_object_unref (e);
  return error;
}

GST_START_TEST (test_no_location)
{
  const gchar *locations[] = { NULL, "" };
  guint i;

  for (i = 0; i < 2; i++) {
    GError *error = start_error (locations[i]);

    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_NOT_FOUND));
    fail_unless (strstr (error->message, "location") != NULL);
    g_error_free (error);
  }
}

GST_END_TEST;

GST_START_TEST (test_cannot_open)
{
  const gchar *locations[] = { "/nowhere/to/be/found.json", "/" };
  const gint codes[] = { ENOENT, EISDIR };
  guint i;

  for (i = 0; i < 2; i++) {
    GError *error = start_error (locations[i]);

    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_OPEN_WRITE));
    fail_unless (strstr (error->message, locations[i]) != NULL);
    fail_unless (strstr (error->message, g_strerror (codes[i])) != NULL,
        "%s", error->message);
    g_error_free (error);
  }
}

GST_END_TEST;

/* Descriptor 1 is closed, and what is opened next is given its number: the
 * bus's socket in the first case. */
GST_START_TEST (test_no_standard_output)
{
  gint saved = dup (STDOUT_FILENO);
  guint i;

  for (i = 0; i < 3; i++) {
    GError *error;

    fflush (stdout);
    close (STDOUT_FILENO);
    if (i == 1)
      fail_unless_equals_int (eventfd (0, 0), STDOUT_FILENO);
    if (i == 2)
      fail_unless_equals_int (g_open ("/dev/null", O_RDWR | O_CLOEXEC),
          STDOUT_FILENO);
    error = start_error ("-");
    dup2 (saved, STDOUT_FILENO);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_OPEN_WRITE));
    fail_unless (strstr (error->message, "standard output") != NULL, "%s",
        error->message);
    g_error_free (error);
  }
  close (saved);
}

GST_END_TEST;

GST_START_TEST (test_disk_full)
{
  GstElement *e = gst_element_factory_make ("detectionjson", NULL);
  GstBus *bus = gst_bus_new ();
  GstHarness *h;
  GstMessage *message;
  GError *error = NULL;

  g_object_set (e, "location", "/dev/full", NULL);
  h = gst_harness_new_with_element (e, "sink", "src");
  gst_element_set_bus (e, bus);
  gst_harness_set_src_caps_str (h, "video/x-raw");
  fail_unless_equals_int (gst_harness_push (h, new_buffer (0, 0, 1)),
      GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NO_SPACE_LEFT));
  fail_unless (strstr (error->message, "/dev/full") != NULL);
  fail_unless (strstr (error->message, g_strerror (ENOSPC)) != NULL);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_bus (e, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
  gst_object_unref (e);
}

GST_END_TEST;

GST_START_TEST (test_properties_round_trip)
{
  GstElement *e = gst_element_factory_make ("detectionjson", NULL);
  gchar *location;

  g_object_get (e, "location", &location, NULL);
  fail_unless (location == NULL);
  g_object_set (e, "location", "-", NULL);
  g_object_get (e, "location", &location, NULL);
  fail_unless_equals_string (location, "-");
  g_free (location);
  gst_object_unref (e);
}

GST_END_TEST;

static Suite *
detectionjson_suite (void)
{
  Suite *s = suite_create ("detectionjson");
  TCase *tc = tcase_create ("json");

  /* A locale with decimal commas, where there is one, must change nothing. */
  setlocale (LC_NUMERIC, "de_DE.UTF-8");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_lines);
  tcase_add_test (tc, test_standard_output);
  tcase_add_test (tc, test_two_models_two_lines);
  tcase_add_test (tc, test_numbers_are_short_and_exact);
  tcase_add_test (tc, test_source_is_what_the_source_element_reads);
  tcase_add_test (tc, test_not_a_number_is_null);
  tcase_add_test (tc, test_label_that_is_no_utf8);
  tcase_add_test (tc, test_each_start_empties_the_file);
  tcase_add_test (tc, test_no_location);
  tcase_add_test (tc, test_cannot_open);
  tcase_add_test (tc, test_no_standard_output);
  tcase_add_test (tc, test_disk_full);
  tcase_add_test (tc, test_properties_round_trip);
  return s;
}

GST_CHECK_MAIN (detectionjson);
