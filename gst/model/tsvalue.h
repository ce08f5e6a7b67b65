/* tsvalue.h - finds a module's answer and gives it as float32
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../decode/tsdecoder.h"
#include "tsshim.h"

G_BEGIN_DECLS

/* Room for outputs of other types than float32, reused from run to run. */
typedef struct
{
  gfloat *data;
  gsize size;                   /* elements */
} TsValueBuffer;

/* The part of @root at @key; or NULL and TS_ERROR_OUTPUT that says what is
 * there.  @model names the model in messages. */
const TsShimValue *ts_value_find (const TsShimApi * api,
    const TsShimValue * root, const gchar * key, const gchar * model,
    GError ** error);

/* Views a tensor as float32, through @buffer if it is of another type.
 * Errors: TS_ERROR_OUTPUT if @value is no tensor, _MEMORY. */
gboolean ts_value_to_output (const TsShimApi * api, const TsShimValue * value,
    TsValueBuffer * buffer, const gchar * model, TsOutput * output,
    GError ** error);

G_END_DECLS
