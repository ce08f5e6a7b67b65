/* tstracker.h - gives the boxes of one object the same number in every frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A box belongs to the object of its class whose last box it overlaps most; the
 * pairs with the largest overlap are taken first.  No motion is predicted, so
 * objects should move by less than their size from one answer to the next.
 */
#pragma once

#include "../decode/tsresult.h"

G_BEGIN_DECLS

typedef struct _TsTracker TsTracker;

typedef struct
{
  gfloat iou_threshold;         /* 0..1; less overlap is another object */
  guint max_age;                /* answers without its box after which an object
                                 * is forgotten */
} TsTrackerParams;

TsTracker *ts_tracker_new (void);
void ts_tracker_free (TsTracker * self);

/* Forgets all objects; numbers are not used again. */
void ts_tracker_reset (TsTracker * self);

/* Sets the track_id of each of @boxes (of TsBox): that of an object seen before,
 * else the next new one, from 1.  @time is that of the frame.  One call an answer, in
 * the order of the frames; one thread at a time. */
void ts_tracker_update (TsTracker * self, const TsTrackerParams * params,
    guint64 time, GArray * boxes);

/* Sets @time to that of the frame in which the object was seen first; FALSE if it is
 * not known, or forgotten. */
gboolean ts_tracker_get_first_seen (const TsTracker * self, guint track_id,
    guint64 * time);

/* In how many answers in a row, the last included, nothing appeared, vanished or
 * moved (each box overlaps its object's last one by TS_TRACKER_STILL_IOU). */
#define TS_TRACKER_STILL_IOU 0.9f
guint ts_tracker_get_n_steady (const TsTracker * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsTracker, ts_tracker_free)

G_END_DECLS
