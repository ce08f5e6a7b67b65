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

static gboolean
check_kind (const TsDetector * detector, const gchar * path, GError ** error)
{
  if (ts_detector_get_kind (detector) == TS_RESULT_BOXES)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "%s: the decoder of this model gives no boxes, expected one that does; run "
      "the model with the element torchscriptinfer", path);
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
    .labels = from->labels,
    .method = from->method,
    .threads = from->threads,
    .weights = from->weights,
    .op_libs = from->custom_op_libs,
    .self_test = from->self_test,
  };
  TsDetector *detector = ts_detector_open (&detector_options, error);
  TsVisionModel *self;

  if (!detector || !check_kind (detector, path, error)) {
    ts_detector_free (detector);
    return NULL;
  }
  self = g_new0 (TsVisionModel, 1);
  self->detector = detector;
  ts_result_init (&self->result);
  /* Zero-terminated, so that it has memory even if it is empty. */
  self->detections = g_array_new (TRUE, FALSE, sizeof (TsVisionDetection));
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

const TsVisionDetection *
ts_vision_model_detect (TsVisionModel * self, const TsVisionImage * image,
    gsize * n_detections, GError ** error)
{
  TsImage view;

  g_array_set_size (self->detections, 0);
  if (!to_image (image, &view, error)
      || !ts_detector_run (self->detector, &view, &self->thresholds,
          &self->result, error))
    return NULL;
  for (guint i = 0; i < self->result.boxes->len; i++)
    append_detection (self, &g_array_index (self->result.boxes, TsBox, i));
  *n_detections = self->detections->len;
  return (const TsVisionDetection *) self->detections->data;
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
