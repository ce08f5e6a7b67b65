/* objectsource.h - what is on a frame, from us and from elements of others
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "torchscript.h"

G_BEGIN_DECLS

/* Fills @objects with GstTorchscriptDetections: what our own metas on @buffer
 * say, then the regions of interest and the ODMtds of others.  An object that has
 * the label and the place of one before it is that one's mirror and left out.  A
 * region without a score has NaN, one without a class number -1; none has an id.  Gives the
 * number of our own, which are as their mirrors have them.  @found is an array of the same kind, for use inside. */
guint ts_objects_collect (GstBuffer * buffer, GArray * objects, GArray * found);

G_END_DECLS
