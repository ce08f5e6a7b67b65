/* gstdetectionoverlay.c - element that draws detections onto the frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-detectionoverlay
 * @title: detectionoverlay
 *
 * Draws the boxes, classes and scores of every #GstTorchscriptDetectionMeta on a
 * frame, in place. Each class has a colour of its own. Frames without anything
 * to draw pass untouched: they are neither mapped nor copied.
 *
 * A #GstTorchscriptMaskMeta is painted in translucent colours, under the boxes;
 * of a #GstTorchscriptClassificationMeta the best class is written in the top
 * left corner, or behind the class of the detection that it is about.
 *
 * A meta whose frame size is not the frame's (some element in between cropped
 * or resized without saying so) is not drawn, since its boxes would be in the
 * wrong place; a warning in the debug log says so.
 *
 * Objects that other elements attached, as regions of interest or in GstAnalytics,
 * are drawn as well; the mirrors of what is drawn already are not. Behind its class and
 * score stands the number that a tracker gave an object, here or there.
 *
 * Line width and font follow the frame unless set: a line is
 * (width + height) / 1000 pixels wide, at least 1; text is
 * (width + height) / 180 pixels high, at least 8.
 *
 * ## Example
 * |[
 * gst-launch-1.0 filesrc location=page.png ! pngdec ! torchscriptinfer model=doclayout.mlpkg ! detectionoverlay classes="title,table" ! pngenc ! filesink location=out.png
 * ]|
 *
 * Since: 0.1
 */
#include "gstdetectionoverlay.h"

#include <gst/video/video.h>
#include <math.h>
#include <string.h>

#include "classfilter.h"
#include "../extras/extras.h"
#include "elementerror.h"
#include "objectsource.h"
#include "overlaymask.h"
#include "overlaypainter.h"
#include "torchscript.h"

GST_DEBUG_CATEGORY_STATIC (detection_overlay_debug);
#define GST_CAT_DEFAULT detection_overlay_debug

#define DEFAULT_LINE_WIDTH 0
#define DEFAULT_FONT "Sans"
#define DEFAULT_FONT_SIZE 0
#define DEFAULT_SHOW_LABELS TRUE
#define DEFAULT_SHOW_SCORES TRUE
#define DEFAULT_SHOW_TRACKS TRUE
#define DEFAULT_CLASSES NULL
#define DEFAULT_MIN_SCORE 0.0
#define DEFAULT_FILL_OPACITY 0.0
#define DEFAULT_MASK_OPACITY 0.5
#define DEFAULT_MASK_BACKGROUND 0

#define FORMATS "{ RGB, BGR, RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, ARGB, ABGR, " \
    "NV12, I420, GRAY8 }"

enum
{
  PROP_0,
  PROP_LINE_WIDTH,
  PROP_FONT,
  PROP_FONT_SIZE,
  PROP_SHOW_LABELS,
  PROP_SHOW_SCORES,
  PROP_SHOW_TRACKS,
  PROP_CLASSES,
  PROP_MIN_SCORE,
  PROP_FILL_OPACITY,
  PROP_MASK_OPACITY,
  PROP_MASK_BACKGROUND
};

typedef struct
{
  TsOverlayStyle style;         /* the font is owned */
  gboolean show_labels, show_scores, show_tracks;
  gchar *classes;
  gdouble min_score;
  gdouble mask_opacity;
  gint mask_background;         /* the class of masks that is left out; -1: none */
} Settings;

struct _GstDetectionOverlay
{
  GstBaseTransform parent;

  /* object lock */
  Settings settings;
  gboolean settings_changed;

  /* streaming thread */
  Settings active;              /* a copy of settings */
  gchar **active_classes;       /* of active.classes */
  GstVideoInfo info;
  TsOverlayPainter *painter;    /* made with the first box */
  TsOverlayMaskPainter *mask_painter;   /* made with the first mask */
  GString *text;
  TsObjects objects;            /* on the frame */
};

G_DEFINE_TYPE (GstDetectionOverlay, gst_detection_overlay,
    GST_TYPE_BASE_TRANSFORM);
GST_ELEMENT_REGISTER_DEFINE (detectionoverlay, "detectionoverlay",
    GST_RANK_NONE, GST_TYPE_DETECTION_OVERLAY);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (FORMATS)));

static void
settings_clear (Settings * settings)
{
  g_clear_pointer ((gchar **) & settings->style.font, g_free);
  g_clear_pointer (&settings->classes, g_free);
}

/* Takes over what the application has set since the last frame. */
static void
update_active_settings (GstDetectionOverlay * self)
{
  GST_OBJECT_LOCK (self);
  if (self->settings_changed) {
    settings_clear (&self->active);
    self->active = self->settings;
    self->active.style.font = g_strdup (self->settings.style.font);
    self->active.classes = g_strdup (self->settings.classes);
    g_strfreev (self->active_classes);
    self->active_classes = ts_class_filter_new (self->active.classes);
    self->settings_changed = FALSE;
  }
  GST_OBJECT_UNLOCK (self);
}

static gboolean
class_is_shown (GstDetectionOverlay * self, gint class_id, const gchar * label)
{
  return ts_class_filter_has (self->active_classes, class_id, label);
}

static gboolean
is_shown (GstDetectionOverlay * self, const GstTorchscriptDetection * d)
{
  return !(d->score < self->active.min_score)
      && class_is_shown (self, d->class_id, d->label);
}

static gboolean
mask_class_is_shown (gint class_id, gpointer self)
{
  return class_id != GST_DETECTION_OVERLAY (self)->active.mask_background
      && class_is_shown (self, class_id, NULL);
}

/* The pixels' own size, which a crop meta may make another than the caps'. */
static gboolean
meta_fits (GstDetectionOverlay * self, GstBuffer * buffer, guint frame_width,
    guint frame_height, const gchar * model_name)
{
  const GstVideoMeta *video = gst_buffer_get_video_meta (buffer);
  guint width = video != NULL ? video->width : (guint) self->info.width;
  guint height = video != NULL ? video->height : (guint) self->info.height;

  if (frame_width == width && frame_height == height)
    return TRUE;
  GST_WARNING_OBJECT (self, "not drawing the answer of model \"%s\": it is "
      "for a frame of %ux%u, this one is %ux%u; put the inference behind "
      "whatever changes the size", model_name, frame_width, frame_height,
      width, height);
  return FALSE;
}

typedef void (*DetectionFunc) (GstDetectionOverlay * self,
    const GstTorchscriptDetection * d, gpointer user_data);

static guint
show (GstDetectionOverlay * self, const GstTorchscriptDetection * d,
    DetectionFunc func, gpointer user_data)
{
  if (!is_shown (self, d))
    return 0;
  if (func != NULL)
    func (self, d, user_data);
  return 1;
}

/* Those of a model, whose first one is at @first among the objects. */
static guint
foreach_own (GstDetectionOverlay * self,
    const GstTorchscriptDetectionMeta * meta, guint first, DetectionFunc func,
    gpointer user_data)
{
  guint i = gst_torchscript_detection_meta_get_n_detections (meta);
  guint n_shown = 0;

  while (i-- > 0) {
    GstTorchscriptDetection d =
        ts_objects_get_own (&self->objects, meta, first, i);

    n_shown += show (self, &d, func, user_data);
  }
  return n_shown;
}

/* Calls @func for what is to be drawn, the best of each model last and so on
 * top; gives the number.  @func may be NULL. */
static guint
foreach_shown (GstDetectionOverlay * self, GstBuffer * buffer,
    DetectionFunc func, gpointer user_data)
{
  GstTorchscriptDetectionMeta *meta;
  gpointer state = NULL;
  guint n_shown = 0, at = 0;

  while ((meta = (GstTorchscriptDetectionMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL) {
    guint n = gst_torchscript_detection_meta_get_n_detections (meta);

    if (n > 0 && meta_fits (self, buffer, meta->frame_width,
            meta->frame_height, meta->model_name))
      n_shown += foreach_own (self, meta, at, func, user_data);
    at += n;
  }
  for (guint i = self->objects.all->len; i-- > self->objects.n_own;)
    n_shown += show (self, &g_array_index (self->objects.all,
            GstTorchscriptDetection, i), func, user_data);
  return n_shown;
}

static void
draw_mask (GstDetectionOverlay * self, const TsOverlayFrame * frame,
    const TsOverlayMask * mask)
{
  if (self->mask_painter == NULL)
    self->mask_painter = ts_overlay_mask_painter_new ();
  ts_overlay_mask_painter_draw (self->mask_painter, frame, mask,
      self->active.mask_opacity, mask_class_is_shown, self);
}

/* Draws every mask; gives the number.  @frame may be NULL. */
static guint
draw_masks (GstDetectionOverlay * self, GstBuffer * buffer,
    const TsOverlayFrame * frame)
{
  GstTorchscriptMaskMeta *meta;
  gpointer state = NULL;
  guint n = 0;

  while ((meta = (GstTorchscriptMaskMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_MASK_META_API_TYPE)) != NULL) {
    const TsOverlayMask mask = {
      gst_torchscript_mask_meta_get_cells (meta),
      meta->columns, meta->rows, meta->x, meta->y, meta->width, meta->height
    };

    if (self->active.mask_opacity <= 0.0 || !meta_fits (self, buffer,
            meta->frame_width, meta->frame_height, meta->model_name))
      continue;
    n++;
    if (frame != NULL)
      draw_mask (self, frame, &mask);
  }
  return n;
}

/* The best class of the detection, for 0 of the frame, that is to be shown, or NULL. */
static const GstTorchscriptClassification *
find_class (GstDetectionOverlay * self, GstBuffer * buffer, guint parent_id)
{
  GstTorchscriptClassificationMeta *meta =
      gst_buffer_get_torchscript_classification_meta_id (buffer, parent_id);
  guint i, n = meta == NULL ? 0 :
      gst_torchscript_classification_meta_get_n_classes (meta);

  for (i = 0; i < n; i++) {
    const GstTorchscriptClassification *c =
        gst_torchscript_classification_meta_get_class (meta, i);

    if (c->score >= self->active.min_score
        && class_is_shown (self, c->class_id, c->label))
      return c;
  }
  return NULL;
}

static gboolean
has_drawing (GstDetectionOverlay * self, GstBuffer * buffer)
{
  return foreach_shown (self, buffer, NULL, NULL) > 0
      || draw_masks (self, buffer, NULL) > 0
      || find_class (self, buffer, 0) != NULL;
}

static void
blend_tile (const TsOverlayTile * tile, gpointer user_data)
{
  ts_overlay_blend (user_data, tile);
}

/* The name stands in for a class number that is not known. */
static gint
get_color_class (const GstTorchscriptDetection * d)
{
  return d->class_id >= 0 || d->label == NULL ? d->class_id :
      (gint) (g_str_hash (d->label) & G_MAXINT);
}

static TsOverlayBox
to_box (const GstTorchscriptDetection * d)
{
  TsOverlayBox box = { d->x1, d->y1, d->x2, d->y2,
    ts_overlay_class_color (get_color_class (d))
  };

  return box;
}

static void
draw_box (GstDetectionOverlay * self, const GstTorchscriptDetection * d,
    gpointer frame)
{
  TsOverlayBox box = to_box (d);

  ts_overlay_painter_draw_box (self->painter, &box, blend_tile, frame);
}

static void
append_space (GString * text)
{
  if (text->len > 0)
    g_string_append_c (text, ' ');
}

static void
add_track (GstDetectionOverlay * self, guint track_id)
{
  if (!self->active.show_tracks || track_id == 0)
    return;
  append_space (self->text);
  g_string_append_printf (self->text, "#%u", track_id);
}

static void
add_text (GstDetectionOverlay * self, gint class_id, const gchar * label,
    gfloat value)
{
  gchar score[G_ASCII_DTOSTR_BUF_SIZE], number[32];

  if (label == NULL) {
    g_snprintf (number, sizeof (number), "class %d", class_id);
    label = class_id >= 0 ? number : "";
  }
  if (self->active.show_labels) {
    append_space (self->text);
    g_string_append (self->text, label);
  }
  if (self->active.show_scores && !isnan (value)) {
    g_ascii_formatd (score, sizeof (score), "%.2f", value);
    append_space (self->text);
    g_string_append (self->text, score);
  }
}

typedef struct
{
  GstBuffer *buffer;
  TsOverlayFrame *frame;
} Drawing;

static void
draw_label (GstDetectionOverlay * self, const GstTorchscriptDetection * d,
    gpointer drawing)
{
  Drawing *on = drawing;
  const GstTorchscriptClassification *c = d->id == 0 ? NULL :
      find_class (self, on->buffer, d->id);
  TsOverlayBox box = to_box (d);

  g_string_truncate (self->text, 0);
  add_text (self, d->class_id, d->label, d->score);
  add_track (self, d->track_id);
  if (c != NULL)
    add_text (self, c->class_id, c->label, c->score);
  if (self->text->len > 0)
    ts_overlay_painter_draw_label (self->painter, &box, self->text->str,
        blend_tile, on->frame);
}

/* In the frame's top left corner, as on a box round all of it. */
static void
draw_class (GstDetectionOverlay * self, GstBuffer * buffer,
    TsOverlayFrame * frame)
{
  const GstTorchscriptClassification *c = find_class (self, buffer, 0);
  TsOverlayBox box = { 0, 0, frame->width, frame->height };

  if (c == NULL)
    return;
  box.color = ts_overlay_class_color (c->class_id);
  g_string_truncate (self->text, 0);
  add_text (self, c->class_id, c->label, c->score);
  if (self->text->len > 0)
    ts_overlay_painter_draw_label (self->painter, &box, self->text->str,
        blend_tile, frame);
}

static void
set_packed_frame (TsOverlayFrame * frame, const GstVideoFrame * video)
{
  frame->layout = TS_OVERLAY_PACKED;
  frame->pixel_size = GST_VIDEO_FRAME_COMP_PSTRIDE (video, 0);
  frame->r = GST_VIDEO_FRAME_COMP_POFFSET (video, GST_VIDEO_COMP_R);
  frame->g = GST_VIDEO_FRAME_COMP_POFFSET (video, GST_VIDEO_COMP_G);
  frame->b = GST_VIDEO_FRAME_COMP_POFFSET (video, GST_VIDEO_COMP_B);
  frame->alpha = -1;
  if (GST_VIDEO_INFO_HAS_ALPHA (&video->info))
    frame->alpha = GST_VIDEO_FRAME_COMP_POFFSET (video, GST_VIDEO_COMP_A);
}

static void
set_luma_frame (TsOverlayFrame * frame, const GstVideoFrame * video)
{
  const GstVideoColorimetry *color = &video->info.colorimetry;

  switch (GST_VIDEO_FRAME_FORMAT (video)) {
    case GST_VIDEO_FORMAT_NV12:
      frame->layout = TS_OVERLAY_NV12;
      break;
    case GST_VIDEO_FORMAT_I420:
      frame->layout = TS_OVERLAY_I420;
      break;
    default:
      frame->layout = TS_OVERLAY_GRAY;
      break;
  }
  frame->full_range = frame->layout == TS_OVERLAY_GRAY
      || color->range == GST_VIDEO_COLOR_RANGE_0_255;
  if (!gst_video_color_matrix_get_Kr_Kb (color->matrix, &frame->kr, &frame->kb))
    gst_video_color_matrix_get_Kr_Kb (GST_VIDEO_COLOR_MATRIX_BT601,
        &frame->kr, &frame->kb);
}

static void
set_frame (TsOverlayFrame * frame, const GstVideoFrame * video)
{
  guint i;

  memset (frame, 0, sizeof (*frame));
  frame->width = GST_VIDEO_FRAME_WIDTH (video);
  frame->height = GST_VIDEO_FRAME_HEIGHT (video);
  for (i = 0; i < GST_VIDEO_FRAME_N_PLANES (video); i++) {
    frame->plane[i] = GST_VIDEO_FRAME_PLANE_DATA (video, i);
    frame->stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE (video, i);
  }
  if (GST_VIDEO_FORMAT_INFO_IS_RGB (video->info.finfo))
    set_packed_frame (frame, video);
  else
    set_luma_frame (frame, video);
}

static gboolean
make_painter (GstDetectionOverlay * self)
{
  GError *error = NULL;

  if (ts_extras_open (&error) == NULL) {
    ts_element_error (self, error);
    return FALSE;
  }
  self->painter = ts_overlay_painter_new ();
  return TRUE;
}

static GstFlowReturn
gst_detection_overlay_transform_ip (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  GstDetectionOverlay *self = GST_DETECTION_OVERLAY (trans);
  GstVideoFrame video;
  TsOverlayFrame frame;
  Drawing drawing = { buffer, &frame };

  if (!has_drawing (self, buffer))
    return GST_FLOW_OK;

  if (self->painter == NULL && !make_painter (self))
    return GST_FLOW_ERROR;
  if (!gst_video_frame_map (&video, &self->info, buffer, GST_MAP_READWRITE)) {
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
        ("A %s frame of %dx%d pixels could not be drawn on: the buffer of %"
            G_GSIZE_FORMAT " bytes is too small for it or cannot be mapped; "
            "look at the element upstream", GST_VIDEO_INFO_NAME (&self->info),
            self->info.width, self->info.height, gst_buffer_get_size (buffer)),
        (NULL));
    return GST_FLOW_ERROR;
  }
  set_frame (&frame, &video);
  ts_overlay_painter_set_style (self->painter, &self->active.style,
      frame.width, frame.height);
  draw_masks (self, buffer, &frame);
  /* Labels go over all lines, so that they stay readable. */
  foreach_shown (self, buffer, draw_box, &frame);
  foreach_shown (self, buffer, draw_label, &drawing);
  draw_class (self, buffer, &frame);
  gst_video_frame_unmap (&video);
  return GST_FLOW_OK;
}

/* A shared buffer is copied only if there is something to draw. */
static GstFlowReturn
gst_detection_overlay_prepare_output_buffer (GstBaseTransform * trans,
    GstBuffer * input, GstBuffer ** output)
{
  GstDetectionOverlay *self = GST_DETECTION_OVERLAY (trans);

  update_active_settings (self);
  ts_objects_collect (&self->objects, input);
  if (!has_drawing (self, input)) {
    *output = input;
    return GST_FLOW_OK;
  }
  return GST_BASE_TRANSFORM_CLASS
      (gst_detection_overlay_parent_class)->prepare_output_buffer (trans,
      input, output);
}

/* The frame goes through, so what downstream can take is what we can. */
static gboolean
gst_detection_overlay_propose_allocation (GstBaseTransform * trans,
    GstQuery * decide_query, GstQuery * query)
{
  return gst_pad_peer_query (trans->srcpad, query);
}

static gboolean
gst_detection_overlay_set_caps (GstBaseTransform * trans, GstCaps * in_caps,
    GstCaps * out_caps)
{
  GstDetectionOverlay *self = GST_DETECTION_OVERLAY (trans);

  return gst_video_info_from_caps (&self->info, in_caps);
}

static gboolean
gst_detection_overlay_stop (GstBaseTransform * trans)
{
  GstDetectionOverlay *self = GST_DETECTION_OVERLAY (trans);

  g_clear_pointer (&self->painter, ts_overlay_painter_free);
  g_clear_pointer (&self->mask_painter, ts_overlay_mask_painter_free);
  return TRUE;
}

static void
gst_detection_overlay_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstDetectionOverlay *self = GST_DETECTION_OVERLAY (object);
  Settings *s = &self->settings;

  GST_OBJECT_LOCK (self);
  self->settings_changed = TRUE;
  switch (id) {
    case PROP_LINE_WIDTH:
      s->style.line_width = g_value_get_int (value);
      break;
    case PROP_FONT:
      g_free ((gchar *) s->style.font);
      s->style.font = g_value_dup_string (value);
      if (s->style.font == NULL)
        s->style.font = g_strdup (DEFAULT_FONT);
      break;
    case PROP_FONT_SIZE:
      s->style.font_size = g_value_get_int (value);
      break;
    case PROP_SHOW_LABELS:
      s->show_labels = g_value_get_boolean (value);
      break;
    case PROP_SHOW_SCORES:
      s->show_scores = g_value_get_boolean (value);
      break;
    case PROP_SHOW_TRACKS:
      s->show_tracks = g_value_get_boolean (value);
      break;
    case PROP_CLASSES:
      g_free (s->classes);
      s->classes = g_value_dup_string (value);
      break;
    case PROP_MIN_SCORE:
      s->min_score = g_value_get_double (value);
      break;
    case PROP_FILL_OPACITY:
      s->style.fill_opacity = g_value_get_double (value);
      break;
    case PROP_MASK_OPACITY:
      s->mask_opacity = g_value_get_double (value);
      break;
    case PROP_MASK_BACKGROUND:
      s->mask_background = g_value_get_int (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_detection_overlay_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstDetectionOverlay *self = GST_DETECTION_OVERLAY (object);
  const Settings *s = &self->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LINE_WIDTH:
      g_value_set_int (value, s->style.line_width);
      break;
    case PROP_FONT:
      g_value_set_string (value, s->style.font);
      break;
    case PROP_FONT_SIZE:
      g_value_set_int (value, s->style.font_size);
      break;
    case PROP_SHOW_LABELS:
      g_value_set_boolean (value, s->show_labels);
      break;
    case PROP_SHOW_SCORES:
      g_value_set_boolean (value, s->show_scores);
      break;
    case PROP_SHOW_TRACKS:
      g_value_set_boolean (value, s->show_tracks);
      break;
    case PROP_CLASSES:
      g_value_set_string (value, s->classes);
      break;
    case PROP_MIN_SCORE:
      g_value_set_double (value, s->min_score);
      break;
    case PROP_FILL_OPACITY:
      g_value_set_double (value, s->style.fill_opacity);
      break;
    case PROP_MASK_OPACITY:
      g_value_set_double (value, s->mask_opacity);
      break;
    case PROP_MASK_BACKGROUND:
      g_value_set_int (value, s->mask_background);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_detection_overlay_finalize (GObject * object)
{
  GstDetectionOverlay *self = GST_DETECTION_OVERLAY (object);

  settings_clear (&self->settings);
  settings_clear (&self->active);
  g_strfreev (self->active_classes);
  g_string_free (self->text, TRUE);
  ts_objects_clear (&self->objects);
  G_OBJECT_CLASS (gst_detection_overlay_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
      | GST_PARAM_MUTABLE_PLAYING;

  g_object_class_install_property (klass, PROP_LINE_WIDTH,
      g_param_spec_int ("line-width", "Line width",
          "Width of the boxes' lines in pixels; 0: (width + height) / 1000 of "
          "the frame, at least 1", 0, 1000, DEFAULT_LINE_WIDTH, flags));
  g_object_class_install_property (klass, PROP_FONT,
      g_param_spec_string ("font", "Font",
          "Pango description of the labels' font, such as \"Sans Bold\"",
          DEFAULT_FONT, flags));
  g_object_class_install_property (klass, PROP_FONT_SIZE,
      g_param_spec_int ("font-size", "Font size",
          "Size of the labels' font in pixels; 0: as in the font property, or "
          "(width + height) / 180 of the frame, at least 8", 0, 1000,
          DEFAULT_FONT_SIZE, flags));
  g_object_class_install_property (klass, PROP_SHOW_LABELS,
      g_param_spec_boolean ("show-labels", "Show labels",
          "Write the class's name on a box", DEFAULT_SHOW_LABELS, flags));
  g_object_class_install_property (klass, PROP_SHOW_SCORES,
      g_param_spec_boolean ("show-scores", "Show scores",
          "Write the score on a box", DEFAULT_SHOW_SCORES, flags));
  g_object_class_install_property (klass, PROP_SHOW_TRACKS,
      g_param_spec_boolean ("show-tracks", "Show tracks",
          "Write the number that a tracker gave an object on its box",
          DEFAULT_SHOW_TRACKS, flags));
  g_object_class_install_property (klass, PROP_CLASSES,
      g_param_spec_string ("classes", "Classes",
          "Names or numbers of the classes to draw, separated by commas; "
          "empty: all", DEFAULT_CLASSES, flags));
  g_object_class_install_property (klass, PROP_MIN_SCORE,
      g_param_spec_double ("min-score", "Minimum score",
          "Draw only boxes with at least this score", 0.0, 1.0,
          DEFAULT_MIN_SCORE, flags));
  g_object_class_install_property (klass, PROP_FILL_OPACITY,
      g_param_spec_double ("fill-opacity", "Fill opacity",
          "How opaque the inside of a box is painted in the class's colour; "
          "0: not at all", 0.0, 1.0, DEFAULT_FILL_OPACITY, flags));
  g_object_class_install_property (klass, PROP_MASK_OPACITY,
      g_param_spec_double ("mask-opacity", "Mask opacity",
          "How opaque the classes of a segmentation are painted; 0: not at all",
          0.0, 1.0, DEFAULT_MASK_OPACITY, flags));
  g_object_class_install_property (klass, PROP_MASK_BACKGROUND,
      g_param_spec_int ("mask-background", "Mask background",
          "Number of the class of a segmentation that is not painted; -1: all "
          "are", -1, 65535, DEFAULT_MASK_BACKGROUND, flags));
}

static void
gst_detection_overlay_class_init (GstDetectionOverlayClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (detection_overlay_debug, "detectionoverlay", 0,
      "draws detections");

  object_class->set_property = gst_detection_overlay_set_property;
  object_class->get_property = gst_detection_overlay_get_property;
  object_class->finalize = gst_detection_overlay_finalize;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "Detection overlay",
      "Filter/Editor/Video",
      "Draws the boxes, classes and scores that TorchScript models found",
      "The gst-torchscript developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->set_caps = gst_detection_overlay_set_caps;
  trans_class->stop = gst_detection_overlay_stop;
  trans_class->propose_allocation = gst_detection_overlay_propose_allocation;
  trans_class->prepare_output_buffer =
      gst_detection_overlay_prepare_output_buffer;
  trans_class->transform_ip = gst_detection_overlay_transform_ip;
}

static void
gst_detection_overlay_init (GstDetectionOverlay * self)
{
  self->settings.style.line_width = DEFAULT_LINE_WIDTH;
  self->settings.style.font = g_strdup (DEFAULT_FONT);
  self->settings.style.font_size = DEFAULT_FONT_SIZE;
  self->settings.style.fill_opacity = DEFAULT_FILL_OPACITY;
  self->settings.show_labels = DEFAULT_SHOW_LABELS;
  self->settings.show_scores = DEFAULT_SHOW_SCORES;
  self->settings.show_tracks = DEFAULT_SHOW_TRACKS;
  self->settings.classes = g_strdup (DEFAULT_CLASSES);
  self->settings.min_score = DEFAULT_MIN_SCORE;
  self->settings.mask_opacity = DEFAULT_MASK_OPACITY;
  self->settings.mask_background = DEFAULT_MASK_BACKGROUND;
  self->settings_changed = TRUE;
  self->text = g_string_new (NULL);
  ts_objects_init (&self->objects);
}
