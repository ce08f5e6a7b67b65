/* tsanswer.h - what a module returned, kept as long as someone needs it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tstensor.h"

G_BEGIN_DECLS

typedef struct _TsAnswer TsAnswer;

/* A tensor somewhere in an answer. */
typedef struct
{
  gchar *name;                  /* its key, as in "output"; "" if it is alone; owned */
  TsTensor tensor;              /* lives as long as the answer */
} TsNamedTensor;

/* Counting is atomic; the tensors are never written to. */
TsAnswer *ts_answer_ref (TsAnswer * self);
void ts_answer_unref (TsAnswer * self);

/* Every tensor, in the module's order (of TsNamedTensor). */
GArray *ts_answer_list (TsAnswer * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsAnswer, ts_answer_unref)

G_END_DECLS
