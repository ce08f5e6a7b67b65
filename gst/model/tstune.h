/* tstune.h - finds the fastest form of a module that still says the same
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsengine.h"
#include "tsresult.h"
#include "tsvariant.h"

G_BEGIN_DECLS

/* Measuring stops after this time; what was tried until then counts. */
#define TS_TUNE_AUTO_BUDGET_MS 3000
#define TS_TUNE_FULL_BUDGET_MS 60000

typedef struct
{
  TsEngine *engine;             /* tunable, and run once with these inputs */
  const TsTensor *inputs;
  gsize n_inputs, n_listed;
  gchar **output_keys;          /* what the decoder reads; ends in NULL */
  TsTuneMode mode;
  TsPrecision precision;
  gint threads;                 /* the user's choice, 0: none */
  const gchar *model;           /* ts_tune_hash_model(); NULL: remember nothing */
  gdouble score_threshold;

  /* Finds boxes in the picture that the package brings, or gives FALSE; NULL if
   * there is none.  The engine is run with other inputs by it. */
    gboolean (*detect) (gpointer user, GArray * boxes);
  gpointer user;
} TsTuneTask;

/* What tells the file @model and that of its @weights (or NULL) from others; NULL
 * if they cannot be read. */
gchar *ts_tune_hash_model (const gchar * model, const gchar * weights);

/* Gives the engine the form that is remembered for these inputs; FALSE if there is none.
 * The engine need not have run before.  It has yet to run so: then ts_engine_settle(),
 * or, if that fails, ts_engine_prepare() with another form. */
gboolean ts_tune_recall (const TsTuneTask * task, gchar ** note);

/* Leaves the engine with the form chosen, and settled.  With TS_TUNE_OFF nothing is
 * measured: the precision asked for is a form, too.  @note says which, with the
 * times of all that were tried, or where it was remembered from.
 * Errors: TS_ERROR_CONFIG if the precision asked for cannot be had; what the plain
 * form says if that fails. */
gboolean ts_tune (const TsTuneTask * task, gchar ** note, GError ** error);

G_END_DECLS
