/* tsshimframe.h - frames in the shim's words
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsframes.h"
#include "tsshim.h"

G_BEGIN_DECLS

/* Borrows the pixels. */
void ts_shim_frame_init (TsShimFrame * self, const TsFrame * frame);

/* @letterbox is that of any frame of the batch. */
void ts_shim_input_init (TsShimInput * self, const TsFrameInput * input,
    const TsLetterbox * letterbox);

G_END_DECLS
