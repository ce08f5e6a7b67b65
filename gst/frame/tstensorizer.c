/* tstensorizer.c - pixels of any supported layout to a normalised float tensor
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Works row by row: a source row becomes a line of pixels (in place where the
 * format allows), the line is resampled horizontally into a row of samples, two
 * rows make a row of the tensor.  Only source rows that count are looked at.
 */
#include "tstensorizer.h"

#include <string.h>

#include "tscolor.h"
#include "tsrow.h"
#include "tstaps.h"
#include "tswindows.h"

/* Tensors from this size on are not kept in the caches: they would be out of
 * them before the network has read them, and the frame with them. */
#define STREAMED_BYTES (1 << 20)

/* Where the bytes of a pixel are. */
typedef struct
{
  gint size;
  gint start;                   /* of the first colour byte */
  gboolean bgr;
} PixelLayout;

static const PixelLayout pixel_layouts[] = {
  [TS_PIXEL_RGB] = {3, 0, FALSE},
  [TS_PIXEL_BGR] = {3, 0, TRUE},
  [TS_PIXEL_RGBX] = {4, 0, FALSE},
  [TS_PIXEL_BGRX] = {4, 0, TRUE},
  [TS_PIXEL_XRGB] = {4, 1, FALSE},
  [TS_PIXEL_XBGR] = {4, 1, TRUE},
  [TS_PIXEL_GRAY8] = {1, 0, FALSE},
  [TS_PIXEL_NV12] = {1, 0, FALSE},
  [TS_PIXEL_I420] = {1, 0, FALSE},
};

struct _TsTensorizer
{
  TsTensorFormat format;

  /* What the tables below are made for. */
  TsPixelFormat pixel_format;
  TsLetterbox letterbox;

  gint line_pixel_size;         /* of the lines that the columns count in */
  TsAxis columns, rows;
  TsTaps taps, chroma_taps;     /* the columns for fast CPUs, or no blocks */
  TsTapChroma *chroma_terms;    /* of the chroma row below */
  const TsWindowFuncs *window_funcs;
  TsWindows windows;            /* the same for others, or no pairs */
  guint8 *plane[3];             /* a row, split or converted, for the windows */
  gint16 *term[3];              /* of the chroma row below */
  gint chroma_row;
  guint8 *line;                 /* a row that cannot be used in place */
  guint8 *chroma[2];            /* Cb, Cr of a source row, one a pixel */
  gint16 *samples;              /* of all row slots */

  /* The last row with an even number and the last with an odd one: the two that
   * a row of the tensor needs are neighbours. */
  gint16 *slot[2][3];
  gint slot_row[2];
  TsYuv yuv;
};

/* The frame on its way through the tensorizer. */
typedef struct
{
  TsTensorizer *self;
  const TsImage *image;
  const TsLetterbox *letterbox;
  gfloat *tensor;
  gboolean stream;              /* the tensor is too large for the caches */
} Job;

TsTensorizer *
ts_tensorizer_new (const TsTensorFormat * format)
{
  TsTensorizer *self = g_new0 (TsTensorizer, 1);

  self->format = *format;
  return self;
}

static void
clear_tables (TsTensorizer * self)
{
  ts_axis_clear (&self->columns);
  ts_axis_clear (&self->rows);
  ts_taps_clear (&self->taps);
  ts_taps_clear (&self->chroma_taps);
  g_clear_pointer (&self->chroma_terms, g_aligned_free);
  ts_windows_clear (&self->windows);
  g_clear_pointer (&self->plane[0], g_aligned_free);
  g_clear_pointer (&self->term[0], g_aligned_free);
  g_clear_pointer (&self->line, g_free);
  g_clear_pointer (&self->chroma[0], g_free);
  g_clear_pointer (&self->samples, g_free);
}

void
ts_tensorizer_free (TsTensorizer * self)
{
  if (self == NULL)
    return;
  clear_tables (self);
  g_free (self);
}

static gboolean
is_yuv (TsPixelFormat format)
{
  return format == TS_PIXEL_NV12 || format == TS_PIXEL_I420;
}

static gint
get_line_pixel_size (const TsTensorizer * self, TsPixelFormat format)
{
  if (self->format.channels == 1 || format == TS_PIXEL_GRAY8)
    return 1;
  return is_yuv (format) ? 4 : pixel_layouts[format].size;
}

static void
alloc_buffers (TsTensorizer * self, gint source_width, gint resized_width)
{
  gsize channels = self->line_pixel_size == 1 ? 1 : 3;
  gsize length = (resized_width / TS_TAPS_ROW + 3) * TS_TAPS_ROW;
  gsize i, c;

  self->line = g_malloc0 ((gsize) source_width * 4 + TS_ROW_SLACK);
  self->chroma[0] = g_malloc (2 * (gsize) source_width);
  self->chroma[1] = self->chroma[0] + source_width;
  self->samples = g_new0 (gint16, 2 * channels * length);
  for (i = 0; i < 2; i++)
    for (c = 0; c < channels; c++)
      self->slot[i][c] = self->samples + (i * channels + c) * length
          + TS_TAPS_ROW;
}

/* Whether samples are made of the planes at once. */
static gboolean
converts_taps (const TsTensorizer * self)
{
  return self->chroma_taps.n_blocks > 0;
}

static gboolean
init_yuv_taps (TsTensorizer * self, const TsImage * image)
{
  gint step = image->format == TS_PIXEL_NV12 ? 2 : 1;
  const TsTapLayout luma = { 0, 1, 1, 1 }, chroma = { 1, step, step, 1 };

  ts_taps_init (&self->taps, &self->columns, image->width, &luma);
  ts_taps_init (&self->chroma_taps, &self->columns, image->width, &chroma);
  if (self->taps.n_blocks == 0 || self->taps.n_pieces > 2
      || self->chroma_taps.n_pieces > 2) {
    ts_taps_clear (&self->chroma_taps);
    return FALSE;
  }
  self->chroma_terms = g_aligned_alloc (self->chroma_taps.n_blocks,
      sizeof (TsTapChroma), G_ALIGNOF (TsTapChroma));
  return TRUE;
}

static void
init_windows (TsTensorizer * self, const TsImage * image)
{
  gsize length = (image->width / TS_WINDOW_GROUP + 2) * TS_WINDOW_GROUP;
  gint c;

  self->window_funcs = ts_window_funcs_get ();
  if (self->window_funcs == NULL || self->taps.n_blocks > 0)
    return;
  ts_windows_init (&self->windows, &self->columns, image->width);
  self->plane[0] = g_aligned_alloc0 (3, length, TS_WINDOW_GROUP);
  self->term[0] = g_aligned_alloc0 (3, length, TS_WINDOW_GROUP);
  for (c = 1; c < 3; c++) {
    self->plane[c] = self->plane[0] + c * length;
    self->term[c] = self->term[0] + c * length / 2;
  }
}

/* Y'CbCr is converted on its way if the CPU can and the scale lets it; else
 * there is a line of pixels. */
static void
init_taps (TsTensorizer * self, const TsImage * image)
{
  gint size = self->line_pixel_size;
  const TsTapLayout pixels = { 0, size, MIN (size, 3), TS_TAPS_PIXEL_GAIN };

  if (is_yuv (image->format) && self->format.channels == 3
      && init_yuv_taps (self, image))
    return;
  ts_taps_init (&self->taps, &self->columns, image->width, &pixels);
}

/* Makes the tables for this kind of frame unless they are there. */
static void
prepare (TsTensorizer * self, const TsImage * image,
    const TsLetterbox * letterbox)
{
  gint i;

  self->slot_row[0] = self->slot_row[1] = self->chroma_row = -1;
  if (is_yuv (image->format))
    ts_yuv_init (&self->yuv, image->matrix, image->full_range);
  if (self->line && self->pixel_format == image->format
      && memcmp (&self->letterbox, letterbox, sizeof *letterbox) == 0)
    return;

  clear_tables (self);
  self->pixel_format = image->format;
  self->letterbox = *letterbox;
  self->line_pixel_size = get_line_pixel_size (self, image->format);
  ts_axis_init_rows (&self->rows, image->height, letterbox->resized_height);
  ts_axis_init_columns (&self->columns, image->width, letterbox->resized_width);
  init_taps (self, image);
  init_windows (self, image);
  for (i = 0; i < self->columns.length; i++)
    self->columns.first[i] *= self->line_pixel_size;
  alloc_buffers (self, image->width, letterbox->resized_width);
}

static const guint8 *
get_plane_row (const TsImage * image, gint plane, gint y)
{
  return image->plane[plane] + y * (gssize) image->stride[plane];
}

/* A row of packed pixels or of one plane, where it is if all that the
 * horizontal pass reads belongs to the image, else copied. */
static const guint8 *
get_packed_line (TsTensorizer * self, const TsImage * image, gint y)
{
  const PixelLayout *layout = &pixel_layouts[image->format];
  const guint8 *row = get_plane_row (image, 0, y) + layout->start;
  gint64 behind = (gint64) (image->height - 1 - y) * image->stride[0];

  if (behind >= TS_ROW_SLACK && image->width > 1)
    return row;
  return memcpy (self->line, row,
      (gsize) image->width * layout->size - layout->start);
}

static const guint8 *
get_luma_line (TsTensorizer * self, const TsImage * image, gint y)
{
  const PixelLayout *layout = &pixel_layouts[image->format];
  const guint8 *row = get_plane_row (image, 0, y);

  if (image->format == TS_PIXEL_GRAY8
      || (is_yuv (image->format) && image->full_range))
    return get_packed_line (self, image, y);
  if (is_yuv (image->format))
    ts_yuv_to_luma (&self->yuv, row, image->width, self->line);
  else
    ts_rgb_to_luma (row + layout->start, layout->size, layout->bgr ? 2 : 0,
        layout->bgr ? 0 : 2, image->width, self->line);
  return self->line;
}

static const guint8 *
get_yuv_line (TsTensorizer * self, const TsImage * image, gint y)
{
  gboolean nv12 = image->format == TS_PIXEL_NV12;
  const guint8 *cb = get_plane_row (image, 1, y / 2);
  const guint8 *cr = nv12 ? cb + 1 : get_plane_row (image, 2, y / 2);
  gint step = nv12 ? 2 : 1;

  ts_chroma_spread (cb, step, image->width, self->chroma[0]);
  ts_chroma_spread (cr, step, image->width, self->chroma[1]);
  ts_yuv_to_rgbx (&self->yuv, get_plane_row (image, 0, y), self->chroma[0],
      self->chroma[1], image->width, (guint32 *) self->line);
  return self->line;
}

static const guint8 *
get_line (TsTensorizer * self, const TsImage * image, gint y)
{
  if (self->format.channels == 1)
    return get_luma_line (self, image, y);
  if (is_yuv (image->format))
    return get_yuv_line (self, image, y);
  return get_packed_line (self, image, y);
}

static void
resample_planes (TsTensorizer * self, const TsImage * image, gint y,
    gint16 * const out[3])
{
  if (self->chroma_row != y / 2) {
    ts_taps_convert_chroma (&self->chroma_taps, &self->yuv,
        get_plane_row (image, 1, y / 2), image->format == TS_PIXEL_NV12 ? NULL :
        get_plane_row (image, 2, y / 2), self->chroma_terms);
    self->chroma_row = y / 2;
  }
  ts_taps_resample_yuv (&self->taps, &self->yuv, get_plane_row (image, 0, y),
      self->chroma_terms, out);
}

/* Fills the planes with the colours of a row. */
static void
split_row (TsTensorizer * self, const TsImage * image, gint y)
{
  const PixelLayout *layout = &pixel_layouts[image->format];
  const TsWindowFuncs *funcs = self->window_funcs;
  const guint8 *row = get_plane_row (image, 0, y);

  if (!is_yuv (image->format)) {
    funcs->split (row, layout->size, layout->start, image->width, self->plane);
    return;
  }
  if (self->chroma_row != y / 2) {
    funcs->convert_chroma (&self->yuv, get_plane_row (image, 1, y / 2),
        image->format == TS_PIXEL_NV12 ? NULL :
        get_plane_row (image, 2, y / 2), (image->width + 1) / 2, self->term);
    self->chroma_row = y / 2;
  }
  funcs->convert (&self->yuv, row, self->term, image->width, self->plane);
}

static void
resample_windows (TsTensorizer * self, const TsImage * image, gint y,
    gint16 * const out[3])
{
  const guint8 *plane[3] = { self->plane[0], self->plane[1], self->plane[2] };
  gboolean single = self->line_pixel_size == 1;

  if (single)
    plane[0] = get_line (self, image, y);
  else
    split_row (self, image, y);
  self->window_funcs->resample (&self->windows, plane, single ? 1 : 3, out);
}

static void
resample (TsTensorizer * self, const TsImage * image, gint y,
    gint16 * const out[3])
{
  if (converts_taps (self))
    resample_planes (self, image, y, out);
  else if (self->taps.n_blocks > 0)
    ts_taps_resample (&self->taps, get_line (self, image, y),
        self->line_pixel_size == 1 ? 1 : 3, out);
  else if (self->windows.n_pairs > 0)
    resample_windows (self, image, y, out);
  else
    ts_row_resample (get_line (self, image, y), self->line_pixel_size,
        &self->columns, out);
}

/* The horizontally resampled source row @y; a neighbour's stays valid. */
static gint16 *const *
get_samples (TsTensorizer * self, const TsImage * image, gint y)
{
  gint slot = y % 2;

  if (self->slot_row[slot] != y) {
    resample (self, image, y, self->slot[slot]);
    self->slot_row[slot] = y;
  }
  return self->slot[slot];
}

static void
get_row_pairs (TsTensorizer * self, const TsImage * image, gint row,
    TsRowPair pair[3])
{
  gint first = self->rows.first[row], last = image->height - 1;
  gint16 *const *s0 = get_samples (self, image, MAX (first, 0));
  gint16 *const *s1 = get_samples (self, image, MIN (first + 1, last));
  gint c;

  for (c = 0; c < 3; c++) {
    pair[c].row[0] = s0[c];
    pair[c].row[1] = s1[c];
    pair[c].weight[0] = self->rows.weight0[row];
    pair[c].weight[1] = self->rows.weight1[row];
  }
}

/* 0, 1, 2 for R, G, B, of the tensor's channel @channel. */
static gint
get_color (const TsTensorizer * self, gint channel)
{
  return self->format.channels == 3 && self->format.bgr ? 2 - channel : channel;
}

/* Which of a line's channels holds a colour. */
static gint
get_source_channel (const TsTensorizer * self, gint color)
{
  if (self->line_pixel_size == 1)
    return 0;
  return pixel_layouts[self->pixel_format].bgr ? 2 - color : color;
}

static void
fill (gfloat * out, gsize count, gfloat value)
{
  gsize i;

  for (i = 0; i < count; i++)
    out[i] = value;
}

static gfloat
get_pad (const TsTensorizer * self, gint color)
{
  return self->format.pad_value * self->format.scale[color]
      + self->format.offset[color];
}

/* A row of one channel; @pair is NULL for padding. */
static void
write_planar_row (const Job * job, gint channel, gint row,
    const TsRowPair pair[3])
{
  const TsTensorizer *self = job->self;
  const TsLetterbox *box = job->letterbox;
  gint color = get_color (self, channel);
  gint right = box->left + box->resized_width;
  gfloat pad = get_pad (self, color);
  gfloat *out = job->tensor + ((gsize) channel * box->tensor_height + row)
      * box->tensor_width;

  if (pair == NULL) {
    fill (out, box->tensor_width, pad);
    return;
  }
  fill (out, box->left, pad);
  ts_row_blend (&pair[get_source_channel (self, color)], box->resized_width,
      self->format.scale[color], self->format.offset[color], out + box->left);
  fill (out + right, box->tensor_width - right, pad);
}

/* Whether rows are whole cache lines that can bypass the caches. */
static gboolean
streams_windows (const Job * job)
{
  return job->stream && job->self->windows.n_pairs > 0
      && job->letterbox->tensor_width % 16 == 0
      && (guintptr) job->tensor % 64 == 0;
}

/* By the instructions of the horizontal pass, with the padding. */
static void
write_fast_row (const Job * job, gint channel, gint row,
    const TsRowPair pair[3])
{
  const TsTensorizer *self = job->self;
  const TsLetterbox *box = job->letterbox;
  gint color = get_color (self, channel);
  const TsRowPlan plan = { box->tensor_width, box->left,
    pair ? box->resized_width : 0, self->format.scale[color],
    self->format.offset[color], get_pad (self, color)
  };
  const TsRowPair none = { {self->samples, self->samples}, {0, 0} };
  gfloat *out = job->tensor + ((gsize) channel * box->tensor_height + row)
      * box->tensor_width;

  if (pair)
    pair += get_source_channel (self, color);
  else
    pair = &none;
  if (self->taps.n_blocks > 0)
    ts_taps_write_row (pair, &plan, job->stream, out);
  else
    self->window_funcs->write_row (pair, &plan, out);
}

static void
fill_interleaved (gfloat * out, gsize count, const gfloat pad[3])
{
  gsize i;

  for (i = 0; i < 3 * count; i++)
    out[i] = pad[i % 3];
}

static void
write_interleaved_row (const Job * job, gint row, const TsRowPair pair[3])
{
  const TsTensorizer *self = job->self;
  const TsLetterbox *box = job->letterbox;
  gint right = box->left + box->resized_width, channel;
  gfloat *out = job->tensor + 3 * (gsize) row * box->tensor_width;
  gfloat pad[3], scale[3], offset[3];
  TsRowPair ordered[3];

  for (channel = 0; channel < 3; channel++) {
    gint color = get_color (self, channel);

    pad[channel] = get_pad (self, color);
    scale[channel] = self->format.scale[color];
    offset[channel] = self->format.offset[color];
    if (pair)
      ordered[channel] = pair[get_source_channel (self, color)];
  }
  if (pair == NULL) {
    fill_interleaved (out, box->tensor_width, pad);
    return;
  }
  fill_interleaved (out, box->left, pad);
  ts_row_blend_interleaved (ordered, box->resized_width, scale, offset,
      out + 3 * box->left);
  fill_interleaved (out + 3 * right, box->tensor_width - right, pad);
}

/* @pair is NULL for a row of padding. */
static void
write_row (const Job * job, gint row, const TsRowPair pair[3])
{
  const TsTensorFormat *format = &job->self->format;
  gint channel;

  if (format->layout == TS_LAYOUT_NHWC && format->channels == 3) {
    write_interleaved_row (job, row, pair);
    return;
  }
  for (channel = 0; channel < format->channels; channel++) {
    if (job->self->taps.n_blocks > 0 || streams_windows (job))
      write_fast_row (job, channel, row, pair);
    else
      write_planar_row (job, channel, row, pair);
  }
}

void
ts_tensorizer_run (TsTensorizer * self, const TsImage * image,
    const TsLetterbox * letterbox, gfloat * tensor)
{
  gsize size = (gsize) letterbox->tensor_width * letterbox->tensor_height
      * self->format.channels * sizeof (gfloat);
  Job job = { self, image, letterbox, tensor, size >= STREAMED_BYTES };
  gint bottom = letterbox->top + letterbox->resized_height;
  TsRowPair pair[3];
  gint row;

  g_return_if_fail (image->width == letterbox->source_width);
  g_return_if_fail (image->height == letterbox->source_height);

  prepare (self, image, letterbox);
  for (row = 0; row < letterbox->tensor_height; row++) {
    if (row < letterbox->top || row >= bottom) {
      write_row (&job, row, NULL);
      continue;
    }
    get_row_pairs (self, image, row - letterbox->top, pair);
    write_row (&job, row, pair);
  }
  if (self->taps.n_blocks > 0)
    ts_taps_finish ();
  else if (self->windows.n_pairs > 0)
    self->window_funcs->finish ();
}
