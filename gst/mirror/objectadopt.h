/* objectadopt.h - what others attached, for readers of our own metas
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "objectsource.h"

G_BEGIN_DECLS

/* The model that is said to have found the objects of others. */
#define TS_OBJECTS_OTHERS "others"

/* A buffer without pixels on which our own metas say all of @self, which was collected
 * from @buffer: those of @buffer with the numbers of the trackers of others, and one of
 * the objects of others.  NULL if those of @buffer say it.  Objects of others are in
 * pixels of a frame of this size and left out if it is not known, 0. */
GstBuffer *ts_objects_adopt (const TsObjects * self, GstBuffer * buffer,
    guint frame_width, guint frame_height, guint64 result_number);

G_END_DECLS
