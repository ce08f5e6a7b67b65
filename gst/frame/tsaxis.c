/* tsaxis.c - which source samples make up each destination sample of an axis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The arithmetic, its float roundings included, is that of OpenCV's cv::resize
 * (INTER_LINEAR, 8 bits), so that the result is the same bit by bit.  OpenCV's
 * special cases need none here: for equal sizes and for exactly half the size
 * the general formula gives what its copy and its 2x2 mean give.
 */
#include "tsaxis.h"

#include <math.h>

#define WEIGHT_ONE 2048

static void
alloc_tables (TsAxis * self, gint length)
{
  ts_axis_clear (self);
  self->length = length;
  self->first = g_new (gint32, length);
  self->weight0 = g_new (gint16, 2 * (gsize) length);
  self->weight1 = self->weight0 + length;
}

static void
set_sample (TsAxis * self, gint i, gint first, gfloat fraction)
{
  self->first[i] = first;
  self->weight0[i] = lrintf ((1.f - fraction) * WEIGHT_ONE);
  self->weight1[i] = lrintf (fraction * WEIGHT_ONE);
}

void
ts_axis_init_rows (TsAxis * self, gint source, gint destination)
{
  gdouble scale = 1. / ((gdouble) destination / source);
  gint i;

  alloc_tables (self, destination);
  for (i = 0; i < destination; i++) {
    gfloat position = (gfloat) ((i + 0.5) * scale - 0.5);
    gint first = (gint) floorf (position);

    set_sample (self, i, first, position - first);
  }
}

void
ts_axis_init_columns (TsAxis * self, gint source, gint destination)
{
  gint i;

  ts_axis_init_rows (self, source, destination);
  for (i = 0; i < destination; i++) {
    if (self->first[i] < 0)
      set_sample (self, i, 0, 0.f);
    else if (self->first[i] >= source - 1)
      set_sample (self, i, MAX (source - 2, 0), source > 1 ? 1.f : 0.f);
  }
}

void
ts_axis_clear (TsAxis * self)
{
  g_clear_pointer (&self->first, g_free);
  g_clear_pointer (&self->weight0, g_free);
  self->length = 0;
}
