/* tsresult.h - what a model says of a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which part of a result a decoder fills in. */
typedef enum
{
  TS_RESULT_BOXES,
  TS_RESULT_CLASSES,
  TS_RESULT_MASK,
  TS_RESULT_NOTHING             /* only the raw tensors count */
} TsResultKind;

/* A detected box: corners x1, y1, x2, y2 in pixels of the tensor (of the source
 * frame once ts_letterbox_unmap() has been applied), continuous coordinates with
 * the top left pixel spanning 0..1. */
typedef struct
{
  gfloat box[4];
  gfloat score;                 /* 0..1 */
  gint class_id;                /* 0-based */
  guint track_id;               /* of the object, from a tracker; 0: none */
  guint parent_id;              /* of what it was found in, from who asked; 0: the frame */
} TsBox;

/* A class of the whole frame. */
typedef struct
{
  gfloat score;                 /* 0..1 */
  gint class_id;                /* 0-based */
} TsClass;

/* A class for each cell of a grid over the tensor. */
typedef struct
{
  guint16 *classes;             /* row-major; owned */
  gint width, height;           /* cells; 0: no mask */

  /* Where the grid lies: left, top, width and height, in pixels of the source
   * frame; larger than the frame where the tensor was padded.  The detector
   * fills it in. */
  gfloat area[4];

  /*< private >*/
  gsize room;                   /* cells that @classes has memory for */
  gfloat *scores;               /* the best of each cell while it is filled in */
  gsize score_room;
} TsMask;

typedef struct
{
  GArray *boxes;                /* of TsBox */
  GArray *classes;              /* of TsClass */
  TsMask mask;
} TsResult;

/* Intersection over union of two boxes x1, y1, x2, y2; NaN for two boxes without
 * area, which then overlap by no threshold. */
gfloat ts_box_iou (const gfloat a[4], const gfloat b[4]);

void ts_result_init (TsResult * self);
void ts_result_clear (TsResult * self);

/* Makes it as after ts_result_init(), keeping the memory. */
void ts_result_reset (TsResult * self);

/* Gives it @width x @height cells of any class; FALSE if there is no memory for them, and
 * then it has none. */
gboolean ts_mask_set_size (TsMask * self, gint width, gint height);

/* A number for each cell, of any value, until the mask is filled in anew; NULL if there
 * is no memory for them. */
gfloat *ts_mask_get_scores (TsMask * self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TsResult, ts_result_clear)

G_END_DECLS
