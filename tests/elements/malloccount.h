/* malloccount.h - counts allocations by the library that asked for them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looked up at run time, since the library is put in front by LD_PRELOAD.
 */
#pragma once

/* Whether allocations are counted from now on. */
void malloc_count_set (int on);

/* Those of libraries with this in their name. */
int malloc_count_get (const char *library);

/* All, a line for each library. */
void malloc_count_print (int frames);
