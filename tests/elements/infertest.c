/* infertest.c - what the tests of torchscriptinfer over the fake shim share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "infertest.h"

#include <glib/gstdio.h>
#include <string.h>

#include "fakemodel.h"
#include "torchscript.h"

gchar *infer_test_directory;

/* A model of this script, under this name. */
gchar *
write_model (const gchar * name, const gchar * script)
{
  gchar *path = g_build_filename (infer_test_directory, name, NULL);

  fake_model_write (path, script);
  return path;
}

GstElement *
new_infer (const gchar * script, const gchar * decoder)
{
  GstElement *infer = gst_element_factory_make ("torchscriptinfer", NULL);
  g_autofree gchar *path = write_model ("m.pt", script);
  GstBus *bus = gst_bus_new ();

  fail_unless (infer != NULL);
  g_object_set (infer, "model", path, "decoder", decoder, NULL);
  gst_element_set_bus (infer, bus);
  gst_object_unref (bus);
  return infer;
}

/* Owned by the harness alone, in the end. */
GstHarness *
new_harness (GstElement * infer)
{
  GstHarness *h = gst_harness_new_with_element (infer, "sink", "src");

  gst_object_unref (infer);
  gst_harness_set_src_caps_str (h, CAPS);
  return h;
}

void
tear_down (GstHarness * h)
{
  GstBus *bus = gst_element_get_bus (h->element);

  gst_bus_set_flushing (bus, TRUE);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

/* The number is in the first pixel and in the time. */
GstBuffer *
new_frame (guint number)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, FRAME_SIZE, NULL);
  const guint8 pixel[3] = { number & 255, (number >> 8) & 255, number >> 16 };

  gst_buffer_memset (buffer, 0, 0, FRAME_SIZE);
  gst_buffer_fill (buffer, 0, pixel, 3);
  GST_BUFFER_PTS (buffer) = number * 40 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 40 * GST_MSECOND;
  return buffer;
}

guint
get_number (GstBuffer * buffer)
{
  return GST_BUFFER_PTS (buffer) / (40 * GST_MSECOND);
}

/* One answer, and that to this frame's pixels. */
void
check_answer (GstBuffer * buffer, guint number)
{
  GstTorchscriptTensorMeta *meta =
      gst_buffer_get_torchscript_tensor_meta (buffer);
  const gfloat *values;
  GstMapInfo map;
  guint found;

  fail_unless_equals_int (get_number (buffer), number);
  fail_unless_equals_int (gst_buffer_get_n_meta (buffer,
          GST_TORCHSCRIPT_TENSOR_META_API_TYPE), 1);
  fail_unless (gst_buffer_map (gst_torchscript_tensor_get_data
          (gst_torchscript_tensor_meta_get_tensor (meta, 0)), &map,
          GST_MAP_READ));
  values = (const gfloat *) map.data;
  fail_unless_equals_int (map.size, FRAME_SIZE * sizeof (gfloat));
  found = (guint) (values[0] * 255 + 0.5)
      + 256 * (guint) (values[EDGE * EDGE] * 255 + 0.5);
  fail_unless_equals_int (found, number);
  gst_buffer_unmap (gst_torchscript_tensor_get_data
      (gst_torchscript_tensor_meta_get_tensor (meta, 0)), &map);
}

void
pull_and_check (GstHarness * h, guint number)
{
  GstBuffer *buffer = gst_harness_pull (h);

  fail_unless (buffer != NULL, "frame %u does not come", number);
  check_answer (buffer, number);
  gst_buffer_unref (buffer);
}

gboolean
has_message (GstElement * infer, GstMessageType type)
{
  GstBus *bus = gst_element_get_bus (infer);
  GstMessage *message = gst_bus_pop_filtered (bus, type);
  gboolean found = message != NULL;

  if (found)
    gst_message_unref (message);
  gst_object_unref (bus);
  return found;
}

void
flush (GstHarness * h)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_start ()));
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  fail_unless (gst_harness_push_event (h, gst_event_new_segment (&segment)));
}

guint64
get_stat (GstElement * infer, const gchar * field, const gchar * part)
{
  GstStructure *stats, *inner = NULL;
  guint64 value = 0;

  g_object_get (infer, "stats", &stats, NULL);
  if (part != NULL)
    fail_unless (gst_structure_get (stats, field, GST_TYPE_STRUCTURE, &inner,
            NULL));
  gst_structure_get_uint64 (part != NULL ? inner : stats, part != NULL ?
      part : field, &value);
  if (inner != NULL)
    gst_structure_free (inner);
  gst_structure_free (stats);
  return value;
}

/* Taken from the bus and not looked at yet. */
static GList *inbox;

GstMessage *
pop_message (GstElement * infer, GstMessageType type)
{
  GstBus *bus = gst_element_get_bus (infer);
  GstMessage *message;
  GList *link;

  while ((message = gst_bus_pop (bus)) != NULL)
    inbox = g_list_append (inbox, message);
  gst_object_unref (bus);
  for (link = inbox; link != NULL; link = link->next) {
    message = link->data;
    if (GST_MESSAGE_TYPE (message) == type
        && GST_MESSAGE_SRC (message) == GST_OBJECT (infer)) {
      inbox = g_list_delete_link (inbox, link);
      return message;
    }
  }
  return NULL;
}

/* The text of the next such message, or NULL. */
static gchar *
pop_text (GstElement * infer, GstMessageType type)
{
  GstMessage *message = pop_message (infer, type);
  GError *error = NULL;
  gchar *text;

  if (message == NULL)
    return NULL;
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  text = g_strdup (error->message);
  g_error_free (error);
  gst_message_unref (message);
  return text;
}

void
expect_text (GstElement * infer, GstMessageType type, const gchar * words)
{
  g_auto (GStrv) list = g_strsplit (words, "|", -1);
  g_autofree gchar *text = pop_text (infer, type);
  guint i;

  fail_unless (text != NULL, "no message of '%s'", words);
  for (i = 0; list[i] != NULL; i++)
    fail_unless (strstr (text, list[i]) != NULL, "'%s' is not in '%s'", list[i],
        text);
}

void
expect_no_text (GstElement * infer, GstMessageType type)
{
  g_autofree gchar *text = pop_text (infer, type);

  fail_unless (text == NULL, "%s", text);
}

static void
start (void)
{
  infer_test_directory = g_dir_make_tmp ("infertest-XXXXXX", NULL);
}

/* The models are flat files. */
static void
end (void)
{
  GDir *dir = g_dir_open (infer_test_directory, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (infer_test_directory, name,
        NULL);

    g_remove (path);
  }
  g_dir_close (dir);
  g_rmdir (infer_test_directory);
  g_clear_pointer (&infer_test_directory, g_free);
}

int
infer_test_main (int argc, char **argv, Suite * (*make_suite) (void))
{
  gint n_failed;

  gst_check_init (&argc, &argv);
  start ();
  n_failed = gst_check_run_suite (make_suite (), argv[0], argv[0]);
  end ();
  return n_failed;
}
