/* tsdetector.c - an image in, boxes, classes or a mask out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsdetector.h"

#include <string.h>

#include "tsengine.h"
#include "tserror.h"
#include "tsimagetest.h"
#include "tsinputs.h"
#include "tslabels.h"
#include "tsmodelspec.h"
#include "tsoutputkeys.h"
#include "tsppm.h"
#include "tsprobe.h"
#include "tsselftest.h"
#include "tstune.h"

#define WARM_UP_GREY 128

/* The defaults for boxes would leave too few classes, or too many. */
#define DEFAULT_MAX_CLASSES 5

/* When a batch that did not fit into memory is tried again. */
#define MEMORY_RETRY_US (5 * G_USEC_PER_SEC)
#define MAX_BATCH 1024

struct _TsDetector
{
  TsModelSpec *spec;
  TsEngine *engine;
  const TsDecoder *decoder;
  gchar **output_keys;          /* of the decoder's roles */
  TsInputs *inputs;
  GArray *frames;               /* of the last run (TsFrame), if the device takes them */
  guint keep;                   /* columns of a raw head that the next run needs */
  guint batch_limit;            /* pictures that fit into memory; 0: not known */
  gint64 limited_at;            /* when it was last changed, us */
  gboolean size_settled;        /* a run has succeeded, or sizes were tried */
  gchar *size_note;             /* how the size was found, or NULL */
  gchar *batch_note;            /* why pictures go one by one, or NULL */
  TsStageTimes times;           /* of the last run */
  gatomicrefcount references;   /* of its owner and its forks */
  TsDetector *origin;           /* owns what forks borrow; NULL: this one does */
  TsTuneMode tune;
  TsPrecision precision;
  gint threads;
  guint batch_size;
  gboolean tunable;             /* not tuned yet */
  gchar *tune_key;              /* of the model's files, or NULL */
  TsPpm picture;                /* what the package brings, until tuned */
  gchar *tune_note;             /* what the module runs as, or NULL */
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
find_outputs (TsDetector * self, const gchar * wanted, GError ** error)
{
  if (wanted && !ts_output_keys_parse (self->spec, wanted, error))
    return FALSE;
  self->output_keys = ts_output_keys_resolve (self->spec, self->decoder, error);
  return self->output_keys != NULL;
}

static gboolean
wants_form (const TsDetectorOptions * options)
{
  return options->tune != TS_TUNE_OFF
      || options->precision == TS_PRECISION_BF16
      || options->precision == TS_PRECISION_FP16;
}

/* What is needed at the first warm-up; by then a zip's files are gone. */
static void
plan_tuning (TsDetector * self, const TsDetectorOptions * options)
{
  self->tunable = wants_form (options);
  self->tune = options->tune;
  self->precision = options->precision;
  self->threads = ts_engine_get_threads (self->engine);
  self->batch_size = MAX (options->batch_size, 1);
  if (!self->tunable)
    return;
  self->tune_key = ts_tune_hash_model (self->spec->path,
      options->weights ? options->weights : self->spec->weights);
  if (self->decoder->kind == TS_RESULT_BOXES)
    ts_image_test_open_picture (self->spec, &self->picture);
}

static gboolean
open_engine (TsDetector * self, const TsDetectorOptions * options,
    GError ** error)
{
  const gchar *weights =
      options->weights ? options->weights : self->spec->weights;
  TsEngineOptions engine_options = {
    .path = self->spec->path,
    .device = options->device ? options->device : "auto",
    .preferred_device = self->spec->device,
    .method = options->method,
    .threads = options->threads,
    .cpu_lanes = options->cpu_lanes,
    .dtype = self->spec->dtype == TS_DTYPE_UINT8 ? TS_DTYPE_FLOAT32 :
        self->spec->dtype,
    .weights = weights,
    .bytes = ts_model_spec_get_hashed (self->spec, self->spec->path),
    .weights_bytes = options->weights ? NULL :
        ts_model_spec_get_hashed (self->spec, weights),
    .op_libs = options->op_libs,
    .safety = options->safety,
    .tunable = wants_form (options),
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

  g_atomic_ref_count_init (&self->references);
  if (!check_model_option (options, error))
    return NULL;
  self->spec = ts_model_spec_read_trusted (options->model,
      options->safety.trusted_keys, error);
  if (!self->spec)
    return NULL;
  /* What needs no libtorch is checked before it is loaded. */
  self->decoder = find_decoder (self->spec, options->decoder, error);
  if (!self->decoder || !find_outputs (self, options->output, error)
      || !override_labels (self->spec, options->labels, error)
      || !open_engine (self, options, error))
    return NULL;
  self->inputs = ts_inputs_new (self->spec);
  self->frames = g_array_new (FALSE, FALSE, sizeof (TsFrame));
  if (options->self_test
      && !ts_self_test_run (self->spec, self->engine, self, error))
    return NULL;
  plan_tuning (self, options);
  ts_model_spec_drop_files (self->spec);
  return g_steal_pointer (&self);
}

gboolean
ts_detector_may_be_tuned (const TsDetector * self)
{
  return self->tunable;
}

TsDetector *
ts_detector_fork (TsDetector * self)
{
  TsDetector *origin = self->origin ? self->origin : self;
  TsEngine *engine;
  TsDetector *fork;

  g_return_val_if_fail (self->size_settled, NULL);
  engine = ts_engine_fork (origin->engine);
  if (!engine)
    return NULL;
  fork = g_new0 (TsDetector, 1);
  g_atomic_ref_count_init (&fork->references);
  g_atomic_ref_count_inc (&origin->references);
  fork->origin = origin;
  fork->spec = origin->spec;
  fork->decoder = origin->decoder;
  fork->output_keys = origin->output_keys;
  fork->engine = engine;
  fork->inputs = ts_inputs_new (fork->spec);
  fork->frames = g_array_new (FALSE, FALSE, sizeof (TsFrame));
  fork->size_settled = TRUE;
  fork->size_note = g_strdup (origin->size_note);
  fork->batch_note = g_strdup (self->batch_note);
  return fork;
}

void
ts_detector_free (TsDetector * self)
{
  TsDetector *origin = self ? self->origin : NULL;

  if (!self || !g_atomic_ref_count_dec (&self->references))
    return;
  ts_inputs_free (self->inputs);
  g_clear_pointer (&self->frames, g_array_unref);
  ts_engine_free (self->engine);
  g_free (self->size_note);
  g_free (self->batch_note);
  if (!origin) {
    g_strfreev (self->output_keys);
    ts_model_spec_free (self->spec);
  }
  g_free (self->tune_note);
  g_free (self->tune_key);
  ts_ppm_clear (&self->picture);
  g_free (self);
  ts_detector_free (origin);
}

static TsDecodeParams
get_params (const TsDetector * self, const TsLetterbox * letterbox,
    const TsThresholds * wanted)
{
  gboolean is_boxes = self->decoder->kind == TS_RESULT_BOXES;
  const TsModelSpec *spec = self->spec;
  TsDecodeParams params = {
    .score_threshold = is_boxes || spec->score_threshold_known ?
        spec->score_threshold : -1.f,
    .iou_threshold = spec->iou_threshold,
    .max_detections = is_boxes || spec->max_detections_known ?
        spec->max_detections : DEFAULT_MAX_CLASSES,
    .input_width = letterbox->tensor_width,
    .input_height = letterbox->tensor_height,
    .first_class = spec->first_class,
    .activation = spec->activation,
  };

  if (wanted->score_threshold >= 0.f)
    params.score_threshold = wanted->score_threshold;
  if (wanted->iou_threshold >= 0.f)
    params.iou_threshold = wanted->iou_threshold;
  if (wanted->max_detections > 0)
    params.max_detections = wanted->max_detections;
  return params;
}

gfloat
ts_detector_get_score_threshold (const TsDetector * self)
{
  const TsThresholds unset = { -1.f, -1.f, 0 };

  return get_params (self, ts_inputs_get_letterbox (self->inputs),
      &unset).score_threshold;
}

/* Where the tensor lies, seen from the frame inside it. */
static void
unmap_tensor (const TsLetterbox * box, gfloat area[4])
{
  gdouble scale_x = (gdouble) box->source_width / box->resized_width;
  gdouble scale_y = (gdouble) box->source_height / box->resized_height;

  area[0] = (gfloat) (-box->left * scale_x);
  area[1] = (gfloat) (-box->top * scale_y);
  area[2] = (gfloat) (box->tensor_width * scale_x);
  area[3] = (gfloat) (box->tensor_height * scale_y);
}

static void
unmap_result (const TsLetterbox * letterbox, TsResult * result)
{
  for (guint i = 0; i < result->boxes->len; i++)
    ts_letterbox_unmap (letterbox, g_array_index (result->boxes, TsBox, i).box);
  if (result->mask.width > 0)
    unmap_tensor (letterbox, result->mask.area);
}

/* From the pixels of @image to those of the frame that it is a part of. */
static void
move_result (const TsImage * image, TsResult * result)
{
  for (guint i = 0; i < result->boxes->len; i++) {
    gfloat *box = g_array_index (result->boxes, TsBox, i).box;

    box[0] += image->x;
    box[1] += image->y;
    box[2] += image->x;
    box[3] += image->y;
  }
  result->mask.area[0] += image->x;
  result->mask.area[1] += image->y;
}

static gboolean
get_outputs (TsDetector * self, TsOutput * outputs, GError ** error)
{
  for (guint i = 0; self->output_keys[i]; i++) {
    if (!ts_engine_get_output (self->engine, i, self->output_keys[i],
            &outputs[i], error))
      return FALSE;
    outputs[i].role = self->decoder->roles[i].name;
  }
  return TRUE;
}

/* The picture @item of the last run, which lay where @letterbox says. */
static gboolean
decode_item (TsDetector * self, const TsOutput * outputs, guint item,
    const TsImage * image, const TsLetterbox * letterbox,
    const TsThresholds * thresholds, TsResult * result, GError ** error)
{
  TsDecodeParams params = get_params (self, letterbox, thresholds);

  if (self->decoder->decode (outputs, (gint) item, &params, result, error)) {
    unmap_result (letterbox, result);
    move_result (image, result);
    return TRUE;
  }
  /* The decoder does not know which file it decodes for. */
  g_prefix_error (error, "%s: ", self->spec->path);
  ts_result_reset (result);
  return FALSE;
}

static gboolean
decode (TsDetector * self, const TsImage * image,
    const TsThresholds * thresholds, TsResult * result, GError ** error)
{
  TsOutput outputs[TS_DECODE_MAX_ROLES] = { {NULL} };

  return get_outputs (self, outputs, error)
      && decode_item (self, outputs, 0, image,
      ts_inputs_get_letterbox (self->inputs), thresholds, result, error);
}

/* The module on what the inputs were filled with. */
static gboolean
run_engine (TsDetector * self, GError ** error)
{
  gint64 clock = g_get_monotonic_time ();
  gsize n_inputs, n_listed;
  const TsTensor *inputs = ts_inputs_get (self->inputs, &n_inputs, &n_listed);
  gboolean done =
      ts_engine_run (self->engine, inputs, n_inputs, n_listed, error);

  ts_stage_times_end (&self->times, TS_STAGE_FORWARD, clock);
  return done;
}

/* NULL if the module can take more than one picture at a time, else why not. */
static const gchar *
find_single_reason (const TsModelSpec * spec)
{
  if (spec->input_form != TS_INPUT_FORM_TENSOR)
    return "it takes a list of tensors";
  return spec->inputs->len == 1 ? NULL : "it takes other inputs than the frame";
}

gboolean
ts_detector_takes_frames (const TsDetector * self)
{
  return ts_engine_takes_frames (self->engine)
      && !find_single_reason (self->spec)
      && self->spec->dtype <= TS_DTYPE_BFLOAT16;
}

/* How many columns of a raw head a run with these thresholds needs. */
static guint
find_keep (const TsDetector * self, const TsThresholds * thresholds)
{
  if (!self->decoder->reads_best_columns)
    return 0;
  return (guint) get_params (self, ts_inputs_get_letterbox (self->inputs),
      thresholds).max_detections;
}

/* Says where picture @i of @n goes; its pixels stay where they are. */
static void
place_frame (TsDetector * self, const TsImage * image, guint i, guint n)
{
  TsFrame *frame;

  ts_inputs_place_item (self->inputs, image, i, n);
  g_array_set_size (self->frames, n);
  frame = &g_array_index (self->frames, TsFrame, i);
  frame->image = image;
  frame->letterbox = *ts_inputs_get_item_letterbox (self->inputs, i);
}

/* The run began with the frames' way to the device. */
static void
split_off_upload (TsDetector * self)
{
  TsStageTimes *times = &self->times;
  gint64 ns = MIN (ts_engine_get_upload_ns (self->engine),
      times->ns[TS_STAGE_FORWARD]);

  times->start_us[TS_STAGE_TENSOR] = 0;
  times->start_us[TS_STAGE_UPLOAD] = times->start_us[TS_STAGE_FORWARD];
  times->ns[TS_STAGE_UPLOAD] = ns;
  times->start_us[TS_STAGE_FORWARD] += ns / 1000;
  times->ns[TS_STAGE_FORWARD] -= ns;
}

/* The module on the frames that are placed. */
static gboolean
run_frames (TsDetector * self, GError ** error)
{
  const TsFrameInput input =
      { &self->spec->format, self->spec->dtype, self->keep };
  gint64 clock = g_get_monotonic_time ();
  gboolean done = ts_engine_run_frames (self->engine, &input,
      (const TsFrame *) (gpointer) self->frames->data, self->frames->len,
      error);

  ts_stage_times_end (&self->times, TS_STAGE_FORWARD, clock);
  if (done)
    split_off_upload (self);
  return done;
}

static gboolean
forward (TsDetector * self, const TsImage * image, GError ** error)
{
  gint64 clock = g_get_monotonic_time ();
  gboolean done;

  if (ts_detector_takes_frames (self)) {
    place_frame (self, image, 0, 1);
    return run_frames (self, error);
  }
  done = ts_inputs_fill (self->inputs, image, error);
  ts_stage_times_end (&self->times, TS_STAGE_TENSOR, clock);
  return done && run_engine (self, error);
}

/* The first failure of a module may be one of its input's size. */
static gboolean
forward_or_probe (TsDetector * self, const TsImage * image, GError ** error)
{
  g_autoptr (GError) failure = NULL;
  gboolean done = forward (self, image, &failure);

  if (!done && !self->size_settled
      && g_error_matches (failure, TS_ERROR, TS_ERROR_FORWARD)
      && ts_probe_size (self->spec, self->engine, &self->size_note, &failure)) {
    ts_inputs_free (self->inputs);
    self->inputs = ts_inputs_new (self->spec);
    done = forward (self, image, &failure);
  }
  self->size_settled = TRUE;
  if (failure)
    g_propagate_error (error, g_steal_pointer (&failure));
  return done;
}

gboolean
ts_detector_run (TsDetector * self, const TsImage * image,
    const TsThresholds * thresholds, TsResult * result, GError ** error)
{
  ts_result_reset (result);
  self->keep = find_keep (self, thresholds);
  return forward_or_probe (self, image, error)
      && decode (self, image, thresholds, result, error);
}

gboolean
ts_detector_fits_batch (const TsDetector * self, const TsImage * one,
    const TsImage * other)
{
  TsLetterbox a, b;

  if (self->batch_note || find_single_reason (self->spec))
    return FALSE;
  ts_inputs_place (self->spec, one->width, one->height, &a);
  ts_inputs_place (self->spec, other->width, other->height, &b);
  return a.tensor_width == b.tensor_width && a.tensor_height == b.tensor_height;
}

static void
note_single (TsDetector * self, const gchar * reason)
{
  if (!self->batch_note)
    self->batch_note =
        g_strdup_printf ("%s: pictures go through the module one "
        "by one, as %s", self->spec->path, reason);
}

static gboolean
fill_batch (TsDetector * self, const TsBatchItem * items, guint n)
{
  gint64 clock = g_get_monotonic_time ();

  for (guint i = 0; i < n; i++)
    if (!ts_inputs_fill_item (self->inputs, items[i].image, i, n, NULL))
      return FALSE;
  ts_stage_times_end (&self->times, TS_STAGE_TENSOR, clock);
  return TRUE;
}

/* Each output must have a slice for each picture; a module that was traced with
 * one picture may answer with another shape and no error. */
static gboolean
outputs_are_batched (TsDetector * self, const TsOutput * outputs, guint n)
{
  for (guint i = 0; self->output_keys[i]; i++)
    if (outputs[i].n_dims < 1 || outputs[i].shape[0] != n) {
      g_autofree gchar *shape = ts_output_shape_to_string (&outputs[i]);
      g_autofree gchar *reason =
          g_strdup_printf ("its answer to %u pictures has " "the shape %s", n,
          shape);

      note_single (self, reason);
      return FALSE;
    }
  return TRUE;
}

/* All or none get one. */
static gboolean
take_answers (TsDetector * self, TsBatchItem * items, guint n)
{
  gboolean wanted = self->decoder->kind == TS_RESULT_NOTHING;

  for (guint i = 0; i < n; i++)
    wanted = wanted || items[i].wants_answer;
  if (wanted && !ts_engine_complete_answer (self->engine, NULL))
    return FALSE;
  for (guint i = 0; wanted && i < n; i++) {
    items[i].answer = ts_engine_get_item (self->engine, i, n);
    if (!items[i].answer) {
      note_single (self, "a tensor of its answer has no part for each picture");
      return FALSE;
    }
  }
  return TRUE;
}

static guint
decode_batch (TsDetector * self, const TsOutput * outputs, TsBatchItem * items,
    guint n)
{
  guint n_good = 0;

  for (guint i = 0; i < n; i++) {
    gint64 clock = g_get_monotonic_time ();

    n_good += decode_item (self, outputs, i, items[i].image,
        ts_inputs_get_item_letterbox (self->inputs, i), items[i].thresholds,
        items[i].result, &items[i].error);
    items[i].times = self->times;
    ts_stage_times_end (&items[i].times, TS_STAGE_DECODE, clock);
  }
  return n_good;
}

/* One forward pass for all. */
static gboolean
forward_batch (TsDetector * self, const TsBatchItem * items, guint n,
    GError ** error)
{
  gboolean wants_answer = FALSE;

  if (!ts_detector_takes_frames (self))
    return fill_batch (self, items, n) && run_engine (self, error);
  self->keep = 0;
  for (guint i = 0; i < n; i++) {
    self->keep = MAX (self->keep, find_keep (self, items[i].thresholds));
    wants_answer = wants_answer || items[i].wants_answer;
    place_frame (self, items[i].image, i, n);
  }
  if (wants_answer)
    self->keep = 0;
  return run_frames (self, error);
}

/* One forward pass for all; FALSE: it did not work out, and no item is touched.
 * @failure is what the module said. */
static gboolean
run_together (TsDetector * self, TsBatchItem * items, guint n, guint * n_good,
    GError ** failure)
{
  TsOutput outputs[TS_DECODE_MAX_ROLES] = { {NULL} };

  if (n < 2 || !self->size_settled || self->batch_note
      || find_single_reason (self->spec)
      || !forward_batch (self, items, n, failure)
      || !get_outputs (self, outputs, NULL)
      || !outputs_are_batched (self, outputs, n)
      || !take_answers (self, items, n))
    return FALSE;
  *n_good = decode_batch (self, outputs, items, n);
  return TRUE;
}

static gboolean
run_item (TsDetector * self, TsBatchItem * item)
{
  gboolean done;
  gint64 clock;

  self->keep = item->wants_answer ? 0 : find_keep (self, item->thresholds);
  done = forward_or_probe (self, item->image, &item->error);
  clock = g_get_monotonic_time ();
  done = done && decode (self, item->image, item->thresholds,
      item->result, &item->error);
  ts_stage_times_end (&self->times, TS_STAGE_DECODE, clock);
  item->times = self->times;
  if (done && (item->wants_answer || self->decoder->kind == TS_RESULT_NOTHING)
      && ts_engine_complete_answer (self->engine, NULL))
    item->answer = ts_answer_ref (ts_engine_get_answer (self->engine));
  return done;
}

static void
reset_item (TsBatchItem * item)
{
  ts_result_reset (item->result);
  g_clear_pointer (&item->answer, ts_answer_unref);
  item->error = NULL;
}

/* How many pictures are worth trying together: after memory ran out more and more
 * again, as it may be free by then. */
static guint
get_batch_limit (TsDetector * self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->batch_limit && now - self->limited_at > MEMORY_RETRY_US) {
    self->batch_limit = self->batch_limit > MAX_BATCH ? 0 :
        self->batch_limit * 2;
    self->limited_at = now;
  }
  return self->batch_limit ? self->batch_limit : G_MAXUINT;
}

static guint
run_one_by_one (TsDetector * self, TsBatchItem * items, guint n)
{
  guint n_good = 0;

  for (guint i = 0; i < n; i++) {
    reset_item (&items[i]);
    n_good += run_item (self, &items[i]);
  }
  return n_good;
}

static guint
run_part (TsDetector * self, TsBatchItem * items, guint n)
{
  g_autoptr (GError) failure = NULL;
  guint n_good = 0;

  if (run_together (self, items, n, &n_good, &failure))
    return n_good;
  if (n > 1 && g_error_matches (failure, TS_ERROR, TS_ERROR_MEMORY)) {
    self->batch_limit = n / 2;
    self->limited_at = g_get_monotonic_time ();
    return run_part (self, items, n / 2)
        + run_part (self, items + n / 2, n - n / 2);
  }
  n_good = run_one_by_one (self, items, n);
  /* What fails alone, too, is no matter of the batch. */
  if (g_error_matches (failure, TS_ERROR, TS_ERROR_FORWARD) && n_good == n)
    note_single (self, failure->message);
  return n_good;
}

guint
ts_detector_run_batch (TsDetector * self, TsBatchItem * items, guint n_items)
{
  guint n_good = 0, n;

  for (guint i = 0; i < n_items; i++) {
    items[i].answer = NULL;
    reset_item (&items[i]);
  }
  for (guint i = 0; i < n_items; i += n) {
    n = MIN (n_items - i, get_batch_limit (self));
    n_good += run_part (self, items + i, n);
  }
  return n_good;
}

TsResultKind
ts_detector_get_kind (const TsDetector * self)
{
  return self->decoder->kind;
}

TsAnswer *
ts_detector_get_answer (const TsDetector * self)
{
  if (!ts_engine_complete_answer (self->engine, NULL))
    return NULL;
  return ts_engine_get_answer (self->engine);
}

const gchar *
ts_detector_get_tensor_id (const TsDetector * self, const gchar * name)
{
  GHashTable *ids = self->spec->tensor_ids;
  gint i = ts_output_keys_find (self->output_keys, name);
  const TsRole *role = i >= 0 ? &self->decoder->roles[i] : NULL;

  if (ids && g_hash_table_contains (ids, name))
    return g_hash_table_lookup (ids, name);
  if (ids && role && g_hash_table_contains (ids, role->name))
    return g_hash_table_lookup (ids, role->name);
  if (role && role->tensor_id)
    return role->tensor_id;
  return *name ? name : "output";
}

/* For the tuning: what the module finds in the picture that the package brings. */
static gboolean
detect_in_picture (gpointer user, GArray * boxes)
{
  const TsThresholds thresholds = { -1.f, -1.f, 0 };
  TsDetector *self = user;
  g_auto (TsResult) result = { NULL };
  TsInputs *inputs = self->inputs;
  gboolean done;

  ts_result_init (&result);
  /* Those of the negotiated size are measured with. */
  self->inputs = ts_inputs_new (self->spec);
  done = ts_detector_run (self, &self->picture.image, &thresholds, &result,
      NULL);
  ts_inputs_free (self->inputs);
  self->inputs = inputs;
  g_array_append_vals (boxes, result.boxes->data, result.boxes->len);
  return done;
}

/* A texture, as a flat grey says little about a form's rounding. */
static guint8 *
make_noise (gsize size)
{
  guint8 *pixels = g_try_malloc (size);

  for (gsize i = 0; pixels && i < size; i++)
    pixels[i] = (guint8) ((guint32) i * 2654435761u >> 24);
  return pixels;
}

/* Pictures in a batch, as the stream will send it, if the module takes one. */
static guint
get_tune_batch (const TsDetector * self)
{
  return find_single_reason (self->spec) ? 1 : self->batch_size;
}

static gboolean
fill_with_noise (TsDetector * self, gint width, gint height, guint n,
    GError ** error)
{
  g_autofree guint8 *pixels = make_noise ((gsize) width * height);
  TsImage image = { TS_PIXEL_GRAY8, width, height, {pixels}, {width} };

  if (!pixels) {
    g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
        "%s: no memory for a picture of %dx%d to tune with; free memory, or set "
        "tune=off", self->spec->path, width, height);
    return FALSE;
  }
  if (n == 1)
    return ts_inputs_fill (self->inputs, &image, error);
  for (guint i = 0; i < n; i++)
    if (!ts_inputs_fill_item (self->inputs, &image, i, n, error))
      return FALSE;
  return TRUE;
}

/* With inputs that are filled. */
static TsTuneTask
get_tune_task (TsDetector * self)
{
  TsTuneTask task = {
    .engine = self->engine,
    .output_keys = self->output_keys,
    .mode = self->tune,
    .precision = self->precision,
    .threads = self->threads,
    .model = self->tune_key,
    .score_threshold = ts_detector_get_score_threshold (self),
    .detect = self->picture.file ? detect_in_picture : NULL,
    .user = self,
  };

  task.inputs = ts_inputs_get (self->inputs, &task.n_inputs, &task.n_listed);
  return task;
}

static gboolean
tune (TsDetector * self, gint width, gint height, GError ** error)
{
  guint n = get_tune_batch (self);
  TsTuneTask task;

  self->tunable = FALSE;
  if (!fill_with_noise (self, width, height, n, error))
    return FALSE;
  /* Only a run tells whether the module takes a batch. */
  if (n > 1 && !run_engine (self, NULL)
      && !fill_with_noise (self, width, height, 1, error))
    return FALSE;
  task = get_tune_task (self);
  if (!ts_tune (&task, &self->tune_note, error))
    return FALSE;
  ts_ppm_clear (&self->picture);
  return TRUE;
}

/* A form that is remembered spares the first run of the plain one, which takes as long
 * as several others. */
static gboolean
recall_form (TsDetector * self, gint width, gint height)
{
  TsTuneTask task;

  if (!fill_with_noise (self, width, height, get_tune_batch (self), NULL))
    return FALSE;
  task = get_tune_task (self);
  return ts_tune_recall (&task, &self->tune_note);
}

static gboolean
run_grey (TsDetector * self, gint width, gint height, GError ** error)
{
  const TsThresholds thresholds = { -1.f, -1.f, 0 };
  g_auto (TsResult) result = { NULL };
  g_autofree guint8 *row = g_malloc (width);
  /* One row stands for all of them. */
  TsImage image = { TS_PIXEL_GRAY8, width, height, {row}, {0}
  };

  memset (row, WARM_UP_GREY, width);
  ts_result_init (&result);
  return ts_detector_run (self, &image, &thresholds, &result, error);
}

/* The first run of a form that is remembered shows whether it works here. */
static gboolean
run_recalled (TsDetector * self, gint width, gint height)
{
  if (!recall_form (self, width, height))
    return FALSE;
  if (!run_grey (self, width, height, NULL)) {
    ts_engine_prepare (self->engine, &TS_VARIANT_PLAIN, NULL);
    g_clear_pointer (&self->tune_note, g_free);
    return FALSE;
  }
  ts_engine_settle (self->engine);
  self->tunable = FALSE;
  ts_ppm_clear (&self->picture);
  return TRUE;
}

gboolean
ts_detector_warm_up (TsDetector * self, gint width, gint height, guint runs,
    GError ** error)
{
  gboolean may_recall = self->tunable && runs > 0 && self->tune == TS_TUNE_AUTO;
  guint n_done = may_recall && run_recalled (self, width, height) ? 1 : 0;

  for (guint i = n_done; i < runs; i++)
    if (!run_grey (self, width, height, error))
      return FALSE;
  return !self->tunable || runs == 0 || tune (self, width, height, error);
}

const gchar *
ts_detector_get_tune_note (const TsDetector * self)
{
  return self->tune_note;
}

void
ts_detector_warm_up_batch (TsDetector * self, gint width, gint height,
    guint n_items)
{
  const TsThresholds thresholds = { -1.f, -1.f, 0 };
  g_autofree TsBatchItem *items = g_new0 (TsBatchItem, n_items);
  g_autofree TsResult *results = g_new0 (TsResult, n_items);
  g_autofree guint8 *row = g_malloc (width);
  TsImage image = { TS_PIXEL_GRAY8, width, height, {row}, {0}
  };

  memset (row, WARM_UP_GREY, width);
  for (guint i = 0; i < n_items; i++) {
    ts_result_init (&results[i]);
    items[i].image = &image;
    items[i].thresholds = &thresholds;
    items[i].result = &results[i];
  }
  ts_detector_run_batch (self, items, n_items);
  for (guint i = 0; i < n_items; i++) {
    ts_result_clear (&results[i]);
    g_clear_pointer (&items[i].answer, ts_answer_unref);
    g_clear_error (&items[i].error);
  }
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

gboolean
ts_detector_has_device (const TsDetector * self, const gchar * device)
{
  return ts_engine_has_device (self->engine, device);
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

void
ts_detector_get_use (const TsDetector * self, TsModelUse * use)
{
  ts_engine_get_use (self->engine, use);
}

const gchar *
ts_detector_get_size_note (const TsDetector * self)
{
  return self->size_note;
}

const gchar *
ts_detector_get_frames_note (const TsDetector * self)
{
  return ts_engine_get_frames_note (self->engine);
}

const gchar *
ts_detector_get_batch_note (const TsDetector * self)
{
  return self->batch_note;
}

const gchar *
ts_detector_get_label (const TsDetector * self, gint class_id)
{
  guint n = self->spec->labels ? g_strv_length (self->spec->labels) : 0;

  if (class_id < 0 || (guint) class_id >= n || !*self->spec->labels[class_id])
    return NULL;
  return self->spec->labels[class_id];
}
