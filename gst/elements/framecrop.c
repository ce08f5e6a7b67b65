/* framecrop.c - a rectangle of a video frame as a frame of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "framecrop.h"

#include <math.h>

/* The first and the last pixel's right edge of a span that is cut on whole
 * samples; an odd frame ends within one. */
static gboolean
get_span (gfloat from, gfloat to, guint margin, gint size, guint sub,
    gint * start, gint * length)
{
  gint mask = (1 << sub) - 1;
  gdouble first = floor ((gdouble) from) - margin;
  gdouble last = ceil ((gdouble) to) + margin;
  gint end;

  /* Written so that a NaN is refused, too. */
  if (!(first < size && last > 0 && from < to))
    return FALSE;
  *start = (gint) MAX (first, 0) & ~mask;
  end = MIN (((gint) MIN (last, size) + mask) & ~mask, size);
  *length = end - *start;
  return TRUE;
}

gboolean
ts_frame_crop_get_rectangle (const GstVideoInfo * frame, const gfloat box[4],
    guint margin, GstVideoRectangle * rectangle)
{
  guint w_sub = 0, h_sub = 0;

  for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS (frame); c++) {
    w_sub = MAX (w_sub, GST_VIDEO_FORMAT_INFO_W_SUB (frame->finfo, c));
    h_sub = MAX (h_sub, GST_VIDEO_FORMAT_INFO_H_SUB (frame->finfo, c));
  }
  return get_span (box[0], box[2], margin, frame->width, w_sub, &rectangle->x,
      &rectangle->w)
      && get_span (box[1], box[3], margin, frame->height, h_sub, &rectangle->y,
      &rectangle->h);
}

static gint
scale_round (gint value, gint to, gint from)
{
  return MAX (1, (gint) gst_util_uint64_scale_int_round (value, to, from));
}

void
ts_frame_crop_get_size (const GstVideoRectangle * rectangle, guint width,
    guint height, gint * out_width, gint * out_height)
{
  *out_width = (gint) width;
  *out_height = (gint) height;
  if (width == 0 && height == 0) {
    *out_width = rectangle->w;
    *out_height = rectangle->h;
  } else if (width == 0) {
    *out_width = scale_round (rectangle->w, (gint) height, rectangle->h);
  } else if (height == 0) {
    *out_height = scale_round (rectangle->h, (gint) width, rectangle->w);
  }
}

GstVideoRectangle
ts_frame_crop_fit (const GstVideoRectangle * rectangle, gint out_width,
    gint out_height)
{
  GstVideoRectangle fitted = { 0, 0, out_width, out_height };

  if ((gint64) rectangle->w * out_height > (gint64) rectangle->h * out_width)
    fitted.h = MIN (out_height,
        scale_round (rectangle->h, out_width, rectangle->w));
  else
    fitted.w = MIN (out_width,
        scale_round (rectangle->w, out_height, rectangle->h));
  fitted.x = (out_width - fitted.w) / 2;
  fitted.y = (out_height - fitted.h) / 2;
  return fitted;
}

/* The same memory, seen as a frame of the rectangle's size. */
static GstVideoFrame
get_view (const GstVideoFrame * frame, const GstVideoRectangle * rectangle)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  GstVideoFrame view = *frame;

  view.info.width = rectangle->w;
  view.info.height = rectangle->h;
  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES (frame); p++) {
    gint components[GST_VIDEO_MAX_COMPONENTS];
    gsize row, column;

    gst_video_format_info_component (format, p, components);
    row = rectangle->y >> GST_VIDEO_FORMAT_INFO_H_SUB (format, components[0]);
    column = rectangle->x >> GST_VIDEO_FORMAT_INFO_W_SUB (format,
        components[0]);
    view.data[p] = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, p)
        + row * GST_VIDEO_FRAME_PLANE_STRIDE (frame, p)
        + column * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, components[0]);
  }
  return view;
}

void
ts_frame_crop_copy (const GstVideoFrame * frame,
    const GstVideoRectangle * rectangle, GstVideoFrame * out,
    const GstVideoRectangle * fitted)
{
  GstVideoFrame view = get_view (frame, rectangle);
  GstVideoInfo to = out->info;
  GstVideoConverter *converter;

  if (rectangle->w == GST_VIDEO_FRAME_WIDTH (out)
      && rectangle->h == GST_VIDEO_FRAME_HEIGHT (out)) {
    gst_video_frame_copy (out, &view);
    return;
  }
  /* A converter does not change the rate, and there is none to change. */
  view.info.fps_n = to.fps_n;
  view.info.fps_d = to.fps_d;
  /* The fields of a picture of odd height have different heights, at which it crashes;
   * and a crop may begin with either. */
  view.info.interlace_mode = to.interlace_mode =
      GST_VIDEO_INTERLACE_MODE_PROGRESSIVE;
  converter = gst_video_converter_new (&view.info, &to,
      gst_structure_new ("options",
          GST_VIDEO_CONVERTER_OPT_DEST_X, G_TYPE_INT, fitted->x,
          GST_VIDEO_CONVERTER_OPT_DEST_Y, G_TYPE_INT, fitted->y,
          GST_VIDEO_CONVERTER_OPT_DEST_WIDTH, G_TYPE_INT, fitted->w,
          GST_VIDEO_CONVERTER_OPT_DEST_HEIGHT, G_TYPE_INT, fitted->h, NULL));
  gst_video_converter_frame (converter, &view, out);
  gst_video_converter_free (converter);
}
