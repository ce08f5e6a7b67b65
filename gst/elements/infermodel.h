/* infermodel.h - the model that an element uses, and its way into it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../runtime/tsinstance.h"
#include "infersettings.h"

G_BEGIN_DECLS

typedef struct _TsInferFallback TsInferFallback;

/* A running element may change its model: frames on their way keep theirs. */
typedef struct
{
  gatomicrefcount references;
  TsInstance *instance;         /* shared with other elements */
  TsStream *stream;             /* this element's own */
  guint number;                 /* 0 for the first model of a run, then 1 ... */
  TsInferFallback *fallback;    /* owned; NULL: it is on the CPU itself */
  gboolean stands_in;           /* it is the fallback of another one */
} TsInferModel;

/* Loads the model, or finds it loaded.  Errors: as ts_registry_acquire(). */
TsInferModel *ts_infer_model_open (const TsInferSettings * settings,
    guint number, GError ** error);
TsInferModel *ts_infer_model_ref (TsInferModel * self);
/* The last one must not come from a job's done(). */
void ts_infer_model_unref (TsInferModel * self);

/* Runs it on grey frames of this size and waits for that.
 * Errors: as ts_detector_warm_up(). */
gboolean ts_infer_model_warm_up (TsInferModel * self, gint width, gint height,
    guint runs, GError ** error);

const TsDetector *ts_infer_model_get_detector (const TsInferModel * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsInferModel, ts_infer_model_unref)

G_END_DECLS
