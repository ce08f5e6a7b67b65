/* tsshimframe.c - frames in the shim's words
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsshimframe.h"

#include <string.h>

#include "../frame/tscolor.h"

/* Where R, G and B are, or Y, Cb and Cr: plane, offset, step, shift. */
typedef struct
{
  gint n_planes;
  TsShimComponent component[3];
} Layout;

static const Layout layouts[] = {
  [TS_PIXEL_RGB] = {1, {{0, 0, 3, 0}, {0, 1, 3, 0}, {0, 2, 3, 0}}},
  [TS_PIXEL_BGR] = {1, {{0, 2, 3, 0}, {0, 1, 3, 0}, {0, 0, 3, 0}}},
  [TS_PIXEL_RGBX] = {1, {{0, 0, 4, 0}, {0, 1, 4, 0}, {0, 2, 4, 0}}},
  [TS_PIXEL_BGRX] = {1, {{0, 2, 4, 0}, {0, 1, 4, 0}, {0, 0, 4, 0}}},
  [TS_PIXEL_XRGB] = {1, {{0, 1, 4, 0}, {0, 2, 4, 0}, {0, 3, 4, 0}}},
  [TS_PIXEL_XBGR] = {1, {{0, 3, 4, 0}, {0, 2, 4, 0}, {0, 1, 4, 0}}},
  [TS_PIXEL_GRAY8] = {1, {{0, 0, 1, 0}, {0, 0, 1, 0}, {0, 0, 1, 0}}},
  [TS_PIXEL_NV12] = {2, {{0, 0, 1, 0}, {1, 0, 2, 1}, {1, 1, 2, 1}}},
  [TS_PIXEL_I420] = {3, {{0, 0, 1, 0}, {1, 0, 1, 1}, {2, 0, 1, 1}}},
};

/* How much there is to read of the plane that @component lies in. */
static void
set_extent (TsShimFrame * self, const TsShimComponent * component)
{
  gint round = component->shift;
  gint plane = component->plane;

  self->rows[plane] = (self->height + round) >> component->shift;
  self->row_bytes[plane] = ((self->width + round) >> component->shift)
      * component->step;
}

static void
set_color (TsShimFrame * self, const TsImage * image)
{
  TsYuv yuv;

  self->is_yuv = image->format == TS_PIXEL_NV12
      || image->format == TS_PIXEL_I420;
  if (!self->is_yuv)
    return;
  ts_yuv_init (&yuv, image->matrix, image->full_range);
  self->yuv = (TsShimYuv) {
  yuv.luma_gain, yuv.y_black, yuv.y_gain, yuv.cr_to_r, yuv.cb_to_g,
        yuv.cr_to_g, yuv.cb_to_b};
}

void
ts_shim_frame_init (TsShimFrame * self, const TsFrame * frame)
{
  const TsImage *image = frame->image;
  const TsLetterbox *box = &frame->letterbox;
  const Layout *layout = &layouts[image->format];

  memset (self, 0, sizeof *self);
  self->width = image->width;
  self->height = image->height;
  self->n_planes = layout->n_planes;
  for (gint i = 0; i < layout->n_planes; i++) {
    self->plane[i] = image->plane[i];
    self->stride[i] = image->stride[i];
  }
  for (gint i = 0; i < 3; i++) {
    self->component[i] = layout->component[i];
    set_extent (self, &layout->component[i]);
  }
  set_color (self, image);
  self->resized_width = box->resized_width;
  self->resized_height = box->resized_height;
  self->left = box->left;
  self->top = box->top;
}

void
ts_shim_input_init (TsShimInput * self, const TsFrameInput * input,
    const TsLetterbox * letterbox)
{
  const TsTensorFormat *format = input->format;

  /* The shim compares inputs byte by byte. */
  memset (self, 0, sizeof *self);
  self->width = letterbox->tensor_width;
  self->height = letterbox->tensor_height;
  self->channels = format->channels;
  self->interleaved = format->layout == TS_LAYOUT_NHWC;
  self->bgr = format->bgr;
  self->pad_value = format->pad_value;
  memcpy (self->scale, format->scale, sizeof self->scale);
  memcpy (self->offset, format->offset, sizeof self->offset);
  self->dtype = (TsShimDtype) input->dtype;
}
