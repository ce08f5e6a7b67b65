/* test_tracks.c - objects and tracks of others, written down and drawn
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <json-glib/json-glib.h>
#include <string.h>

#ifdef HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

#include "analyticsmirror.h"
#include "gsttorchscriptroi.h"
#include "torchscript.h"

#define WIDTH 160
#define HEIGHT 120
#define CAPS "video/x-raw,format=GRAY8,width=160,height=120,framerate=25/1"

/* Two of a class side by side, and one of another class that has the first one's place. */
static const GstTorchscriptDetection cats[] = {
  {20, 30, 60, 100, 0.75f, 5, "cat"},
  {70, 30, 110, 100, 0.5f, 5, "cat"},
  {20, 30, 60, 100, 0.25f, 6, "dog"},
};

static GstBuffer *
new_frame (void)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT, NULL);

  gst_buffer_memset (frame, 0, 128, WIDTH * HEIGHT);
  GST_BUFFER_PTS (frame) = 40 * GST_MSECOND;
  return frame;
}

static GstTorchscriptDetectionMeta *
add_own (GstBuffer * frame, const GstTorchscriptDetection * d, guint n)
{
  return gst_buffer_add_torchscript_detection_meta (frame, "m", WIDTH, HEIGHT,
      7, d, n);
}

static GstHarness *
new_harness (const gchar * element)
{
  GstHarness *h = gst_harness_new_parse (element);
  GstBus *bus = gst_bus_new ();

  gst_element_set_bus (h->element, bus);
  gst_object_unref (bus);
  gst_harness_set_src_caps_str (h, CAPS);
  return h;
}

static void
end (GstHarness * h)
{
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

/* What detectionjson posted of the last frame: an object for each line. */
static JsonArray *
pop_lines (GstHarness * h)
{
  JsonArray *lines = json_array_new ();
  GstBus *bus = gst_element_get_bus (h->element);
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT)) != NULL) {
    const GstStructure *s = gst_message_get_structure (message);

    json_array_add_element (lines, json_from_string (gst_structure_get_string
            (s, "data"), NULL));
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return lines;
}

/* The track of the first detection that is ours. */
static guint
get_own_track (GstBuffer * frame)
{
  GstTorchscriptDetectionMeta *meta =
      gst_buffer_get_torchscript_detection_meta (frame);

  return meta == NULL ? 0 :
      gst_torchscript_detection_meta_get_detection (meta, 0)->track_id;
}

/* Takes @frame, which goes on as it is. */
static JsonArray *
write_down (GstBuffer * frame, const gchar * format)
{
  g_autofree gchar *element = g_strdup_printf ("detectionjson "
      "post-messages=true format=%s", format);
  GstHarness *h = new_harness (element);
  guint track = get_own_track (frame);
  JsonArray *lines;
  GstBuffer *out;

  out = gst_harness_push_and_pull (h, frame);
  g_assert_true (out == frame && gst_buffer_is_writable (out));
  g_assert_cmpuint (get_own_track (out), ==, track);
  lines = pop_lines (h);
  gst_buffer_unref (out);
  end (h);
  return lines;
}

static JsonObject *
get_detection (JsonArray * lines, guint line, guint i)
{
  return json_array_get_object_element (json_object_get_array_member
      (json_array_get_object_element (lines, line), "detections"), i);
}

static gint64
get_number (JsonArray * lines, guint line, guint i, const gchar * key)
{
  return json_object_get_int_member_with_default (get_detection (lines, line,
          i), key, 0);
}

/* The model of the line, and the tracks of its detections. */
static void
check_line (JsonArray * lines, guint line, const gchar * model,
    const gint64 * tracks, guint n)
{
  JsonObject *object = json_array_get_object_element (lines, line);

  g_assert_cmpstr (json_object_get_string_member (object, "model"), ==, model);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object,
              "detections")), ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (get_number (lines, line, i, "track_id"), ==, tracks[i]);
}

/* Takes @frame; gives its pixels as they come out. */
static guint8 *
draw (GstBuffer * frame, const gchar * options)
{
  g_autofree gchar *element = g_strconcat ("detectionoverlay ", options, NULL);
  GstHarness *h = new_harness (element);
  GstBuffer *out = gst_harness_push_and_pull (h, frame);
  gpointer pixels;
  gsize size;

  gst_buffer_extract_dup (out, 0, -1, &pixels, &size);
  g_assert_cmpuint (size, ==, WIDTH * HEIGHT);
  gst_buffer_unref (out);
  end (h);
  return pixels;
}

/* One cat of this track. */
static guint8 *
draw_own (guint track_id, const gchar * options)
{
  GstTorchscriptDetection cat = cats[0];
  GstBuffer *frame = new_frame ();

  cat.track_id = track_id;
  add_own (frame, &cat, 1);
  return draw (frame, options);
}

static gboolean
is_equal (const guint8 * a, const guint8 * b)
{
  return memcmp (a, b, WIDTH * HEIGHT) == 0;
}

static void
test_own_track_is_drawn (void)
{
  g_autofree guint8 *none = draw_own (0, ""), *one = draw_own (1, "");
  g_autofree guint8 *two = draw_own (2, "");
  g_autofree guint8 *hidden = draw_own (2, "show-tracks=false");
  g_autofree guint8 *alone = draw_own (2, "show-labels=0 show-scores=0");
  g_autofree guint8 *bare =
      draw_own (2, "show-labels=0 show-scores=0 show-tracks=0");

  g_assert_false (is_equal (none, one));
  g_assert_false (is_equal (one, two));
  g_assert_true (is_equal (none, hidden));
  g_assert_false (is_equal (alone, bare));
}

static void
add_region (GstBuffer * frame, const GstTorchscriptDetection * d, gint track_id)
{
  GstVideoRegionOfInterestMeta *roi =
      gst_buffer_add_video_region_of_interest_meta (frame, d->label,
      (guint) d->x1, (guint) d->y1, (guint) (d->x2 - d->x1),
      (guint) (d->y2 - d->y1));

  gst_video_region_of_interest_meta_add_param (roi,
      gst_structure_new ("detection", "label_id", G_TYPE_INT, d->class_id,
          "confidence", G_TYPE_DOUBLE, (gdouble) d->score, NULL));
  if (track_id != 0)
    gst_video_region_of_interest_meta_add_param (roi,
        gst_structure_new ("object_id", "id", G_TYPE_INT, track_id, NULL));
}

/* As DL Streamer leaves them. */
static void
test_regions (void)
{
  static const gint64 tracks[] = { 3, 0, 9 };
  g_autoptr (JsonArray) lines = NULL;
  g_autofree guint8 *own = draw_own (3, ""), *drawn = NULL;
  GstBuffer *frame = new_frame ();

  for (guint i = 0; i < 3; i++)
    add_region (frame, &cats[i], (gint) tracks[i]);
  lines = write_down (frame, "jsonl");
  g_assert_cmpuint (json_array_get_length (lines), ==, 1);
  check_line (lines, 0, "others", tracks, 3);
  g_assert_cmpint (get_number (lines, 0, 2, "class_id"), ==, 6);
  g_assert_cmpfloat (json_object_get_double_member (get_detection (lines, 0, 2),
          "score"), ==, 0.25);

  frame = new_frame ();
  add_region (frame, &cats[0], 3);
  drawn = draw (frame, "");
  g_assert_true (is_equal (own, drawn));
}

/* The numbers of others count for what was found here. */
static void
test_regions_are_mirrors (void)
{
  static const gint64 tracks[] = { 3, 4, 9 };
  g_autoptr (JsonArray) lines = NULL;
  g_autofree guint8 *own = draw_own (3, ""), *drawn = NULL;
  GstBuffer *frame = new_frame ();
  GstTorchscriptDetectionMeta *meta = add_own (frame, cats, 3);
  guint first = gst_torchscript_detection_meta_get_detection (meta, 0)->id;

  meta->age = 2;
  for (guint i = 3; i-- > 0;)
    add_region (frame, &cats[i], (gint) tracks[i]);
  lines = write_down (frame, "jsonl");
  g_assert_cmpuint (json_array_get_length (lines), ==, 1);
  check_line (lines, 0, "m", tracks, 3);
  g_assert_cmpint (get_number (lines, 0, 0, "id"), ==, first);
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element
          (lines, 0), "age"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element
          (lines, 0), "result"), ==, 7);
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element
          (lines, 0), "pts"), ==, 40 * GST_MSECOND);

  frame = new_frame ();
  add_own (frame, cats, 1);
  add_region (frame, &cats[0], 3);
  drawn = draw (frame, "");
  g_assert_true (is_equal (own, drawn));
}

/* Where both have a tracker, and beside an object of others. */
static void
test_own_tracks_count (void)
{
  static const gint64 tracks[] = { 11, 0, 0 };
  GstTorchscriptDetection own = cats[0];
  g_autoptr (JsonArray) lines = NULL;
  GstBuffer *frame = new_frame ();

  own.track_id = 11;
  add_own (frame, &own, 1);
  add_region (frame, &cats[0], 3);
  add_region (frame, &cats[1], 4);
  lines = write_down (frame, "jsonl");
  g_assert_cmpuint (json_array_get_length (lines), ==, 2);
  check_line (lines, 0, "m", tracks, 1);
  check_line (lines, 1, "others", (const gint64[]) {
        4
      }, 1);
}

/* gvametaconvert calls it "id", and leaves it out where there is none. */
static void
test_dlstreamer (void)
{
  g_autoptr (JsonArray) lines = NULL;
  GstBuffer *frame = new_frame ();
  JsonArray *objects;

  add_own (frame, cats, 2);
  add_region (frame, &cats[1], 3);
  lines = write_down (frame, "dlstreamer");
  objects = json_object_get_array_member (json_array_get_object_element (lines,
          0), "objects");
  g_assert_cmpuint (json_array_get_length (objects), ==, 2);
  g_assert_false (json_object_has_member (json_array_get_object_element
          (objects, 0), "id"));
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element
          (objects, 1), "id"), ==, 3);
}

#ifdef HAVE_ANALYTICS
static GstAnalyticsODMtd
add_object (GstBuffer * frame, const GstTorchscriptDetection * d)
{
  GstAnalyticsODMtd object;

  g_assert_true (gst_analytics_relation_meta_add_od_mtd
      (gst_buffer_add_analytics_relation_meta (frame),
          g_quark_from_string (d->label), (gint) d->x1, (gint) d->y1,
          (gint) (d->x2 - d->x1), (gint) (d->y2 - d->y1), d->score, &object));
  return object;
}

/* As ioutracker does it: also for a track whose object is not seen, @object NULL. */
static void
add_track (GstBuffer * frame, const GstAnalyticsODMtd * object, guint64 number)
{
  GstAnalyticsRelationMeta *relations =
      gst_buffer_get_analytics_relation_meta (frame);
  GstAnalyticsTrackingMtd track;

  g_assert_true (gst_analytics_relation_meta_add_tracking_mtd (relations,
          number, 0, &track));
  g_assert_true (gst_analytics_tracking_mtd_update_last_seen (&track,
          GST_BUFFER_PTS (frame)));
  if (object != NULL)
    g_assert_true (gst_analytics_relation_meta_set_relation (relations,
            GST_ANALYTICS_REL_TYPE_RELATE_TO, object->id, track.id));
}

/* Numbers begin with 0 there and with 1 here. */
static void
test_objects (void)
{
  static const gint64 tracks[] = { 1, 0, 5 };
  g_autoptr (JsonArray) lines = NULL;
  GstBuffer *frame = new_frame ();
  GstAnalyticsODMtd objects[3];

  for (guint i = 0; i < 3; i++)
    objects[i] = add_object (frame, &cats[i]);
  add_track (frame, &objects[2], 4);
  add_track (frame, NULL, 2);
  add_track (frame, &objects[0], 0);
  lines = write_down (frame, "jsonl");
  g_assert_cmpuint (json_array_get_length (lines), ==, 1);
  check_line (lines, 0, "others", tracks, 3);
  g_assert_cmpint (get_number (lines, 0, 0, "class_id"), ==, -1);
  g_assert_cmpstr (json_object_get_string_member (get_detection (lines, 0, 2),
          "label"), ==, "dog");
}

static void
test_objects_are_mirrors (void)
{
  static const gint64 tracks[] = { 1, 0, 5 };
  g_autoptr (JsonArray) lines = NULL;
  g_autofree guint8 *own = draw_own (5, ""), *drawn = NULL;
  GstBuffer *frame = new_frame ();
  GstAnalyticsODMtd object;
  gint ids[3];

  ts_analytics_mirror_detections (frame, add_own (frame, cats, 3), NULL, ids);
  gst_torchscript_roi_add_from_meta (frame,
      gst_buffer_get_torchscript_detection_meta (frame), ids);
  for (guint i = 3; i-- > 0;) {
    g_assert_true (gst_analytics_relation_meta_get_od_mtd
        (gst_buffer_get_analytics_relation_meta (frame), (guint) ids[i],
            &object));
    if (tracks[i] > 0)
      add_track (frame, &object, (guint64) tracks[i] - 1);
  }
  lines = write_down (frame, "jsonl");
  g_assert_cmpuint (json_array_get_length (lines), ==, 1);
  check_line (lines, 0, "m", tracks, 3);

  frame = new_frame ();
  ts_analytics_mirror_detections (frame, add_own (frame, cats, 1), NULL, ids);
  gst_analytics_relation_meta_get_od_mtd
      (gst_buffer_get_analytics_relation_meta (frame), (guint) ids[0], &object);
  add_track (frame, &object, 4);
  drawn = draw (frame, "");
  g_assert_true (is_equal (own, drawn));
}

/* What it says of two objects that move, one of which is away for a while. */
static void
test_ioutracker (void)
{
  static const gint64 both[] = { 1, 2 }, first[] = { 1 };
  GstHarness *h = new_harness ("ioutracker ! detectionjson post-messages=true");

  for (guint i = 0; i < 6; i++) {
    gboolean is_away = i == 2 || i == 3;
    GstBuffer *frame = new_frame ();
    g_autoptr (JsonArray) lines = NULL;
    GstTorchscriptDetection moved[2] = { cats[0], cats[1] };

    GST_BUFFER_PTS (frame) = i * 40 * GST_MSECOND;
    for (guint k = 0; k < 2; k++) {
      moved[k].x1 += (gfloat) i;
      moved[k].x2 += (gfloat) i;
      if (k == 0 || !is_away)
        add_object (frame, &moved[k]);
    }
    gst_buffer_unref (gst_harness_push_and_pull (h, frame));
    lines = pop_lines (h);
    g_assert_cmpuint (json_array_get_length (lines), ==, 1);
    check_line (lines, 0, "others", is_away ? first : both, is_away ? 1 : 2);
  }
  end (h);
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/tracks/own is drawn", test_own_track_is_drawn);
  g_test_add_func ("/tracks/regions", test_regions);
  g_test_add_func ("/tracks/regions are mirrors", test_regions_are_mirrors);
  g_test_add_func ("/tracks/own count", test_own_tracks_count);
  g_test_add_func ("/tracks/dlstreamer", test_dlstreamer);
#ifdef HAVE_ANALYTICS
  g_test_add_func ("/tracks/objects", test_objects);
  g_test_add_func ("/tracks/objects are mirrors", test_objects_are_mirrors);
  /* GStreamer 1.28's. */
  if (gst_registry_check_feature_version (gst_registry_get (), "ioutracker", 1,
          28, 0))
    g_test_add_func ("/tracks/ioutracker", test_ioutracker);
#endif
  return g_test_run ();
}
