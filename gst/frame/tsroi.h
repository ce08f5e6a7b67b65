/* tsroi.h - a region of the frame, and the view of an image inside it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsimage.h"

G_BEGIN_DECLS

/* Pixels of the frame. */
typedef struct
{
  gint x, y, width, height;
} TsRoi;

/* Places the region @text, "x,y,width,height", in a frame.  A number with a point
 * is a fraction of the frame's width or height, one without is pixels.  NULL or ""
 * is the whole frame.  What leaves the frame is cut off; x and y go down to even
 * numbers, where the chroma samples of 4:2:0 begin.
 * Errors: TS_ERROR_CONFIG, if it cannot be read or nothing of the frame is left. */
gboolean ts_roi_place (const gchar * text, gint frame_width, gint frame_height,
    TsRoi * roi, GError ** error);

/* Narrows @image to @roi, which lies in it and starts at even numbers. */
void ts_image_crop (TsImage * image, const TsRoi * roi);

G_END_DECLS
