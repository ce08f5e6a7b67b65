/* tsdecodeutil.h - what decoders share: checks and their messages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsdecoder.h"

G_BEGIN_DECLS

/* TS_ERROR_OUTPUT: @decoder reads @expected, but the output is [...]. */
void ts_decode_error_shape (GError ** error, const TsDecoder * decoder,
    const gchar * expected, const TsOutput * output);

/* TS_ERROR_OUTPUT: the value at @index of @output (@item first) is @value, but
 * @decoder expects @expected. */
void ts_decode_error_value (GError ** error, const TsDecoder * decoder,
    const gint64 index[3], gfloat value, const gchar * expected);

/* Whether @value is a score, 0 to 1; else the error, as above. */
gboolean ts_decode_check_score (const TsDecoder * decoder,
    const gint64 index[3], gfloat value, GError ** error);

/* Whether @value is finite; else the error, as above. */
gboolean ts_decode_check_finite (const TsDecoder * decoder,
    const gint64 index[3], gfloat value, GError ** error);

G_END_DECLS
