/* tsvalue.h - finds a module's answer and gives it as float32
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsanswer.h"
#include "tsshim.h"

G_BEGIN_DECLS

/* Room for outputs of other types than float32, reused from run to run. */
typedef struct
{
  gfloat *data;
  gsize size;                   /* elements */
} TsValueBuffer;

/* The tensor or number of @root at @keys: list indices and dict keys joined by
 * dots, "" for @root itself; of several, separated by '|', the first one that
 * leads to a tensor or number.  Else NULL and TS_ERROR_OUTPUT that says what is
 * there.  @model names the model in messages. */
const TsShimValue *ts_value_find (const TsShimApi * api,
    const TsShimValue * root, const gchar * keys, const gchar * model,
    GError ** error);

/* Views a tensor or number as float32, through @buffer if it is of another
 * type.  Errors: TS_ERROR_MEMORY. */
gboolean ts_value_to_output (const TsShimApi * api, const TsShimValue * value,
    TsValueBuffer * buffer, const gchar * model, TsOutput * output,
    GError ** error);

/* Appends every tensor of @root to @tensors (of TsNamedTensor). */
void ts_value_list (const TsShimApi * api, const TsShimValue * root,
    GArray * tensors);

G_END_DECLS
