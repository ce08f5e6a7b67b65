/* tstensorizer.h - pixels of any supported layout to a normalised float tensor
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsimage.h"
#include "tsletterbox.h"

G_BEGIN_DECLS

typedef enum
{
  TS_LAYOUT_NCHW,
  TS_LAYOUT_NHWC
} TsTensorLayout;

typedef struct
{
  TsTensorLayout layout;
  gboolean bgr;                 /* channel order of the tensor: B, G, R */
  gint channels;                /* 3, or 1 for luma */
  guint8 pad_value;             /* grey level around the letterboxed frame, 0..255 */
  gfloat scale[3];              /* tensor = pixel * scale + offset, in the */
  gfloat offset[3];             /* order R, G, B; luma uses the first */
} TsTensorFormat;

typedef struct _TsTensorizer TsTensorizer;

/* A tensorizer holds the row buffers and tables for one kind of frame, so that
 * the steady state allocates nothing.  It adapts itself when the image's size,
 * format or the placement changes.  One thread at a time. */
TsTensorizer *ts_tensorizer_new (const TsTensorFormat * format);
void ts_tensorizer_free (TsTensorizer * self);

/* Writes @image, placed by @letterbox, to @tensor, which has room for
 * channels x tensor_height x tensor_width floats.  The resampling equals
 * OpenCV's INTER_LINEAR on 8-bit pixels bit by bit; it happens after the
 * conversion to RGB and before the normalisation.  Each chroma sample serves
 * its 2x2 block.  Luma is that of OpenCV's RGB2GRAY (BT.601) for the RGB
 * formats and Y', stretched to 0..255, for Y'CbCr. */
void ts_tensorizer_run (TsTensorizer * self, const TsImage * image,
    const TsLetterbox * letterbox, gfloat * tensor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsTensorizer, ts_tensorizer_free)

G_END_DECLS
