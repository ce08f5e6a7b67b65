/* torchscriptvision.c - the core as a library of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "torchscriptvision.h"

#include "tsdetector.h"
#include "tserror.h"

#define MAX_EDGE 16384

/* The public names of the core's error codes. */
G_STATIC_ASSERT ((gint) TS_VISION_ERROR_NOT_FOUND == (gint) TS_ERROR_NOT_FOUND);
G_STATIC_ASSERT ((gint) TS_VISION_ERROR_CONFIG == (gint) TS_ERROR_CONFIG);
G_STATIC_ASSERT ((gint) TS_VISION_ERROR_MEMORY == (gint) TS_ERROR_MEMORY);

struct _TsVisionModel
{
  TsDetector *detector;
  TsThresholds thresholds;
  TsResult result;
  GArray *detections;           /* TsVisionDetection */
  GArray *classes;              /* TsVisionClass */
  TsVisionMask mask;
};

static const struct
{
  TsPixelFormat format;
  gint bytes;                   /* a pixel */
} formats[] = {
  [TS_VISION_RGB] = {TS_PIXEL_RGB, 3},
  [TS_VISION_BGR] = {TS_PIXEL_BGR, 3},
  [TS_VISION_RGBX] = {TS_PIXEL_RGBX, 4},
  [TS_VISION_BGRX] = {TS_PIXEL_BGRX, 4},
  [TS_VISION_GRAY] = {TS_PIXEL_GRAY8, 1},
};

GQuark
ts_vision_error_quark (void)
{
  return TS_ERROR;
}

static const struct
{
  const gchar *given, *call;    /* in words; what to do about it */
} kinds[] = {
  [TS_VISION_DETECTIONS] = {"boxes", "ts_vision_model_detect()"},
  [TS_VISION_CLASSES] = {"classes", "ts_vision_model_classify()"},
  [TS_VISION_MASK] = {"a mask", "ts_vision_model_segment()"},
  [TS_VISION_NOTHING] = {"raw tensors", "the element torchscriptinfer"},
};

G_STATIC_ASSERT ((gint) TS_VISION_DETECTIONS == (gint) TS_RESULT_BOXES);
G_STATIC_ASSERT ((gint) TS_VISION_NOTHING == (gint) TS_RESULT_NOTHING);

static gboolean
check_kind (const TsVisionModel * self, TsVisionKind wanted, GError ** error)
{
  TsVisionKind kind = ts_vision_model_get_kind (self);

  if (kind == wanted)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: the decoder of this model gives %s, not %s; use %s",
      ts_detector_get_name (self->detector), kinds[kind].given,
      kinds[wanted].given, kinds[kind].call);
  return FALSE;
}

TsVisionModel *
ts_vision_model_open (const gchar * path, const TsVisionOptions * options,
    GError ** error)
{
  const TsVisionOptions defaults = { NULL, };
  const TsVisionOptions *from = options ? options : &defaults;
  TsDetectorOptions detector_options = {
    .model = path,
    .device = from->device,
    .decoder = from->decoder,
    .output = from->output,
    .labels = from->labels,
    .method = from->method,
    .threads = from->threads,
    .weights = from->weights,
    .op_libs = from->custom_op_libs,
    .self_test = from->self_test,
  };
  TsDetector *detector = ts_detector_open (&detector_options, error);
  TsVisionModel *self;

  if (!detector)
    return NULL;
  self = g_new0 (TsVisionModel, 1);
  self->detector = detector;
  ts_result_init (&self->result);
  /* Zero-terminated, so that they have memory even if they are empty. */
  self->detections = g_array_new (TRUE, FALSE, sizeof (TsVisionDetection));
  self->classes = g_array_new (TRUE, FALSE, sizeof (TsVisionClass));
  ts_vision_model_set_thresholds (self, -1.f, -1.f, 0);
  return self;
}

void
ts_vision_model_free (TsVisionModel * self)
{
  if (!self)
    return;
  ts_detector_free (self->detector);
  ts_result_clear (&self->result);
  g_array_unref (self->detections);
  g_array_unref (self->classes);
  g_free (self);
}

void
ts_vision_model_set_thresholds (TsVisionModel * self, gfloat score,
    gfloat iou, gint max_detections)
{
  self->thresholds.score_threshold = score;
  self->thresholds.iou_threshold = iou;
  self->thresholds.max_detections = max_detections;
}

static gboolean
to_image (const TsVisionImage * from, TsImage * to, GError ** error)
{
  gboolean known = (guint) from->format < G_N_ELEMENTS (formats);

  if (!known || from->width < 1 || from->width > MAX_EDGE || from->height < 1
      || from->height > MAX_EDGE || !from->pixels
      || from->stride < from->width * formats[from->format].bytes) {
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "an image of %d x %d pixels, a stride of %d bytes and the format %d "
        "cannot be; expected 1 to %d pixels an edge, rows that do not overlap, "
        "and a format of TsVisionFormat", from->width, from->height,
        from->stride, (gint) from->format, MAX_EDGE);
    return FALSE;
  }
  *to = (TsImage) {
    formats[from->format].format, from->width, from->height, {
    from->pixels}
    , {
    from->stride}
  };
  return TRUE;
}

static void
append_detection (TsVisionModel * self, const TsBox * box)
{
  TsVisionDetection detection = { box->box[0], box->box[1], box->box[2],
    box->box[3], box->score, box->class_id,
    ts_detector_get_label (self->detector, box->class_id)
  };

  g_array_append_val (self->detections, detection);
}

/* Puts the answer of a model of the kind @wanted into self->result. */
static gboolean
run (TsVisionModel * self, TsVisionKind wanted, const TsVisionImage * image,
    GError ** error)
{
  TsImage view;

  return check_kind (self, wanted, error) && to_image (image, &view, error)
      && ts_detector_run (self->detector, &view, &self->thresholds,
      &self->result, error);
}

const TsVisionDetection *
ts_vision_model_detect (TsVisionModel * self, const TsVisionImage * image,
    gsize * n_detections, GError ** error)
{
  g_array_set_size (self->detections, 0);
  if (!run (self, TS_VISION_DETECTIONS, image, error))
    return NULL;
  for (guint i = 0; i < self->result.boxes->len; i++)
    append_detection (self, &g_array_index (self->result.boxes, TsBox, i));
  *n_detections = self->detections->len;
  return (const TsVisionDetection *) self->detections->data;
}

const TsVisionClass *
ts_vision_model_classify (TsVisionModel * self, const TsVisionImage * image,
    gsize * n_classes, GError ** error)
{
  g_array_set_size (self->classes, 0);
  if (!run (self, TS_VISION_CLASSES, image, error))
    return NULL;
  for (guint i = 0; i < self->result.classes->len; i++) {
    const TsClass *from = &g_array_index (self->result.classes, TsClass, i);
    TsVisionClass to = { from->score, from->class_id,
      ts_detector_get_label (self->detector, from->class_id)
    };

    g_array_append_val (self->classes, to);
  }
  *n_classes = self->classes->len;
  return (const TsVisionClass *) self->classes->data;
}

const TsVisionMask *
ts_vision_model_segment (TsVisionModel * self, const TsVisionImage * image,
    GError ** error)
{
  const TsMask *from = &self->result.mask;

  if (!run (self, TS_VISION_MASK, image, error))
    return NULL;
  self->mask = (TsVisionMask) {
    from->classes, from->width, from->height, from->area[0], from->area[1],
        from->area[2], from->area[3]
  };
  return &self->mask;
}

TsVisionKind
ts_vision_model_get_kind (const TsVisionModel * self)
{
  return (TsVisionKind) ts_detector_get_kind (self->detector);
}

const gchar *
ts_vision_model_get_label (const TsVisionModel * self, gint class_id)
{
  return ts_detector_get_label (self->detector, class_id);
}

const gchar *
ts_vision_model_get_name (const TsVisionModel * self)
{
  return ts_detector_get_name (self->detector);
}

const gchar *
ts_vision_model_get_device (const TsVisionModel * self)
{
  return ts_detector_get_device (self->detector);
}
