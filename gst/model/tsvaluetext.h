/* tsvaluetext.h - a module's answer in words, for messages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsshim.h"

G_BEGIN_DECLS

/* "a dict with the keys 'boxes', 'scores'"; free with g_free(). */
gchar *ts_value_describe (const TsShimApi * api, const TsShimValue * value);

/* "'boxes' (a tensor of float32 and the shape [2, 4]), ...": all that can be
 * named in @value; free with g_free(). */
gchar *ts_value_describe_parts (const TsShimApi * api,
    const TsShimValue * value);

/* The key of a child of @parent, whose own key is @prefix. */
gchar *ts_value_child_key (const TsShimApi * api, const TsShimValue * parent,
    gsize index, const gchar * prefix);

G_END_DECLS
