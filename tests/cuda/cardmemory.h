/* cardmemory.h - a card that is full
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

/* How many bytes are free. */
gsize card_memory_left (void);

/* Takes memory of the card until about @free_mb are left. */
void card_memory_fill (gsize free_mb);

/* Gives back all that was taken. */
void card_memory_free (void);
