/* tsdecoder.h - a module's outputs to boxes, classes or a mask
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A decoder is chosen by an explicit id, never guessed from a shape: shapes
 * cannot tell [x1, y1, w, h, class] from [x1, y1, x2, y2, class].
 */
#pragma once

#include "tsresult.h"

G_BEGIN_DECLS

#define TS_DECODE_MAX_DIMS 8
#define TS_DECODE_MAX_ROLES 4

/* One output of the module: float32, dense, row-major, borrowed. */
typedef struct
{
  const gfloat *data;
  gint n_dims;
  gint64 shape[TS_DECODE_MAX_DIMS];
  const gchar *role;            /* its name in messages, or NULL */
} TsOutput;

/* How values become scores: of classes, of a mask of one class, of DETR. */
typedef enum
{
  TS_ACTIVATION_SOFTMAX,
  TS_ACTIVATION_SIGMOID,
  TS_ACTIVATION_NONE            /* they are scores, 0 to 1 */
} TsActivation;

typedef struct
{
  gfloat score_threshold;       /* a box or class is kept if its score is above */
  gfloat iou_threshold;         /* overlap above which non-maximum suppression drops */
  gint max_detections;          /* likewise the k of the k best classes */
  gint input_width;             /* of the tensor, pixels: what normalised */
  gint input_height;            /* boxes are fractions of */
  gint first_class;             /* what the module calls the class 0 */
  TsActivation activation;
} TsDecodeParams;

/* A named output that a decoder reads. */
typedef struct
{
  const gchar *name;

  /* Where it is unless the package or the user says so: list indices and dict
   * keys joined by dots, "" for the answer itself.  Several are separated by
   * '|', and the first that is there counts. */
  const gchar *default_keys;

  /* What GStreamer's tensor decoders call such a tensor, or NULL. */
  const gchar *tensor_id;
} TsRole;

typedef struct
{
  const gchar *id;              /* as in the decoder property and postprocessor_config.json */
  const gchar *description;     /* one line, with the shapes it reads */
  TsResultKind kind;            /* what it fills in */
  TsRole roles[TS_DECODE_MAX_ROLES + 1];        /* ends with the name NULL */

  /* Adds what batch item @item holds to @result, best score first, of equal
   * scores always the same one first; @outputs are those of the roles, in their
   * order.  Fails with TS_ERROR_OUTPUT, naming expected and found shape or
   * value, if they are not what this decoder reads, or a score, or the box or
   * class of a kept detection, is NaN, infinite or out of range; @result may
   * have grown then. */
  gboolean (*decode) (const TsOutput * outputs, gint item,
      const TsDecodeParams * params, TsResult * result, GError ** error);

  /* It reads one output [B, 4 + classes, N], and of that no other columns than
   * the max_detections with the best scores. */
  gboolean reads_best_columns;
} TsDecoder;

/* The decoder called @id; or NULL and TS_ERROR_CONFIG that lists them all. */
const TsDecoder *ts_decoder_find (const gchar * id, GError ** error);

/* All decoders, NULL-terminated; static. */
const TsDecoder *const *ts_decoder_list (void);

/* "[1, 14, 21504]"; free with g_free(). */
gchar *ts_output_shape_to_string (const TsOutput * output);

G_END_DECLS
