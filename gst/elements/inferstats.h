/* inferstats.h - the numbers of a torchscriptinfer as a GstStructure
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../runtime/tsstats.h"
#include "infermodel.h"

G_BEGIN_DECLS

/* "torchscript-stats", as docs/elements.md describes it.  @model is NULL while there
 * is none, and @n_inside the frames inside the element. */
GstStructure *ts_infer_stats_to_structure (TsStats * stats,
    TsInferModel * model, guint n_inside);

G_END_DECLS
