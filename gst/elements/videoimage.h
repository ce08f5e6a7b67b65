/* videoimage.h - a mapped GstVideoFrame as the core's view of pixels
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/video/video.h>

#include "tsimage.h"

G_BEGIN_DECLS

/* The formats that have a TsPixelFormat, for pad templates. */
#define TS_VIDEO_FORMATS "{ RGB, BGR, RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, " \
    "ARGB, ABGR, GRAY8, NV12, I420 }"

/* Fills @image with the pixels of @frame, which must stay mapped as long as
 * @image is used. */
void ts_image_from_video_frame (TsImage * image, const GstVideoFrame * frame);

G_END_DECLS
