/* tsdetector.h - an image in, boxes, classes or a mask out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Strings the steps of a frame's way together: letterbox and tensor, forward,
 * decoding, boxes back in source pixels.  An application without a pipeline
 * could use it as it is.
 */
#pragma once

#include "../decode/tsdecoder.h"
#include "../frame/tsimage.h"
#include "tsanswer.h"
#include "tsmodeluse.h"
#include "tssafety.h"
#include "tsstage.h"
#include "tsvariant.h"

G_BEGIN_DECLS

typedef struct _TsDetector TsDetector;

/* What the user asked for; unset fields fall back to the package's word. */
typedef struct
{
  const gchar *model;           /* mlpkg package, .pt or .pth; NULL is an error */
  const gchar *device;          /* "auto", "cpu", "cuda", "cuda:N", "mps" */
  const gchar *decoder;         /* id, or NULL */
  const gchar *output;          /* "KEY" or "ROLE=KEY,ROLE=KEY", or NULL */
  const gchar *labels;          /* path of a label file, or NULL */
  const gchar *method;          /* NULL: "forward" */
  gint threads;                 /* 0: one a core that other lanes have not */
  guint cpu_lanes;              /* lanes that there will be on the CPU; 0: 1 */
  const gchar *weights;         /* safetensors file, or NULL: the package's, if any */
  const gchar *op_libs;         /* libraries of custom operators, by commas; or NULL */
  gboolean self_test;           /* run the package's self-test (tsselftest.h) */
  TsSafety safety;
  TsTuneMode tune;              /* what the first warm-up measures (tstune.h) */
  TsPrecision precision;        /* AUTO without tuning is as the package says */
  guint batch_size;             /* pictures that tuning measures with; 0: 1 */
} TsDetectorOptions;

/* Thresholds, each with a value that means "as the package says". */
typedef struct
{
  gfloat score_threshold;       /* 0..1, or < 0 */
  gfloat iou_threshold;         /* 0..1, or < 0 */
  gint max_detections;          /* > 0, or 0 */
} TsThresholds;

/* Reads the description, loads the module, finds the decoder.
 * Errors: all of TsErrorCode; _FORWARD and _OUTPUT from the self-test only. */
TsDetector *ts_detector_open (const TsDetectorOptions * options, GError ** error);
void ts_detector_free (TsDetector * self);

/* Runs the module @runs times on a grey frame of this size, so that the first
 * real frame is not slow and a module that does not fit the decoder or the size
 * is found now.  The first one tunes the module for this size, and asks for a
 * precision.  Errors as ts_detector_run(); TS_ERROR_CONFIG if the precision cannot
 * be had. */
gboolean ts_detector_warm_up (TsDetector * self, gint width, gint height,
    guint runs, GError ** error);

/* Puts what is in @image into @result: boxes with corners in source pixels,
 * classes, best score first, or a mask; it is empty after an error.  If the first
 * run fails, the usual sizes of input are tried (tsprobe.h).  One thread at a
 * time.  Errors: TS_ERROR_FORWARD, _OUTPUT, _DEVICE, _MEMORY. */
gboolean ts_detector_run (TsDetector * self, const TsImage * image,
    const TsThresholds * thresholds, TsResult * result, GError ** error);

/* One picture of a batch, and where its answer goes. */
typedef struct
{
  const TsImage *image;
  const TsThresholds *thresholds;
  gboolean wants_answer;        /* the raw tensors, too */

  /* Set by the run: */
  TsResult *result;             /* the caller's, initialised; empty after an error */
  TsAnswer *answer;             /* its part of the tensors, or NULL; caller's to unref */
  GError *error;                /* or NULL; caller's to free */
  TsStageTimes times;           /* of tensor, upload, forward and decode; those
                                   of one call have its times each */
} TsBatchItem;

/* As ts_detector_run() for each item, with one forward pass for all if the
 * module takes batches.  All images must fit one batch (see below).  A module that
 * turns out to take one picture at a time gets them one by one, then and from then
 * on; so does every item of a call that fails, so that an error is that of its
 * picture.  Gives the number of items without an error. */
guint ts_detector_run_batch (TsDetector * self, TsBatchItem * items,
    guint n_items);

/* Whether the module takes both in one batch: their tensors are equally large, and
 * nothing says that it takes one picture at a time. */
gboolean ts_detector_fits_batch (const TsDetector * self, const TsImage * one,
    const TsImage * other);

/* Runs the module on @n_items grey frames of this size at once, after
 * ts_detector_warm_up(): whether it takes them is known then. */
void ts_detector_warm_up_batch (TsDetector * self, gint width, gint height,
    guint n_items);

/* A sentence that says why pictures go one by one, or NULL: they need not; owned. */
const gchar *ts_detector_get_batch_note (const TsDetector * self);

/* A sentence on how frames run on the device, or NULL: the host makes their
 * tensors; owned. */
const gchar *ts_detector_get_frames_note (const TsDetector * self);

/* Whether a warm-up may still change the module's form. */
gboolean ts_detector_may_be_tuned (const TsDetector * self);

/* Another lane into the same module: shares its weights and description, has
 * buffers of its own, and so may run in another thread at the same time.  Only
 * after a run of @self, which settles the size of input if that is found by
 * trying.  The lanes may be freed in any order.  NULL: ts_engine_fork()'s. */
TsDetector *ts_detector_fork (TsDetector * self);

/* The threshold of a run with unset thresholds. */
gfloat ts_detector_get_score_threshold (const TsDetector * self);

/* Which part of a result the decoder fills in. */
TsResultKind ts_detector_get_kind (const TsDetector * self);

/* All that the module returned in the last run, or NULL; owned. */
TsAnswer *ts_detector_get_answer (const TsDetector * self);

/* What other tensor decoders call the part @name of the answer: as the package
 * says by its key or role, else as the decoder says, else its name; owned. */
const gchar *ts_detector_get_tensor_id (const TsDetector * self,
    const gchar * name);

/* Owned by the detector. */
const gchar *ts_detector_get_name (const TsDetector * self);
const gchar *ts_detector_get_device (const TsDetector * self);
const gchar *ts_detector_get_device_reason (const TsDetector * self);
const gchar *ts_detector_get_runtime (const TsDetector * self);
const gchar *ts_detector_get_runtime_warning (const TsDetector * self);
/* What the module takes and how it runs at this time; from any thread. */
void ts_detector_get_use (const TsDetector * self, TsModelUse * use);
/* A sentence on the input's size if it was found by trying, else NULL. */
const gchar *ts_detector_get_size_note (const TsDetector * self);
/* A sentence on the form that the module runs in, or NULL: as it was loaded. */
const gchar *ts_detector_get_tune_note (const TsDetector * self);
/* The name of a class, or NULL if it has none. */
const gchar *ts_detector_get_label (const TsDetector * self, gint class_id);

/* Whether frames go to the device as they are, and so best lie in memory of
 * ts_engine_alloc_frame(). */
gboolean ts_detector_takes_frames (const TsDetector * self);

/* Whether the libtorch in use has this device ("cuda:1") and it works. */
gboolean ts_detector_has_device (const TsDetector * self,
    const gchar * device);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsDetector, ts_detector_free)

G_END_DECLS
