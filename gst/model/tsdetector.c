/* tsdetector.c - an image in, boxes out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsdetector.h"

#include <string.h>

#include "../frame/tstensorizer.h"
#include "tsengine.h"
#include "tserror.h"
#include "tslabels.h"
#include "tsmodelspec.h"
#include "tsselftest.h"

#define WARM_UP_GREY 128

struct _TsDetector
{
  TsModelSpec *spec;
  TsEngine *engine;
  const TsDecoder *decoder;
  TsTensorizer *tensorizer;
  TsLetterbox letterbox;
  gfloat *tensor;
  gsize tensor_size;            /* floats */
};

static gboolean
check_model_option (const TsDetectorOptions * options, GError ** error)
{
  if (options->model && *options->model)
    return TRUE;
  g_set_error_literal (error, TS_ERROR, TS_ERROR_CONFIG,
      "no model is named; set the model property to an mlpkg directory or a "
      "TorchScript file (.pt or .pth)");
  return FALSE;
}

/* The user's word goes first; only the package's needs its place named. */
static const TsDecoder *
find_decoder (const TsModelSpec * spec, const gchar * wanted, GError ** error)
{
  const TsDecoder *decoder =
      ts_decoder_find (wanted ? wanted : spec->decoder, error);

  if (!decoder && !wanted)
    g_prefix_error (error, "%s: ", spec->path);
  return decoder;
}

static gboolean
override_labels (TsModelSpec * spec, const gchar * path, GError ** error)
{
  gchar **labels;

  if (!path)
    return TRUE;
  labels = ts_labels_read (path, error);
  if (!labels)
    return FALSE;
  g_strfreev (spec->labels);
  spec->labels = labels;
  return TRUE;
}

static gboolean
open_engine (TsDetector * self, const TsDetectorOptions * options,
    GError ** error)
{
  TsEngineOptions engine_options = {
    .path = self->spec->path,
    .device = options->device ? options->device : "auto",
    .preferred_device = self->spec->device,
    .method = options->method,
    .threads = options->threads,
    .weights = options->weights ? options->weights : self->spec->weights,
    .op_libs = options->op_libs,
  };
  const gchar *config;
  gsize size = 0;

  self->engine = ts_engine_open (&engine_options, error);
  if (!self->engine)
    return FALSE;
  config = ts_engine_get_config (self->engine, &size);
  return !config || ts_model_spec_add_config (self->spec, config, size, error);
}

TsDetector *
ts_detector_open (const TsDetectorOptions * options, GError ** error)
{
  g_autoptr (TsDetector) self = g_new0 (TsDetector, 1);

  if (!check_model_option (options, error))
    return NULL;
  self->spec = ts_model_spec_read (options->model, error);
  if (!self->spec)
    return NULL;
  /* What needs no libtorch is checked before it is loaded. */
  self->decoder = find_decoder (self->spec, options->decoder, error);
  if (!self->decoder || !override_labels (self->spec, options->labels, error)
      || !open_engine (self, options, error))
    return NULL;
  self->tensorizer = ts_tensorizer_new (&self->spec->format);
  if (options->self_test
      && !ts_self_test_run (self->spec, self->engine, self, error))
    return NULL;
  ts_model_spec_drop_files (self->spec);
  return g_steal_pointer (&self);
}

void
ts_detector_free (TsDetector * self)
{
  if (!self)
    return;
  g_clear_pointer (&self->tensorizer, ts_tensorizer_free);
  ts_engine_free (self->engine);
  ts_model_spec_free (self->spec);
  g_free (self->tensor);
  g_free (self);
}

static gboolean
reserve_tensor (TsDetector * self, gsize size, GError ** error)
{
  if (size == self->tensor_size)
    return TRUE;
  g_free (self->tensor);
  self->tensor = g_try_new (gfloat, size);
  self->tensor_size = self->tensor ? size : 0;
  if (!self->tensor)
    g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
        "%s: no memory for an input of %" G_GSIZE_FORMAT
        " numbers; use a smaller input or free memory", self->spec->path, size);
  return self->tensor != NULL;
}

static gboolean
place_frame (TsDetector * self, gint width, gint height, GError ** error)
{
  TsLetterbox *box = &self->letterbox;

  if (box->source_width != width || box->source_height != height)
    ts_letterbox_init (box, &self->spec->size, width, height);
  return reserve_tensor (self, (gsize) self->spec->format.channels
      * box->tensor_width * box->tensor_height, error);
}

static gboolean
forward (TsDetector * self, TsOutput * output, GError ** error)
{
  gint64 channels = self->spec->format.channels;
  gint64 width = self->letterbox.tensor_width;
  gint64 height = self->letterbox.tensor_height;
  const gint64 nchw[4] = { 1, channels, height, width };
  const gint64 nhwc[4] = { 1, height, width, channels };
  gboolean is_nchw = self->spec->format.layout == TS_LAYOUT_NCHW;

  return ts_engine_run (self->engine, self->tensor, is_nchw ? nchw : nhwc, 4,
      self->spec->output_key, output, error);
}

static TsDecodeParams
get_params (const TsDetector * self, const TsThresholds * wanted)
{
  const TsModelSpec *spec = self->spec;

  return (TsDecodeParams) {
  .score_threshold = wanted->score_threshold >= 0.f ?
        wanted->score_threshold : spec->score_threshold,.iou_threshold =
        wanted->iou_threshold >=
        0.f ? wanted->iou_threshold : spec->iou_threshold,.max_detections =
        wanted->max_detections >
        0 ? wanted->max_detections : spec->max_detections,};
}

static gboolean
decode (TsDetector * self, const TsOutput * output,
    const TsThresholds * thresholds, GArray * boxes, GError ** error)
{
  TsDecodeParams params = get_params (self, thresholds);
  guint first = boxes->len;

  if (!self->decoder->decode (output, 0, &params, boxes, error)) {
    /* The decoder does not know which file it decodes for. */
    g_prefix_error (error, "%s: ", self->spec->path);
    g_array_set_size (boxes, first);
    return FALSE;
  }
  for (guint i = first; i < boxes->len; i++)
    ts_letterbox_unmap (&self->letterbox, g_array_index (boxes, TsBox, i).box);
  return TRUE;
}

gboolean
ts_detector_run (TsDetector * self, const TsImage * image,
    const TsThresholds * thresholds, GArray * boxes, GError ** error)
{
  TsOutput output;

  if (!place_frame (self, image->width, image->height, error))
    return FALSE;
  ts_tensorizer_run (self->tensorizer, image, &self->letterbox, self->tensor);
  return forward (self, &output, error)
      && decode (self, &output, thresholds, boxes, error);
}

gboolean
ts_detector_warm_up (TsDetector * self, gint width, gint height, guint runs,
    GError ** error)
{
  const TsThresholds thresholds = { -1.f, -1.f, 0 };
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  g_autofree guint8 *row = g_malloc (width);
  /* One row stands for all of them. */
  TsImage image = { TS_PIXEL_GRAY8, width, height, {row}, {0}
  };

  memset (row, WARM_UP_GREY, width);
  for (guint i = 0; i < runs; i++)
    if (!ts_detector_run (self, &image, &thresholds, boxes, error))
      return FALSE;
  return TRUE;
}

const gchar *
ts_detector_get_name (const TsDetector * self)
{
  return self->spec->name;
}

const gchar *
ts_detector_get_device (const TsDetector * self)
{
  return ts_engine_get_device (self->engine);
}

const gchar *
ts_detector_get_device_reason (const TsDetector * self)
{
  return ts_engine_get_device_reason (self->engine);
}

const gchar *
ts_detector_get_runtime (const TsDetector * self)
{
  return ts_engine_get_runtime (self->engine);
}

const gchar *
ts_detector_get_runtime_warning (const TsDetector * self)
{
  return ts_engine_get_runtime_warning (self->engine);
}

const gchar *
ts_detector_get_label (const TsDetector * self, gint class_id)
{
  guint n = self->spec->labels ? g_strv_length (self->spec->labels) : 0;

  if (class_id < 0 || (guint) class_id >= n || !*self->spec->labels[class_id])
    return NULL;
  return self->spec->labels[class_id];
}
