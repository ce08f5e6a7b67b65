/* tsletterbox.h - where a frame lands in the network's input, and back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TS_RESIZE_LETTERBOX,          /* keep the aspect ratio, pad the rest */
  TS_RESIZE_STRETCH             /* fill the input, aspect ratio or not */
} TsResizeMode;

/* What a network wants to see, as far as geometry goes. */
typedef struct
{
  TsResizeMode mode;
  gint width, height;           /* of the full input, pixels */
  gint size_divisor;            /* > 0: pad only up to the next multiple of
                                   this (a rectangular letterbox; width and
                                   height must be multiples too); 0: pad to the
                                   full input */
} TsInputSize;

/* The placement of one frame size in the tensor, all in pixels. */
typedef struct
{
  gint source_width, source_height;
  gint tensor_width, tensor_height;     /* what the network gets */
  gint resized_width, resized_height;   /* the scaled frame inside it */
  gint left, top;                       /* its top left corner */
  TsResizeMode mode;
} TsLetterbox;

/* Computes the placement.  Every size in and out is at least 1.  Rounds as the
 * reference predictor of the YOLO family does: the scaled size to the nearest
 * even on ties, the padding's halves by -0.1 on the left and top. */
void ts_letterbox_init (TsLetterbox * self, const TsInputSize * size,
    gint source_width, gint source_height);

/* Maps a box (x1, y1, x2, y2) from tensor pixels to source pixels and clips it
 * to the source frame, in place. */
void ts_letterbox_unmap (const TsLetterbox * self, gfloat box[4]);

G_END_DECLS
