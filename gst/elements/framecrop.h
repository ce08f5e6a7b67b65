/* framecrop.h - a rectangle of a video frame as a frame of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Grows the box of continuous coordinates by @margin pixels and then to whole
 * pixels and whole chroma samples, inside of the frame.  FALSE if nothing of it is
 * in the frame. */
gboolean ts_frame_crop_get_rectangle (const GstVideoInfo * frame,
    const gfloat box[4], guint margin, GstVideoRectangle * rectangle);

/* What a picture of that size is scaled to: 0 in @width or @height follows from
 * the other, and 0 in both keeps the size. */
void ts_frame_crop_get_size (const GstVideoRectangle * rectangle, guint width,
    guint height, gint * out_width, gint * out_height);

/* Where the picture lies in that size, with borders where the shapes differ. */
GstVideoRectangle ts_frame_crop_fit (const GstVideoRectangle * rectangle,
    gint out_width, gint out_height);

/* Copies the rectangle of the mapped @frame into the mapped @out, which has the
 * same format: its part @fitted, scaled if need be; the rest becomes black. */
void ts_frame_crop_copy (const GstVideoFrame * frame,
    const GstVideoRectangle * rectangle, GstVideoFrame * out,
    const GstVideoRectangle * fitted);

G_END_DECLS
