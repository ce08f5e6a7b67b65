/* tsresult.c - what a model says of a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsresult.h"

static gfloat
get_area (const gfloat box[4])
{
  return (box[2] - box[0]) * (box[3] - box[1]);
}

gfloat
ts_box_iou (const gfloat a[4], const gfloat b[4])
{
  gfloat width = MIN (a[2], b[2]) - MAX (a[0], b[0]);
  gfloat height = MIN (a[3], b[3]) - MAX (a[1], b[1]);
  gfloat both = MAX (width, 0.f) * MAX (height, 0.f);

  return both / (get_area (a) + get_area (b) - both);
}

void
ts_result_init (TsResult * self)
{
  self->boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  self->classes = g_array_new (FALSE, FALSE, sizeof (TsClass));
  self->mask = (TsMask) {
  NULL};
}

void
ts_result_clear (TsResult * self)
{
  g_clear_pointer (&self->boxes, g_array_unref);
  g_clear_pointer (&self->classes, g_array_unref);
  g_free (self->mask.classes);
  g_free (self->mask.scores);
  self->mask = (TsMask) {
  NULL};
}

void
ts_result_reset (TsResult * self)
{
  g_array_set_size (self->boxes, 0);
  g_array_set_size (self->classes, 0);
  self->mask.width = self->mask.height = 0;
}

/* Models say how large a mask is.  What was in it is lost. */
static gboolean
make_room (gpointer * memory, gsize * room, gsize n, gsize size)
{
  if (n <= *room)
    return TRUE;
  g_free (*memory);
  *memory = g_try_malloc_n (n, size);
  *room = *memory != NULL ? n : 0;
  return *memory != NULL;
}

gboolean
ts_mask_set_size (TsMask * self, gint width, gint height)
{
  self->width = self->height = 0;
  if (!make_room ((gpointer *) & self->classes, &self->room,
          (gsize) width * height, sizeof (guint16)))
    return FALSE;
  self->width = width;
  self->height = height;
  return TRUE;
}

gfloat *
ts_mask_get_scores (TsMask * self)
{
  return make_room ((gpointer *) & self->scores, &self->score_room,
      (gsize) self->width * self->height,
      sizeof (gfloat)) ? self->scores : NULL;
}
