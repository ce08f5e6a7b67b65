/* tsremotevalue.h - answers that came from another process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsshared.h"

G_BEGIN_DECLS

/* The value that @message (TS_WIRE_INPUTS says how) describes, with a copy of its
 * tensors, which lie in @outputs; NULL if it is no such message, or they do not. */
TsShimValue *ts_remote_value_new (GVariant * message, const TsShared * outputs);

/* Puts the functions for such values into @api. */
void ts_remote_value_fill_api (TsShimApi * api);

G_END_DECLS
