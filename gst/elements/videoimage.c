/* videoimage.c - a mapped GstVideoFrame as the core's view of pixels
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "videoimage.h"

static TsPixelFormat
pixel_format (GstVideoFormat format)
{
  switch (format) {
    case GST_VIDEO_FORMAT_RGB:
      return TS_PIXEL_RGB;
    case GST_VIDEO_FORMAT_BGR:
      return TS_PIXEL_BGR;
    case GST_VIDEO_FORMAT_RGBx:
    case GST_VIDEO_FORMAT_RGBA:
      return TS_PIXEL_RGBX;
    case GST_VIDEO_FORMAT_BGRx:
    case GST_VIDEO_FORMAT_BGRA:
      return TS_PIXEL_BGRX;
    case GST_VIDEO_FORMAT_xRGB:
    case GST_VIDEO_FORMAT_ARGB:
      return TS_PIXEL_XRGB;
    case GST_VIDEO_FORMAT_xBGR:
    case GST_VIDEO_FORMAT_ABGR:
      return TS_PIXEL_XBGR;
    case GST_VIDEO_FORMAT_GRAY8:
      return TS_PIXEL_GRAY8;
    case GST_VIDEO_FORMAT_NV12:
      return TS_PIXEL_NV12;
    case GST_VIDEO_FORMAT_I420:
      return TS_PIXEL_I420;
    default:
      g_return_val_if_reached (TS_PIXEL_RGB);
  }
}

static TsColorMatrix
color_matrix (GstVideoColorMatrix matrix)
{
  switch (matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT709:
      return TS_MATRIX_BT709;
    case GST_VIDEO_COLOR_MATRIX_BT2020:
      return TS_MATRIX_BT2020;
    default:
      return TS_MATRIX_BT601;
  }
}

void
ts_image_from_video_frame (TsImage * image, const GstVideoFrame * frame)
{
  const GstVideoColorimetry *colorimetry = &frame->info.colorimetry;
  guint i;

  image->format = pixel_format (GST_VIDEO_FRAME_FORMAT (frame));
  image->x = image->y = 0;
  image->width = GST_VIDEO_FRAME_WIDTH (frame);
  image->height = GST_VIDEO_FRAME_HEIGHT (frame);
  image->matrix = color_matrix (colorimetry->matrix);
  image->full_range = colorimetry->range == GST_VIDEO_COLOR_RANGE_0_255;
  for (i = 0; i < GST_VIDEO_FRAME_N_PLANES (frame); i++) {
    image->plane[i] = GST_VIDEO_FRAME_PLANE_DATA (frame, i);
    image->stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE (frame, i);
  }
}
