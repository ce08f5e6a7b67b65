/* tspagestructure.h - reading order and relations of the blocks of a page
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsblock.h"

G_BEGIN_DECLS

/* Fills in order, relation and related of the @n_blocks of a page of @width x
 * @height pixels, for a script that runs from left to right and from top to
 * bottom.  The blocks may come in any sequence.  Blocks of one role that lie on
 * one another are one thing found twice, and get the same; what belongs to it
 * belongs to the one that comes first. */
void ts_page_structure (TsBlock * blocks, guint n_blocks, gfloat width,
    gfloat height);

G_END_DECLS
