/* tsoutputkeys.h - which part of a module's answer a decoder reads as what
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsmodelspec.h"
#include "../decode/tsdecoder.h"

G_BEGIN_DECLS

/* Puts what the output property says in place of what @spec says: one key, or
 * "role=key,role=key".  Errors: TS_ERROR_CONFIG. */
gboolean ts_output_keys_parse (TsModelSpec * spec, const gchar * text,
    GError ** error);

/* The keys of @decoder's roles, in their order, as ts_value_find() takes them.
 * A single key is that of the only role, or the place of all of them.  Free
 * with g_strfreev().  Errors: TS_ERROR_CONFIG for a role it does not have. */
gchar **ts_output_keys_resolve (const TsModelSpec * spec,
    const TsDecoder * decoder, GError ** error);

/* Which of these roles the tensor called @name is, or -1. */
gint ts_output_keys_find (gchar ** keys, const gchar * name);

G_END_DECLS
