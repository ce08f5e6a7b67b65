/* tsengine.h - runs a TorchScript module; the one place that talks to the shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsanswer.h"
#include "tsframes.h"
#include "tsmodeluse.h"
#include "tssafety.h"
#include "tsvariant.h"

G_BEGIN_DECLS

/* Tensors that one call can take. */
#define TS_ENGINE_MAX_INPUTS 16

typedef struct _TsEngine TsEngine;

typedef struct
{
  const gchar *path;            /* of the TorchScript file */
  const gchar *device;          /* "auto", "cpu", "cuda", "cuda:N" or "mps" */
  const gchar *preferred_device;        /* what "auto" tries first, or NULL */
  const gchar *method;          /* NULL: "forward" */
  gint threads;                 /* intra-op threads of the CPU; 0: one a core that
                                   other runs have not */
  guint cpu_lanes;              /* runs at a time on the CPU; 0: 1 */
  TsDtype dtype;                /* of floating parameters */
  const gchar *weights;         /* safetensors file put over the module's own, or NULL */
  GBytes *bytes;                /* of path and of weights, where they were read */
  GBytes *weights_bytes;        /* before; or NULL */
  const gchar *op_libs;         /* libraries of custom operators, by commas; or NULL */
  TsSafety safety;
  gboolean tunable;             /* ts_engine_prepare() will come */
} TsEngineOptions;

/* Opens the shim (once a process) and loads the module.
 * Errors: TS_ERROR_LIBTORCH with what is missing and how to install it,
 * _DEVICE, _CONFIG (unknown device string or method, weights that do not fit),
 * _FORMAT, _MEMORY; for the weights _NOT_FOUND and _READ, too. */
TsEngine *ts_engine_open (const TsEngineOptions * options, GError ** error);
void ts_engine_free (TsEngine * self);

/* Another lane into the same module, for another thread: its runs and answers are
 * its own.  The engines may be freed in any order.  NULL: there is no thread for
 * its watchdog. */
TsEngine *ts_engine_fork (TsEngine * self);

/* Whether @device is a well-formed device string; else TS_ERROR_CONFIG with the
 * choices.  Needs no libtorch. */
gboolean ts_engine_device_is_valid (const gchar * device, GError ** error);

/* What came of the option, 0: one a core. */
gint ts_engine_get_threads (const TsEngine * self);

/* The device in use ("cpu", "cuda:0"), and why "auto" took it; owned. */
const gchar *ts_engine_get_device (const TsEngine * self);
const gchar *ts_engine_get_device_reason (const TsEngine * self);

/* Whether the libtorch in use has this device and it works. */
gboolean ts_engine_has_device (const TsEngine * self, const gchar * device);

/* "libtorch 1.13.0"; and a sentence about a slow set-up, or NULL; static. */
const gchar *ts_engine_get_runtime (const TsEngine * self);
const gchar *ts_engine_get_runtime_warning (const TsEngine * self);

/* What the module takes and how it runs at this time; from any thread. */
void ts_engine_get_use (const TsEngine * self, TsModelUse * use);

/* The embedded config.txt, or NULL; owned. */
const gchar *ts_engine_get_config (const TsEngine * self, gsize * size);

/* Runs the module.  The first @n_listed inputs go as one argument, a list of
 * tensors, the others as an argument each.  One thread at a time.
 * Errors: TS_ERROR_FORWARD, _OUTPUT (a type that has no C form), _DEVICE, _MEMORY. */
gboolean ts_engine_run (TsEngine * self, const TsTensor * inputs,
    gsize n_inputs, gsize n_listed, GError ** error);

/* Whether ts_engine_run_frames() works: the module is on a device that takes
 * frames as they are. */
gboolean ts_engine_takes_frames (const TsEngine * self);

/* Memory for frames that such a device reads faster than other memory, to be freed with
 * ts_engine_free_frame() at any time; NULL: there is none. */
gpointer ts_engine_alloc_frame (const gchar * device, gsize size);
void ts_engine_free_frame (gpointer memory);

/* Runs the module, whose one input must be the frame, on a batch of @n frames.
 * One thread at a time.
 * Errors: TS_ERROR_FORWARD, _OUTPUT, _DEVICE, _MEMORY. */
gboolean ts_engine_run_frames (TsEngine * self, const TsFrameInput * input,
    const TsFrame * frames, guint n, GError ** error);

/* How long the frames of the last such run took to get to the device. */
gint64 ts_engine_get_upload_ns (const TsEngine * self);

/* After a run with input->keep: makes the last answer the whole one.
 * Errors: TS_ERROR_FORWARD, _OUTPUT, _MEMORY. */
gboolean ts_engine_complete_answer (TsEngine * self, GError ** error);

/* A sentence on how frames run on the device, or NULL; owned. */
const gchar *ts_engine_get_frames_note (const TsEngine * self);

/* Gives the part of the last run's answer at @keys (see ts_value_find()) as a
 * float32 view, valid until the next run or free, or the next call for the same
 * @slot (0 to TS_DECODE_MAX_ROLES - 1).
 * Errors: TS_ERROR_OUTPUT (names what was found), _MEMORY. */
gboolean ts_engine_get_output (TsEngine * self, guint slot,
    const gchar * keys, TsOutput * output, GError ** error);

/* The part of the last run's answer that is item @item of a batch of @n_items: of
 * every tensor the slice @item of the first dimension; to be unref'd.  NULL if a
 * tensor has another first dimension than @n_items. */
TsAnswer *ts_engine_get_item (const TsEngine * self, guint item,
    guint n_items);

/* The last run's answer, or NULL; owned by the engine. */
TsAnswer *ts_engine_get_answer (const TsEngine * self);

/* Makes the next runs use another form of a tunable module; not while another
 * thread runs it.  On failure the form stays as it is.
 * Errors: TS_ERROR_CONFIG (no such form here), _FORWARD, _MEMORY. */
gboolean ts_engine_prepare (TsEngine * self, const TsVariant * variant,
    GError ** error);

/* Keeps the form in use and frees what others would be made of. */
void ts_engine_settle (TsEngine * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsEngine, ts_engine_free)

G_END_DECLS
