/* tsdecoder.h - a module's outputs to boxes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A decoder is chosen by an explicit id, never guessed from a shape: shapes
 * cannot tell [x1, y1, w, h, class] from [x1, y1, x2, y2, class].
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TS_DECODE_MAX_DIMS 8

/* One output of the module: float32, dense, row-major, borrowed. */
typedef struct
{
  const gfloat *data;
  gint n_dims;
  gint64 shape[TS_DECODE_MAX_DIMS];
} TsOutput;

/* A detected box: corners x1, y1, x2, y2 in pixels of the tensor (of the source
 * frame once ts_letterbox_unmap() has been applied), continuous coordinates with
 * the top left pixel spanning 0..1. */
typedef struct
{
  gfloat box[4];
  gfloat score;                 /* 0..1 */
  gint class_id;                /* 0-based */
} TsBox;

typedef struct
{
  gfloat score_threshold;       /* a box is kept if its score is above this */
  gfloat iou_threshold;         /* overlap above which non-maximum suppression drops */
  gint max_detections;
} TsDecodeParams;

typedef struct
{
  const gchar *id;              /* as in the decoder property and postprocessor_config.json */
  const gchar *description;     /* one line, with the shape it reads */

  /* Appends the boxes of batch item @item to @boxes (an array of TsBox), best
   * score first, of equal scores always the same one first.  Fails with
   * TS_ERROR_OUTPUT, naming expected and found shape or value, if @output is
   * not what this decoder reads, or a score, or the box or class of a kept
   * detection, is NaN, infinite or out of range; @boxes may have grown then. */
  gboolean (*decode) (const TsOutput * output, gint item,
      const TsDecodeParams * params, GArray * boxes, GError ** error);
} TsDecoder;

/* The decoder called @id; or NULL and TS_ERROR_CONFIG that lists them all. */
const TsDecoder *ts_decoder_find (const gchar * id, GError ** error);

/* All decoders, NULL-terminated; static. */
const TsDecoder *const *ts_decoder_list (void);

/* "[1, 14, 21504]"; free with g_free(). */
gchar *ts_output_shape_to_string (const TsOutput * output);

G_END_DECLS
