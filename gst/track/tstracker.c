/* tstracker.c - gives the boxes of one object the same number in every frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstracker.h"

typedef struct
{
  TsBox last;                   /* with its track_id */
  guint age;                    /* answers since; 0: in the last one */
  guint64 first_seen;           /* time of the frame */
} Track;

typedef struct
{
  gfloat iou;
  guint track, box;             /* indices */
} Pair;

struct _TsTracker
{
  GArray *tracks;               /* of Track */
  GArray *pairs;                /* of Pair; kept for its memory */
  guint last_id;
  guint n_steady;
};

TsTracker *
ts_tracker_new (void)
{
  TsTracker *self = g_new0 (TsTracker, 1);

  self->tracks = g_array_new (FALSE, FALSE, sizeof (Track));
  self->pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  return self;
}

void
ts_tracker_free (TsTracker * self)
{
  if (self == NULL)
    return;
  g_array_unref (self->tracks);
  g_array_unref (self->pairs);
  g_free (self);
}

void
ts_tracker_reset (TsTracker * self)
{
  g_array_set_size (self->tracks, 0);
  self->n_steady = 0;
}

/* Largest overlap first; equal ones in the order of tracks and boxes, so that
 * the same frames always give the same numbers. */
static gint
compare_pairs (gconstpointer a, gconstpointer b)
{
  const Pair *p = a, *q = b;

  if (p->iou != q->iou)
    return p->iou < q->iou ? 1 : -1;
  if (p->track != q->track)
    return p->track < q->track ? -1 : 1;
  return (p->box > q->box) - (p->box < q->box);
}

static void
find_pairs (TsTracker * self, gfloat iou_threshold, const GArray * boxes)
{
  g_array_set_size (self->pairs, 0);
  for (guint t = 0; t < self->tracks->len; t++) {
    const TsBox *last = &g_array_index (self->tracks, Track, t).last;

    for (guint b = 0; b < boxes->len; b++) {
      const TsBox *box = &g_array_index (boxes, TsBox, b);
      Pair pair = { ts_box_iou (last->box, box->box), t, b };

      if (box->class_id == last->class_id && pair.iou >= iou_threshold
          && pair.iou > 0.f)
        g_array_append_val (self->pairs, pair);
    }
  }
  g_array_sort (self->pairs, compare_pairs);
}

/* Gives boxes to known objects; whether each such box is where it was. */
static gboolean
match (TsTracker * self, GArray * boxes)
{
  gboolean still = TRUE;

  for (guint i = 0; i < self->pairs->len; i++) {
    const Pair *pair = &g_array_index (self->pairs, Pair, i);
    Track *track = &g_array_index (self->tracks, Track, pair->track);
    TsBox *box = &g_array_index (boxes, TsBox, pair->box);

    if (track->age == 0 || box->track_id != 0)
      continue;                 /* one of the two is taken */
    box->track_id = track->last.track_id;
    still = still && track->age == 1 && pair->iou >= TS_TRACKER_STILL_IOU;
    track->last = *box;
    track->age = 0;
  }
  return still;
}

/* Boxes without an object are new ones; whether there were none. */
static gboolean
add_tracks (TsTracker * self, guint64 time, GArray * boxes)
{
  guint n_before = self->tracks->len;

  for (guint b = 0; b < boxes->len; b++) {
    Track track = {.last = g_array_index (boxes, TsBox, b),.first_seen = time };

    if (track.last.track_id != 0)
      continue;
    track.last.track_id = ++self->last_id;
    g_array_index (boxes, TsBox, b).track_id = track.last.track_id;
    g_array_append_val (self->tracks, track);
  }
  return self->tracks->len == n_before;
}

/* Whether every object that was in the last answer is in this one; objects
 * unseen for too long are forgotten. */
static gboolean
drop_tracks (TsTracker * self, guint max_age)
{
  gboolean complete = TRUE;

  for (guint t = self->tracks->len; t-- > 0;) {
    guint age = g_array_index (self->tracks, Track, t).age;

    complete = complete && age != 1;
    if (age > max_age)
      g_array_remove_index (self->tracks, t);
  }
  return complete;
}

void
ts_tracker_update (TsTracker * self, const TsTrackerParams * params,
    guint64 time, GArray * boxes)
{
  gboolean steady;

  for (guint b = 0; b < boxes->len; b++)
    g_array_index (boxes, TsBox, b).track_id = 0;
  for (guint t = 0; t < self->tracks->len; t++)
    g_array_index (self->tracks, Track, t).age++;

  find_pairs (self, params->iou_threshold, boxes);
  steady = match (self, boxes);
  steady = drop_tracks (self, params->max_age) && steady;
  steady = add_tracks (self, time, boxes) && steady;
  self->n_steady = steady ? self->n_steady + 1 : 0;
}

gboolean
ts_tracker_get_first_seen (const TsTracker * self, guint track_id,
    guint64 * time)
{
  for (guint t = 0; t < self->tracks->len; t++) {
    const Track *track = &g_array_index (self->tracks, Track, t);

    if (track->last.track_id == track_id) {
      *time = track->first_seen;
      return TRUE;
    }
  }
  return FALSE;
}

guint
ts_tracker_get_n_steady (const TsTracker * self)
{
  return self->n_steady;
}
