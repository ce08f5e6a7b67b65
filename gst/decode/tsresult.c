/* tsresult.c - what a model says of a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsresult.h"

void
ts_result_init (TsResult * self)
{
  self->boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  self->classes = g_array_new (FALSE, FALSE, sizeof (TsClass));
  self->mask = (TsMask) { NULL };
}

void
ts_result_clear (TsResult * self)
{
  g_clear_pointer (&self->boxes, g_array_unref);
  g_clear_pointer (&self->classes, g_array_unref);
  g_clear_pointer (&self->mask.classes, g_free);
}

void
ts_result_reset (TsResult * self)
{
  g_array_set_size (self->boxes, 0);
  g_array_set_size (self->classes, 0);
  g_free (self->mask.classes);
  self->mask = (TsMask) { NULL };
}
