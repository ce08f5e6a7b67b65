/* inferfallback.h - the CPU in place of a device that fails
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "infermodel.h"

G_BEGIN_DECLS

/* How long a device that failed is left alone. */
#define TS_FALLBACK_REST_US (5 * G_USEC_PER_SEC)

/* Whether @error is the device's and not the model's or the frame's: its memory is
 * full, or it does not work. */
gboolean ts_infer_fallback_helps (const GError * error);

/* The same model on the CPU, as quickly as it can be had there.
 * Errors: as ts_infer_model_open(). */
TsInferModel *ts_infer_fallback_open_model (const TsInferSettings * settings,
    guint number, GError ** error);

/* @settings are those of the model on the device; they are copied. */
TsInferFallback *ts_infer_fallback_new (const TsInferSettings * settings,
    guint number);
void ts_infer_fallback_free (TsInferFallback * self);

/* What follows may be called by any thread. */

/* Opens the model on the CPU, unless it is open or has just failed to; takes as long as
 * that takes. */
void ts_infer_fallback_open (TsInferFallback * self);

/* The model on the CPU, the caller's to unref, or NULL: @error if it could not be
 * opened just now, else none, and it is still to be opened. */
TsInferModel *ts_infer_fallback_get (TsInferFallback * self, GError ** error);

/* The device has failed, and rests. */
void ts_infer_fallback_rest (TsInferFallback * self);

/* Whether it rests now; the next frames are the CPU's. */
gboolean ts_infer_fallback_rests (TsInferFallback * self);

G_END_DECLS
