/* tsframes.h - frames that become a tensor on the module's device
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the device has kernels for it, the bytes of a frame go there as they are:
 * conversion, scaling and normalisation, in the numbers of gst/frame/, happen
 * there.
 */
#pragma once

#include "../frame/tsletterbox.h"
#include "../frame/tstensorizer.h"
#include "tstensor.h"

G_BEGIN_DECLS

/* What becomes of every frame of a batch. */
typedef struct
{
  const TsTensorFormat *format;
  TsDtype dtype;                /* TS_DTYPE_FLOAT32, _FLOAT16 or _BFLOAT16 */
  guint keep;                   /* of a raw YOLO head only the columns with the best
                                   scores are needed; 0: all */
} TsFrameInput;

/* A frame and where it goes; those of one batch have equally large tensors. */
typedef struct
{
  const TsImage *image;
  TsLetterbox letterbox;
} TsFrame;

G_END_DECLS
