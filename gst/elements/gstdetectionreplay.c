/* gstdetectionreplay.c - element that attaches recorded detections to frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-detectionreplay
 * @title: detectionreplay
 *
 * Attaches the detections of a file to the frames they were found in, as
 * torchscriptinfer does, but without a model: for tests, for demonstrations, and
 * for looking at labels. The file is JSON Lines as detectionjson writes them, or
 * COCO: an array of results, whose `image_id` is the number of the frame from 1,
 * or a data set, whose images are the frames in their order.
 *
 * A frame that the file has nothing for passes as it is. An answer for a frame of
 * another size is an error. Lines with classes or masks are counted in a warning
 * and not replayed.
 *
 * ## Example
 * |[
 * gst-launch-1.0 filesrc location=page.png ! pngdec ! detectionreplay location=page.json ! detectionoverlay ! pngenc ! filesink location=out.png
 * ]|
 *
 * Since: 0.1
 */
#include "gstdetectionreplay.h"

#include <gst/video/video.h>

#include "elementerror.h"
#include "replayfile.h"
#include "resultattach.h"

GST_DEBUG_CATEGORY_STATIC (detection_replay_debug);
#define GST_CAT_DEFAULT detection_replay_debug

typedef enum
{
  MATCH_FRAME,
  MATCH_TIME
} Match;

enum
{
  PROP_0,
  PROP_LOCATION,
  PROP_MATCH,
  PROP_META
};

struct _GstDetectionReplay
{
  GstBaseTransform parent;

  /* object lock */
  gchar *location;
  Match match;
  TsMetaForms forms;

  /* from start to stop */
  GPtrArray *answers;           /* of TsReplayAnswer */
  GHashTable *by_key;           /* guint64 to a GSList of those, file's order */
  Match active_match;

  /* streaming thread */
  GstVideoInfo info;
  guint64 n_frames;
};

G_DEFINE_TYPE (GstDetectionReplay, gst_detection_replay,
    GST_TYPE_BASE_TRANSFORM);
GST_ELEMENT_REGISTER_DEFINE (detectionreplay, "detectionreplay",
    GST_RANK_NONE, GST_TYPE_DETECTION_REPLAY);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (GST_VIDEO_FORMATS_ALL)));

#define TYPE_MATCH (match_get_type ())
static GType
match_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    {MATCH_FRAME, "By the number of the frame", "frame"},
    {MATCH_TIME, "By the presentation time", "time"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type)) {
    GType registered =
        g_enum_register_static ("GstDetectionReplayMatch", values);
    g_once_init_leave (&type, registered);
  }
  return type;
}

static void
free_list (gpointer list)
{
  g_slist_free (list);
}

static void
index_answers (GstDetectionReplay * self)
{
  self->by_key = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL,
      free_list);
  /* From the last on, so that prepending leaves the file's order. */
  for (guint i = self->answers->len; i-- > 0;) {
    TsReplayAnswer *answer = self->answers->pdata[i];
    guint64 *key = self->active_match == MATCH_TIME ? &answer->pts :
        &answer->frame;
    GSList *list = g_hash_table_lookup (self->by_key, key);

    g_hash_table_steal (self->by_key, key);
    g_hash_table_insert (self->by_key, key, g_slist_prepend (list, answer));
  }
}

static gboolean
gst_detection_replay_start (GstBaseTransform * trans)
{
  GstDetectionReplay *self = GST_DETECTION_REPLAY (trans);
  g_autofree gchar *location = NULL;
  GError *error = NULL;
  guint n_skipped;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  self->active_match = self->match;
  GST_OBJECT_UNLOCK (self);
  if (location == NULL || *location == '\0') {
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND,
        ("The location property is not set; set it to a file that detectionjson "
            "wrote, or to one in COCO's format."), (NULL));
    return FALSE;
  }
  self->answers = ts_replay_file_read (location, &n_skipped, &error);
  if (self->answers == NULL) {
    ts_element_error (self, error);
    return FALSE;
  }
  if (n_skipped > 0)
    GST_ELEMENT_WARNING (self, STREAM, NOT_IMPLEMENTED,
        ("%s: %u lines hold classes or masks, which are not replayed.",
            location, n_skipped), (NULL));
  index_answers (self);
  self->n_frames = 0;
  return TRUE;
}

static gboolean
gst_detection_replay_stop (GstBaseTransform * trans)
{
  GstDetectionReplay *self = GST_DETECTION_REPLAY (trans);

  g_clear_pointer (&self->by_key, g_hash_table_unref);
  g_clear_pointer (&self->answers, g_ptr_array_unref);
  return TRUE;
}

static gboolean
gst_detection_replay_set_caps (GstBaseTransform * trans, GstCaps * in_caps,
    GstCaps * out_caps)
{
  return gst_video_info_from_caps (&GST_DETECTION_REPLAY (trans)->info,
      in_caps);
}

static gboolean
check_size (GstDetectionReplay * self, const TsReplayAnswer * answer)
{
  if ((answer->width == 0 || (gint) answer->width == self->info.width)
      && (answer->height == 0 || (gint) answer->height == self->info.height))
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, FORMAT,
      ("%s: is for a frame of %ux%u pixels, but frame %" G_GUINT64_FORMAT
          " has %dx%d; replay onto the video that it was recorded from.",
          answer->place, answer->width, answer->height, self->n_frames,
          self->info.width, self->info.height), (NULL));
  return FALSE;
}

static void
attach (GstDetectionReplay * self, const TsReplayAnswer * answer,
    TsMetaForms forms, GstBuffer * buffer)
{
  GstTorchscriptDetectionMeta *meta = gst_buffer_add_torchscript_detection_meta
      (buffer, answer->model, self->info.width, self->info.height,
      answer->result, (GstTorchscriptDetection *) answer->detections->data,
      answer->detections->len);

  ts_result_mirror_detections (meta, forms, NULL, buffer);
}

static const GSList *
find_answers (GstDetectionReplay * self, GstBuffer * buffer)
{
  guint64 key = self->active_match == MATCH_TIME ? GST_BUFFER_PTS (buffer) :
      self->n_frames;

  if (self->active_match == MATCH_TIME && !GST_BUFFER_PTS_IS_VALID (buffer))
    return NULL;
  return g_hash_table_lookup (self->by_key, &key);
}

static GstFlowReturn
gst_detection_replay_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstDetectionReplay *self = GST_DETECTION_REPLAY (trans);
  TsMetaForms forms;

  GST_OBJECT_LOCK (self);
  forms = self->forms;
  GST_OBJECT_UNLOCK (self);
  for (const GSList * i = find_answers (self, buffer); i != NULL; i = i->next) {
    if (!check_size (self, i->data))
      return GST_FLOW_ERROR;
    attach (self, i->data, forms, buffer);
  }
  self->n_frames++;
  return GST_FLOW_OK;
}

static void
gst_detection_replay_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstDetectionReplay *self = GST_DETECTION_REPLAY (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_free (self->location);
      self->location = g_value_dup_string (value);
      break;
    case PROP_MATCH:
      self->match = g_value_get_enum (value);
      break;
    case PROP_META:
      self->forms = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_detection_replay_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstDetectionReplay *self = GST_DETECTION_REPLAY (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_value_set_string (value, self->location);
      break;
    case PROP_MATCH:
      g_value_set_enum (value, self->match);
      break;
    case PROP_META:
      g_value_set_enum (value, self->forms);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_detection_replay_finalize (GObject * object)
{
  g_free (GST_DETECTION_REPLAY (object)->location);
  G_OBJECT_CLASS (gst_detection_replay_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
      | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "File of detections: JSON Lines as detectionjson writes them, or COCO",
          NULL, ready));
  g_object_class_install_property (klass, PROP_MATCH,
      g_param_spec_enum ("match", "Match", "How a frame's detections are found",
          TYPE_MATCH, MATCH_FRAME, ready));
  g_object_class_install_property (klass, PROP_META,
      g_param_spec_enum ("meta", "Meta",
          "Which metas of others the detections are mirrored to; our own are "
          "always attached", TS_TYPE_META_FORMS, TS_META_AUTO,
          ready | GST_PARAM_MUTABLE_PLAYING));
  gst_type_mark_as_plugin_api (TYPE_MATCH, 0);
}

static void
gst_detection_replay_class_init (GstDetectionReplayClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (detection_replay_debug, "detectionreplay", 0,
      "attaches recorded detections");

  object_class->set_property = gst_detection_replay_set_property;
  object_class->get_property = gst_detection_replay_get_property;
  object_class->finalize = gst_detection_replay_finalize;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "Detection replay",
      "Filter/Video",
      "Attaches detections from a file to the frames they were found in",
      "The gst-torchscript developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_detection_replay_start;
  trans_class->stop = gst_detection_replay_stop;
  trans_class->set_caps = gst_detection_replay_set_caps;
  trans_class->transform_ip = gst_detection_replay_transform_ip;
}

static void
gst_detection_replay_init (GstDetectionReplay * self)
{
  gst_video_info_init (&self->info);
  gst_base_transform_set_in_place (GST_BASE_TRANSFORM (self), TRUE);
}
