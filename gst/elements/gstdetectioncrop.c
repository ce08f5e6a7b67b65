/* gstdetectioncrop.c - element that cuts detections out of frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-detectioncrop
 * @title: detectioncrop
 *
 * Pushes each detection of a frame as a buffer of its own, for an encoder or for
 * text recognition: the part of the frame under its box, in the frame's format,
 * with the frame's timestamps. Detections with a place in the reading order come
 * in that order, the others after them, best score first. A frame without any
 * gives a gap event.
 *
 * The caps change with the size of the crops, unless `width` and `height` are
 * set; crops are then scaled to fit, in the middle of black borders. Boxes are
 * grown to whole pixels and, in formats with subsampled colour, to whole samples.
 *
 * A crop has a #GstTorchscriptDetectionMeta with its one detection, whose box is
 * in the crop's pixels, under the number of the frame's answer; and a #GstCustomMeta
 * `GstTorchscriptCropMeta` with these fields:
 *
 * * `frame-number`: uint64, running number of the frame (the page) at this element,
 *   from 0 at each start
 * * `crop-number`: uint, running number of the crop in its frame, from 0
 * * `x`, `y`, `width`, `height`: int, what was cut out, in pixels of the frame
 * * `frame-width`, `frame-height`: int, the frame's size
 *
 * ## Example
 * |[
 * gst-launch-1.0 filesrc location=page.png ! pngdec ! torchscriptinfer model=doclayout.mlpkg ! detectioncrop classes="table,figure" ! pngenc ! multifilesink location=t%03d.png
 * ]|
 *
 * Since: 0.1
 */
#include "gstdetectioncrop.h"

#include <gst/video/video.h>
#include <string.h>

#include "classfilter.h"
#include "framecrop.h"
#include "torchscript.h"
#include "videoimage.h"

GST_DEBUG_CATEGORY_STATIC (detection_crop_debug);
#define GST_CAT_DEFAULT detection_crop_debug

enum
{
  PROP_0,
  PROP_CLASSES,
  PROP_MIN_SCORE,
  PROP_MARGIN,
  PROP_WIDTH,
  PROP_HEIGHT
};

typedef struct
{
  gdouble min_score;
  guint margin, width, height;  /* pixels */
} Settings;

struct _GstDetectionCrop
{
  GstElement parent;

  GstPad *sinkpad, *srcpad;

  /* object lock */
  gchar *classes;
  Settings settings;

  /* streaming thread */
  GstVideoInfo info;            /* of the frames; no format: none yet */
  GstVideoInfo out_info;        /* of the last crop */
  guint64 n_frames;
};

/* What is cut out of one frame, mapped. */
typedef struct
{
  GstBuffer *buffer;
  GstVideoFrame video;
  Settings settings;
  guint n_crops;
} Frame;

G_DEFINE_TYPE (GstDetectionCrop, gst_detection_crop, GST_TYPE_ELEMENT);
GST_ELEMENT_REGISTER_DEFINE (detectioncrop, "detectioncrop", GST_RANK_NONE,
    GST_TYPE_DETECTION_CROP);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (TS_VIDEO_FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (TS_VIDEO_FORMATS)));

/* A crop of this size comes next.  Several share a timestamp, so there is no rate. */
static gboolean
push_caps (GstDetectionCrop * self, gint width, gint height)
{
  g_autoptr (GstCaps) caps = gst_video_info_to_caps (&self->info);

  gst_caps_set_simple (caps, "width", G_TYPE_INT, width, "height", G_TYPE_INT,
      height, "framerate", GST_TYPE_FRACTION, 0, 1, NULL);
  return gst_video_info_from_caps (&self->out_info, caps)
      && gst_pad_push_event (self->srcpad, gst_event_new_caps (caps));
}

/* Caps have to come before the segment, and so before the first crop: those of a
 * crop that is the whole frame. */
static gboolean
take_caps (GstDetectionCrop * self, GstCaps * caps)
{
  GstVideoRectangle all = { 0, };
  guint width, height;
  gint out_width, out_height;

  if (!gst_video_info_from_caps (&self->info, caps))
    return FALSE;
  GST_OBJECT_LOCK (self);
  width = self->settings.width;
  height = self->settings.height;
  GST_OBJECT_UNLOCK (self);
  all.w = self->info.width;
  all.h = self->info.height;
  ts_frame_crop_get_size (&all, width, height, &out_width, &out_height);
  return push_caps (self, out_width, out_height);
}

static gboolean
gst_detection_crop_sink_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  GstCaps *caps;
  gboolean ok;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return gst_pad_event_default (pad, parent, event);
  gst_event_parse_caps (event, &caps);
  ok = take_caps (GST_DETECTION_CROP (parent), caps);
  gst_event_unref (event);
  return ok;
}

/* What the other side can take, of any size and rate. */
static GstCaps *
get_sink_caps (GstDetectionCrop * self, GstCaps * filter)
{
  g_autoptr (GstCaps) own = gst_pad_get_pad_template_caps (self->sinkpad);
  g_autoptr (GstCaps) peer = gst_pad_peer_query_caps (self->srcpad, NULL);
  g_autoptr (GstCaps) any_size = gst_caps_copy (peer);
  GstCaps *caps, *filtered;

  for (guint i = 0; i < gst_caps_get_size (any_size); i++)
    gst_structure_remove_fields (gst_caps_get_structure (any_size, i), "width",
        "height", "framerate", NULL);
  caps = gst_caps_intersect (own, any_size);
  if (filter == NULL)
    return caps;
  filtered = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return filtered;
}

static gboolean
gst_detection_crop_sink_query (GstPad * pad, GstObject * parent,
    GstQuery * query)
{
  GstCaps *filter, *caps;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
      gst_query_parse_caps (query, &filter);
      caps = get_sink_caps (GST_DETECTION_CROP (parent), filter);
      gst_query_set_caps_result (query, caps);
      gst_caps_unref (caps);
      return TRUE;
    case GST_QUERY_ALLOCATION:
      /* The frames end here, and any strides will do. */
      gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* Where the crop lies, for whoever wants to find it in the page again. */
static void
add_place (GstDetectionCrop * self, const Frame * frame, GstBuffer * out,
    const GstVideoRectangle * cut)
{
  GstCustomMeta *meta = gst_buffer_add_custom_meta (out,
      GST_DETECTION_CROP_META);

  gst_structure_set (gst_custom_meta_get_structure (meta),
      "frame-number", G_TYPE_UINT64, self->n_frames,
      "crop-number", G_TYPE_UINT, frame->n_crops,
      "x", G_TYPE_INT, cut->x, "y", G_TYPE_INT, cut->y,
      "width", G_TYPE_INT, cut->w, "height", G_TYPE_INT, cut->h,
      "frame-width", G_TYPE_INT, self->info.width,
      "frame-height", G_TYPE_INT, self->info.height, NULL);
}

static void
add_detection (GstDetectionCrop * self, GstBuffer * out,
    const GstTorchscriptDetectionMeta * meta, const GstTorchscriptDetection * d,
    const GstVideoRectangle * cut, const GstVideoRectangle * fitted)
{
  gfloat sx = (gfloat) fitted->w / cut->w, sy = (gfloat) fitted->h / cut->h;
  GstTorchscriptDetection moved = *d;
  GstTorchscriptDetectionMeta *added;

  moved.x1 = fitted->x + (d->x1 - cut->x) * sx;
  moved.x2 = fitted->x + (d->x2 - cut->x) * sx;
  moved.y1 = fitted->y + (d->y1 - cut->y) * sy;
  moved.y2 = fitted->y + (d->y2 - cut->y) * sy;
  added = gst_buffer_add_torchscript_detection_meta (out, meta->model_name,
      self->out_info.width, self->out_info.height, meta->result_number, &moved,
      1);
  added->model_number = meta->model_number;
  added->age = meta->age;
}

static GstBuffer *
cut_out (GstDetectionCrop * self, const Frame * frame,
    const GstVideoRectangle * cut, const GstVideoRectangle * fitted)
{
  GstBuffer *out = gst_buffer_new_allocate (NULL, self->out_info.size, NULL);
  GstVideoFrame video;

  if (out == NULL
      || !gst_video_frame_map (&video, &self->out_info, out, GST_MAP_WRITE)) {
    gst_clear_buffer (&out);
    return NULL;
  }
  ts_frame_crop_copy (&frame->video, cut, &video, fitted);
  gst_video_frame_unmap (&video);
  gst_buffer_copy_into (out, frame->buffer, GST_BUFFER_COPY_FLAGS |
      GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  return out;
}

static GstFlowReturn
push_crop (GstDetectionCrop * self, Frame * frame,
    const GstTorchscriptDetectionMeta * meta, const GstTorchscriptDetection * d)
{
  const gfloat box[4] = { d->x1, d->y1, d->x2, d->y2 };
  GstVideoRectangle cut, fitted;
  GstBuffer *out;
  gint width, height;

  if (!ts_frame_crop_get_rectangle (&self->info, box, frame->settings.margin,
          &cut)) {
    GST_DEBUG_OBJECT (self, "nothing of a box is in the frame");
    return GST_FLOW_OK;
  }
  ts_frame_crop_get_size (&cut, frame->settings.width, frame->settings.height,
      &width, &height);
  if ((width != self->out_info.width || height != self->out_info.height)
      && !push_caps (self, width, height))
    return GST_FLOW_NOT_NEGOTIATED;
  fitted = ts_frame_crop_fit (&cut, width, height);
  out = cut_out (self, frame, &cut, &fitted);
  if (out == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("No memory for a crop of %dx%d pixels; set width and height, or free "
            "memory.", width, height), (NULL));
    return GST_FLOW_ERROR;
  }
  add_detection (self, out, meta, d, &cut, &fitted);
  add_place (self, frame, out, &cut);
  frame->n_crops++;
  return gst_pad_push (self->srcpad, out);
}

typedef struct
{
  const GstTorchscriptDetectionMeta *meta;
  const GstTorchscriptDetection *d;
} Chosen;

static gint
compare_order (gconstpointer a, gconstpointer b)
{
  guint first = ((const Chosen *) a)->d->order;
  guint second = ((const Chosen *) b)->d->order;

  /* 0, unknown, becomes the highest number. */
  first--;
  second--;
  return first < second ? -1 : first > second;
}

static gboolean
meta_fits (GstDetectionCrop * self, const GstTorchscriptDetectionMeta * meta)
{
  if ((gint) meta->frame_width == self->info.width
      && (gint) meta->frame_height == self->info.height)
    return TRUE;
  GST_WARNING_OBJECT (self,
      "not cutting out what model \"%s\" found: it is for "
      "a frame of %ux%u, this one is %dx%d; put the inference behind whatever "
      "changes the size", meta->model_name, meta->frame_width,
      meta->frame_height, self->info.width, self->info.height);
  return FALSE;
}

/* In the order in which they are pushed. */
static GArray *
choose (GstDetectionCrop * self, GstBuffer * buffer, gdouble min_score)
{
  GArray *chosen = g_array_new (FALSE, FALSE, sizeof (Chosen));
  gchar **filter;
  gpointer state = NULL;
  Chosen c;

  GST_OBJECT_LOCK (self);
  filter = ts_class_filter_new (self->classes);
  GST_OBJECT_UNLOCK (self);
  while ((c.meta = (const GstTorchscriptDetectionMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL) {
    guint i = meta_fits (self, c.meta) ? 0 : G_MAXUINT;

    while ((c.d = gst_torchscript_detection_meta_get_detection (c.meta, i))) {
      if (c.d->score >= min_score
          && ts_class_filter_has (filter, c.d->class_id, c.d->label))
        g_array_append_val (chosen, c);
      i++;
    }
  }
  g_strfreev (filter);
  g_array_sort (chosen, compare_order);
  return chosen;
}

static GstFlowReturn
push_crops (GstDetectionCrop * self, Frame * frame)
{
  g_autoptr (GArray) chosen = choose (self, frame->buffer,
      frame->settings.min_score);
  GstFlowReturn flow = GST_FLOW_OK;

  for (guint i = 0; i < chosen->len && flow == GST_FLOW_OK; i++) {
    const Chosen *c = &g_array_index (chosen, Chosen, i);

    flow = push_crop (self, frame, c->meta, c->d);
  }
  if (flow == GST_FLOW_OK && frame->n_crops == 0
      && GST_BUFFER_PTS_IS_VALID (frame->buffer))
    gst_pad_push_event (self->srcpad, gst_event_new_gap (GST_BUFFER_PTS
            (frame->buffer), GST_BUFFER_DURATION (frame->buffer)));
  return flow;
}

static void
post_map_error (GstDetectionCrop * self, GstBuffer * buffer)
{
  GST_ELEMENT_ERROR (self, RESOURCE, READ,
      ("A %s frame of %dx%d pixels could not be read: the buffer of %"
          G_GSIZE_FORMAT " bytes is too small for it or cannot be mapped; "
          "look at the element upstream", GST_VIDEO_INFO_NAME (&self->info),
          self->info.width, self->info.height, gst_buffer_get_size (buffer)),
      (NULL));
}

static GstFlowReturn
gst_detection_crop_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstDetectionCrop *self = GST_DETECTION_CROP (parent);
  Frame frame = { buffer };
  GstFlowReturn flow = GST_FLOW_ERROR;

  if (GST_VIDEO_INFO_FORMAT (&self->info) == GST_VIDEO_FORMAT_UNKNOWN) {
    gst_buffer_unref (buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  GST_OBJECT_LOCK (self);
  frame.settings = self->settings;
  GST_OBJECT_UNLOCK (self);
  if (gst_video_frame_map (&frame.video, &self->info, buffer, GST_MAP_READ)) {
    flow = push_crops (self, &frame);
    gst_video_frame_unmap (&frame.video);
    self->n_frames++;
  } else {
    post_map_error (self, buffer);
  }
  gst_buffer_unref (buffer);
  return flow;
}

static GstStateChangeReturn
gst_detection_crop_change_state (GstElement * element,
    GstStateChange transition)
{
  GstDetectionCrop *self = GST_DETECTION_CROP (element);
  GstStateChangeReturn result = GST_ELEMENT_CLASS
      (gst_detection_crop_parent_class)->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_video_info_init (&self->info);
    gst_video_info_init (&self->out_info);
    self->n_frames = 0;
  }
  return result;
}

static void
gst_detection_crop_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstDetectionCrop *self = GST_DETECTION_CROP (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_CLASSES:
      g_free (self->classes);
      self->classes = g_value_dup_string (value);
      break;
    case PROP_MIN_SCORE:
      self->settings.min_score = g_value_get_double (value);
      break;
    case PROP_MARGIN:
      self->settings.margin = g_value_get_uint (value);
      break;
    case PROP_WIDTH:
      self->settings.width = g_value_get_uint (value);
      break;
    case PROP_HEIGHT:
      self->settings.height = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_detection_crop_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstDetectionCrop *self = GST_DETECTION_CROP (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_CLASSES:
      g_value_set_string (value, self->classes);
      break;
    case PROP_MIN_SCORE:
      g_value_set_double (value, self->settings.min_score);
      break;
    case PROP_MARGIN:
      g_value_set_uint (value, self->settings.margin);
      break;
    case PROP_WIDTH:
      g_value_set_uint (value, self->settings.width);
      break;
    case PROP_HEIGHT:
      g_value_set_uint (value, self->settings.height);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_detection_crop_finalize (GObject * object)
{
  g_free (GST_DETECTION_CROP (object)->classes);
  G_OBJECT_CLASS (gst_detection_crop_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
      | GST_PARAM_MUTABLE_PLAYING;

  g_object_class_install_property (klass, PROP_CLASSES,
      g_param_spec_string ("classes", "Classes",
          "Names or numbers of the classes to cut out, separated by commas; "
          "empty: all", NULL, flags));
  g_object_class_install_property (klass, PROP_MIN_SCORE,
      g_param_spec_double ("min-score", "Minimum score",
          "Cut out only detections with at least this score", 0, 1, 0, flags));
  g_object_class_install_property (klass, PROP_MARGIN,
      g_param_spec_uint ("margin", "Margin",
          "Pixels of the frame that are added on each side of a box, as far as "
          "the frame goes", 0, 10000, 0, flags));
  g_object_class_install_property (klass, PROP_WIDTH,
      g_param_spec_uint ("width", "Width",
          "Width of the crops in pixels; 0: as it is, or as height and the shape "
          "of the crop have it", 0, 32768, 0, flags));
  g_object_class_install_property (klass, PROP_HEIGHT,
      g_param_spec_uint ("height", "Height",
          "Height of the crops in pixels; 0: as it is, or as width and the shape "
          "of the crop have it", 0, 32768, 0, flags));
}

static void
gst_detection_crop_class_init (GstDetectionCropClass * klass)
{
  static const gchar *tags[] = { NULL };
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (detection_crop_debug, "detectioncrop", 0,
      "cuts detections out");
  gst_meta_register_custom (GST_DETECTION_CROP_META, tags, NULL, NULL, NULL);

  object_class->set_property = gst_detection_crop_set_property;
  object_class->get_property = gst_detection_crop_get_property;
  object_class->finalize = gst_detection_crop_finalize;
  install_properties (object_class);

  element_class->change_state = gst_detection_crop_change_state;
  gst_element_class_set_static_metadata (element_class, "Detection cropper",
      "Filter/Video",
      "Cuts what TorchScript models found out of the frames",
      "The gst-torchscript developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
}

static void
gst_detection_crop_init (GstDetectionCrop * self)
{
  gst_video_info_init (&self->info);
  gst_video_info_init (&self->out_info);

  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, gst_detection_crop_chain);
  gst_pad_set_event_function (self->sinkpad, gst_detection_crop_sink_event);
  gst_pad_set_query_function (self->sinkpad, gst_detection_crop_sink_query);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_use_fixed_caps (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}
