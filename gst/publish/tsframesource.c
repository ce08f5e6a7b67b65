/* tsframesource.c - which page of which source a frame is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsframesource.h"

#include "objectadopt.h"

void
ts_frame_source_init (TsFrameSource * self)
{
  *self = (TsFrameSource) {
  0};
  ts_objects_init (&self->objects);
}

void
ts_frame_source_clear (TsFrameSource * self)
{
  g_clear_pointer (&self->source, g_free);
  ts_objects_clear (&self->objects);
  g_clear_pointer (&self->adopted, gst_buffer_unref);
}

/* Takes @uri; files get their name, as users know it. */
static void
set_source (TsFrameSource * self, gchar * uri)
{
  g_autofree gchar *path = g_filename_from_uri (uri, NULL, NULL);

  g_free (self->source);
  self->source = path != NULL ? g_filename_display_name (path) :
      g_utf8_make_valid (uri, -1);
  g_free (uri);
}

static void
take_tags (TsFrameSource * self, GstEvent * event)
{
  GstTagList *tags;
  gchar *location;
  guint number;

  gst_event_parse_tag (event, &tags);
  if (gst_tag_list_get_string (tags, GST_TAG_LOCATION, &location)) {
    set_source (self, location);
    self->asked = TRUE;
  }
  if (gst_tag_list_get_uint (tags, GST_TAG_TRACK_NUMBER, &number) && number > 0)
    self->page = number - 1;
}

static void
take_size (TsFrameSource * self, GstEvent * event)
{
  const GstStructure *s;
  GstCaps *caps;
  gint width = 0, height = 0;

  gst_event_parse_caps (event, &caps);
  s = gst_caps_get_structure (caps, 0);
  gst_structure_get_int (s, "width", &width);
  gst_structure_get_int (s, "height", &height);
  self->width = (guint) MAX (width, 0);
  self->height = (guint) MAX (height, 0);
}

void
ts_frame_source_event (TsFrameSource * self, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START) {
    ts_frame_source_clear (self);
    ts_frame_source_init (self);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    take_size (self, event);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
    take_tags (self, event);
  }
}

/* A pattern of file names, as multifilesrc has, names no file. */
static void
ask_for_source (TsFrameSource * self, GstPad * pad)
{
  GstQuery *query = gst_query_new_uri ();
  gchar *uri = NULL;

  if (gst_pad_peer_query (pad, query))
    gst_query_parse_uri (query, &uri);
  gst_query_unref (query);
  if (uri != NULL && !g_str_has_prefix (uri, "multifile:"))
    set_source (self, g_steal_pointer (&uri));
  g_free (uri);
  self->asked = TRUE;
}

/* What the record shows of @buffer. */
static GstBuffer *
adopt (TsFrameSource * self, GstBuffer * buffer)
{
  ts_objects_collect (&self->objects, buffer);
  g_clear_pointer (&self->adopted, gst_buffer_unref);
  self->adopted = ts_objects_adopt (&self->objects, buffer, self->width,
      self->height, self->n_adopted);
  if (self->adopted == NULL)
    return buffer;
  self->n_adopted++;
  return self->adopted;
}

TsRecord
ts_frame_source_next (TsFrameSource * self, GstPad * pad, GstBuffer * buffer)
{
  if (!self->asked)
    ask_for_source (self, pad);
  return (TsRecord) {
  adopt (self, buffer), ++self->page, self->source};
}
