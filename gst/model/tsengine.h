/* tsengine.h - runs a TorchScript module; the one place that talks to the shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../decode/tsdecoder.h"

G_BEGIN_DECLS

typedef struct _TsEngine TsEngine;

typedef struct
{
  const gchar *path;            /* of the TorchScript file */
  const gchar *device;          /* "auto", "cpu", "cuda", "cuda:N" or "mps" */
  const gchar *preferred_device;        /* what "auto" tries first, or NULL */
  const gchar *method;          /* NULL: "forward" */
  gint threads;                 /* intra-op threads of the CPU; 0: one a core */
  const gchar *weights;         /* safetensors file put over the module's own, or NULL */
  const gchar *op_libs;         /* libraries of custom operators, by commas; or NULL */
} TsEngineOptions;

/* Opens the shim (once a process) and loads the module.
 * Errors: TS_ERROR_LIBTORCH with what is missing and how to install it,
 * _DEVICE, _CONFIG (unknown device string or method, weights that do not fit),
 * _FORMAT, _MEMORY; for the weights _NOT_FOUND and _READ, too. */
TsEngine *ts_engine_open (const TsEngineOptions * options, GError ** error);
void ts_engine_free (TsEngine * self);

/* Whether @device is a well-formed device string; else TS_ERROR_CONFIG with the
 * choices.  Needs no libtorch. */
gboolean ts_engine_device_is_valid (const gchar * device, GError ** error);

/* The device in use ("cpu", "cuda:0"), and why "auto" took it; owned. */
const gchar *ts_engine_get_device (const TsEngine * self);
const gchar *ts_engine_get_device_reason (const TsEngine * self);

/* "libtorch 1.13.0"; and a sentence about a slow set-up, or NULL; static. */
const gchar *ts_engine_get_runtime (const TsEngine * self);
const gchar *ts_engine_get_runtime_warning (const TsEngine * self);

/* The embedded config.txt, or NULL; owned. */
const gchar *ts_engine_get_config (const TsEngine * self, gsize * size);

/* Runs the module on one dense float32 tensor and gives the part of its answer
 * at @output_key ("" or NULL: the answer itself; "1", "boxes", "one2one.0": list
 * indices and dict keys joined by dots) as a float32 view.  The view is valid
 * until the next run or free.  One thread at a time.
 * Errors: TS_ERROR_FORWARD, _OUTPUT (names what was found), _MEMORY. */
gboolean ts_engine_run (TsEngine * self, const gfloat * data,
    const gint64 * shape, gint n_dims, const gchar * output_key,
    TsOutput * output, GError ** error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsEngine, ts_engine_free)

G_END_DECLS
