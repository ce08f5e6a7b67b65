/* tsdecodeutil.h - what decoders share: checks and their messages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * @offset counts the elements of @output, all batch items included.
 */
#pragma once

#include "tsdecoder.h"

G_BEGIN_DECLS

/* Far above any label set; a larger number is no class but a misread value. */
#define TS_DECODE_MAX_CLASS_ID 65535

/* TS_ERROR_OUTPUT: @decoder reads @expected, but the output is [...]. */
void ts_decode_error_shape (GError ** error, const TsDecoder * decoder,
    const gchar * expected, const TsOutput * output);

/* TS_ERROR_OUTPUT: the value at @offset is not @expected. */
void ts_decode_error_value (GError ** error, const TsDecoder * decoder,
    const TsOutput * output, gint64 offset, const gchar * expected);

/* Far beyond any picture; corners made of such numbers are finite in float32. */
#define TS_DECODE_MAX_COORDINATE 1e9f

/* Whether the value at @offset is a score, 0 to 1; finite; a coordinate; a class number.
 * Else the error, as above. */
gboolean ts_decode_check_score (const TsDecoder * decoder,
    const TsOutput * output, gint64 offset, GError ** error);
gboolean ts_decode_check_finite (const TsDecoder * decoder,
    const TsOutput * output, gint64 offset, GError ** error);
gboolean ts_decode_check_coordinate (const TsDecoder * decoder,
    const TsOutput * output, gint64 offset, GError ** error);
gboolean ts_decode_check_class (const TsDecoder * decoder,
    const TsOutput * output, gint64 offset, GError ** error);

/* Appends the box unless it is inverted. */
void ts_decode_append_box (GArray * boxes, const TsBox * box);

G_END_DECLS
