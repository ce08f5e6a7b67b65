/* test_tracker.c - scenes whose objects are known
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstracker.h"

static const TsTrackerParams params = {.iou_threshold = 0.3f,.max_age = 2 };

typedef struct
{
  gfloat x, y;                  /* of a box of 10x10 */
  gint class_id;
} Seen;

/* Tracks a frame with these objects and gives their numbers in @ids. */
static void
track (TsTracker * tracker, const Seen * seen, guint n, guint * ids)
{
  g_autoptr (GArray) boxes = g_array_new (FALSE, TRUE, sizeof (TsBox));

  for (guint i = 0; i < n; i++) {
    TsBox box = { {seen[i].x, seen[i].y, seen[i].x + 10, seen[i].y + 10},
    0.5f, seen[i].class_id, 999
    };

    g_array_append_val (boxes, box);
  }
  ts_tracker_update (tracker, &params, 0, boxes);
  for (guint i = 0; i < n; i++)
    ids[i] = g_array_index (boxes, TsBox, i).track_id;
}

static void
test_moving (void)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  guint ids[2];

  /* Two objects come towards each other in other rows, in changing order. */
  for (gint t = 0; t < 20; t++) {
    const Seen a = { 2 * t, 0, 0 }, b = { 40 - 2 * t, 20, 0 };
    const Seen seen[2] = { t % 2 ? b : a, t % 2 ? a : b };

    track (tracker, seen, 2, ids);
    g_assert_cmpuint (ids[t % 2], ==, 1);
    g_assert_cmpuint (ids[1 - t % 2], ==, 2);
  }
}

static void
test_best_overlap_wins (void)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  const Seen first[] = { {0, 0, 0}, {5, 0, 0} };
  /* The left one would take the box at 4 if it was asked first. */
  const Seen second[] = { {4, 0, 0}, {-1, 0, 0} };
  guint ids[2];

  track (tracker, first, 2, ids);
  track (tracker, second, 2, ids);
  g_assert_cmpuint (ids[0], ==, 2);
  g_assert_cmpuint (ids[1], ==, 1);
}

static void
test_other_class_is_other_object (void)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  guint id;

  track (tracker, &(Seen) {
      0, 0, 3}, 1, &id);
  track (tracker, &(Seen) {
      0, 0, 4}, 1, &id);
  g_assert_cmpuint (id, ==, 2);
}

/* Unseen for @n answers, then back. */
static guint
get_id_after_gap (guint n)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  guint id;

  track (tracker, &(Seen) {
      0, 0, 0}, 1, &id);
  while (n-- > 0)
    track (tracker, NULL, 0, NULL);
  track (tracker, &(Seen) {
      1, 1, 0}
      , 1, &id);
  return id;
}

static void
test_forgotten_after_max_age (void)
{
  g_assert_cmpuint (get_id_after_gap (params.max_age), ==, 1);
  g_assert_cmpuint (get_id_after_gap (params.max_age + 1), ==, 2);
}

static void
test_too_little_overlap (void)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  guint id;

  track (tracker, &(Seen) {
      0, 0, 0}, 1, &id);
  /* 10 * 4 of 160: an overlap of 0.25. */
  track (tracker, &(Seen) {
      6, 0, 0}, 1, &id);
  g_assert_cmpuint (id, ==, 2);
}

static void
test_boxes_without_area (void)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  const TsTrackerParams all = { 0.f, 2 };
  g_autoptr (GArray) boxes = g_array_new (FALSE, TRUE, sizeof (TsBox));

  g_array_set_size (boxes, 2);
  ts_tracker_update (tracker, &all, 0, boxes);
  ts_tracker_update (tracker, &all, 0, boxes);
  g_assert_cmpuint (g_array_index (boxes, TsBox, 0).track_id, ==, 3);
  g_assert_cmpuint (g_array_index (boxes, TsBox, 1).track_id, ==, 4);
}

/* It stays what it was while the object is away, and is forgotten with it. */
static void
test_first_seen (void)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  g_autoptr (GArray) boxes = g_array_new (FALSE, TRUE, sizeof (TsBox));
  const TsBox box = { {0, 0, 10, 10}, 0.5f };
  guint64 time = 0;

  g_assert_false (ts_tracker_get_first_seen (tracker, 1, &time));
  g_array_append_val (boxes, box);
  ts_tracker_update (tracker, &params, 100, boxes);
  ts_tracker_update (tracker, &params, 200, boxes);
  g_array_index (boxes, TsBox, 0).class_id = 7;
  ts_tracker_update (tracker, &params, 300, boxes);
  g_assert_true (ts_tracker_get_first_seen (tracker, 1, &time));
  g_assert_cmpuint (time, ==, 100);
  g_assert_true (ts_tracker_get_first_seen (tracker, 2, &time));
  g_assert_cmpuint (time, ==, 300);
  for (guint i = 0; i < params.max_age; i++)
    ts_tracker_update (tracker, &params, 400 + i, boxes);
  g_assert_false (ts_tracker_get_first_seen (tracker, 1, &time));
  g_assert_true (ts_tracker_get_first_seen (tracker, 2, &time));
}

static void
test_reset (void)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  guint id;

  track (tracker, &(Seen) {
      0, 0, 0}, 1, &id);
  ts_tracker_reset (tracker);
  track (tracker, &(Seen) {
      0, 0, 0}, 1, &id);
  g_assert_cmpuint (id, ==, 2);
}

static void
test_steady (void)
{
  g_autoptr (TsTracker) tracker = ts_tracker_new ();
  const Seen page[] = { {0, 0, 0}, {20, 20, 1} };
  const Seen moved[] = { {2, 0, 0}, {20, 20, 1} };
  guint ids[2];

  track (tracker, page, 2, ids);
  g_assert_cmpuint (ts_tracker_get_n_steady (tracker), ==, 0);
  track (tracker, page, 2, ids);
  track (tracker, page, 2, ids);
  g_assert_cmpuint (ts_tracker_get_n_steady (tracker), ==, 2);
  track (tracker, page, 1, ids);        /* one vanished */
  g_assert_cmpuint (ts_tracker_get_n_steady (tracker), ==, 0);
  track (tracker, page, 1, ids);        /* and stays away */
  g_assert_cmpuint (ts_tracker_get_n_steady (tracker), ==, 1);
  track (tracker, page, 2, ids);        /* and is back */
  g_assert_cmpuint (ts_tracker_get_n_steady (tracker), ==, 0);
  track (tracker, page, 2, ids);
  g_assert_cmpuint (ts_tracker_get_n_steady (tracker), ==, 1);
  track (tracker, moved, 2, ids);
  g_assert_cmpuint (ts_tracker_get_n_steady (tracker), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tracker/moving", test_moving);
  g_test_add_func ("/tracker/best-overlap", test_best_overlap_wins);
  g_test_add_func ("/tracker/class", test_other_class_is_other_object);
  g_test_add_func ("/tracker/max-age", test_forgotten_after_max_age);
  g_test_add_func ("/tracker/overlap", test_too_little_overlap);
  g_test_add_func ("/tracker/no-area", test_boxes_without_area);
  g_test_add_func ("/tracker/first-seen", test_first_seen);
  g_test_add_func ("/tracker/reset", test_reset);
  g_test_add_func ("/tracker/steady", test_steady);
  return g_test_run ();
}
