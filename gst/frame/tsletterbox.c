/* tsletterbox.c - where a frame lands in the network's input, and back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsletterbox.h"

#include <math.h>

/* rint() rounds ties to even, as Python's round() does. */
static gint
round_half_even (gdouble value)
{
  return (gint) rint (value);
}

/* The part of the padding that goes before the frame. */
static gint
leading_pad (gdouble pad)
{
  return round_half_even (pad / 2 - 0.1);
}

static void
init_stretch (TsLetterbox * self, const TsInputSize * size)
{
  self->tensor_width = self->resized_width = size->width;
  self->tensor_height = self->resized_height = size->height;
  self->left = self->top = 0;
}

/* Places one axis: the scaled length, what the tensor has, what comes first. */
static void
place_axis (gint source, gdouble ratio, gint input, gint divisor,
    gint * resized, gint * tensor, gint * lead)
{
  gint pad;

  /* A sliver of a frame would vanish; a tensor without pixels cannot be. */
  *resized = MAX (1, round_half_even (source * ratio));
  pad = input - *resized;
  if (divisor > 0)
    pad %= divisor;
  *tensor = *resized + pad;
  *lead = leading_pad (pad);
}

void
ts_letterbox_init (TsLetterbox * self, const TsInputSize * size,
    gint source_width, gint source_height)
{
  gdouble ratio = MIN ((gdouble) size->height / source_height,
      (gdouble) size->width / source_width);

  self->mode = size->mode;
  self->source_width = source_width;
  self->source_height = source_height;
  if (size->mode == TS_RESIZE_STRETCH) {
    init_stretch (self, size);
    return;
  }
  place_axis (source_width, ratio, size->width, size->size_divisor,
      &self->resized_width, &self->tensor_width, &self->left);
  place_axis (source_height, ratio, size->height, size->size_divisor,
      &self->resized_height, &self->tensor_height, &self->top);
}

static gfloat
unmap (gfloat value, gint pad, gdouble gain, gint limit)
{
  return CLAMP ((value - pad) / gain, 0, limit);
}

void
ts_letterbox_unmap (const TsLetterbox * self, gfloat box[4])
{
  gdouble gain_x = (gdouble) self->tensor_width / self->source_width;
  gdouble gain_y = (gdouble) self->tensor_height / self->source_height;
  gint pad_x = 0, pad_y = 0;

  /* The reference predictor derives gain and padding anew from the two sizes
   * rather than from the rounded placement; half a pixel hangs on it. */
  if (self->mode == TS_RESIZE_LETTERBOX) {
    gain_x = gain_y = MIN (gain_x, gain_y);
    pad_x = leading_pad (self->tensor_width - self->source_width * gain_x);
    pad_y = leading_pad (self->tensor_height - self->source_height * gain_y);
  }
  box[0] = unmap (box[0], pad_x, gain_x, self->source_width);
  box[1] = unmap (box[1], pad_y, gain_y, self->source_height);
  box[2] = unmap (box[2], pad_x, gain_x, self->source_width);
  box[3] = unmap (box[3], pad_y, gain_y, self->source_height);
}
