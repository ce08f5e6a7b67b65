/* tsrelations.h - captions, notes and numbers, and what they belong to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsblock.h"

G_BEGIN_DECLS

/* Fills in relation and related of the @n_blocks. */
void ts_relations_find (TsBlock * blocks, guint n_blocks, gfloat page_height);

G_END_DECLS
