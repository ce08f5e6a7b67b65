/* tsremotevalue.h - answers that came from another process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsshared.h"

G_BEGIN_DECLS

/* The value that @message (TS_WIRE_INPUTS says how) describes, with a copy of its
 * tensors, which lie in @outputs; NULL if it is no such message, if they do not, or
 * if they have more than @max_bytes or what there is of @outputs. */
TsShimValue *ts_remote_value_new (GVariant * message, const TsShared * outputs,
    gsize max_bytes);

/* Puts the functions for such values into @api. */
void ts_remote_value_fill_api (TsShimApi * api);

G_END_DECLS
