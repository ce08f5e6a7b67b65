/* objectsource.h - what is on a frame, from us and from elements of others
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "torchscript.h"

G_BEGIN_DECLS

typedef struct
{
  GArray *all;                  /* of GstTorchscriptDetection, see below */
  guint n_own;                  /* so many of them are ours, and come first */
  gboolean are_tracked;         /* some of ours have a number from a tracker of others */

  /*< private >*/
  GArray *found;
} TsObjects;

void ts_objects_init (TsObjects * self);
void ts_objects_clear (TsObjects * self);

/* Fills it with what our own metas on @buffer say, as their mirrors have it, then with
 * the regions of interest and the ODMtds of others.  An object that has the label and
 * the place of one before it is that one's mirror and left out; the number that a
 * tracker gave it counts for that one, if it has none.  A region without a score has
 * NaN, one without a class number -1; none has an id. */
void ts_objects_collect (TsObjects * self, GstBuffer * buffer);

/* Detection @i of @meta, the first of which is at @first among the objects: as it is
 * there, but with the number that a tracker gave it, ours or that of others. */
GstTorchscriptDetection ts_objects_get_own (const TsObjects * self,
    const GstTorchscriptDetectionMeta * meta, guint first, guint i);

G_END_DECLS
