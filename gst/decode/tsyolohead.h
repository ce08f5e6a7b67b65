/* tsyolohead.h - raw YOLO heads without objectness, [B, 4 + classes, N]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For each of N anchors cx, cy, w, h in tensor pixels and one score a class,
 * after the sigmoid.  Every score is checked; a box only if it is kept, as the
 * rest cannot matter.  A box of negative width or height is dropped.
 */
#pragma once

#include "tsdecodeutil.h"
#include "tstopk.h"

G_BEGIN_DECLS

/* One batch item; borrows the output. */
typedef struct
{
  const TsDecoder *decoder;
  const TsOutput *output;
  gint64 start;                 /* offset of the item */
  gint64 n_anchors;
  gint n_classes;
} TsYoloHead;

gboolean ts_yolo_head_init (TsYoloHead * self, const TsDecoder * decoder,
    const TsOutput * output, gint item, GError ** error);

static inline gint64
ts_yolo_head_offset (const TsYoloHead * self, gint channel, gint64 anchor)
{
  return self->start + channel * self->n_anchors + anchor;
}

static inline gfloat
ts_yolo_head_score (const TsYoloHead * self, gint class_id, gint64 anchor)
{
  return self->output->data[ts_yolo_head_offset (self, 4 + class_id, anchor)];
}

/* Adds the anchors whose best score is above @threshold. */
gboolean ts_yolo_head_select (const TsYoloHead * self, gfloat threshold,
    TsTopK * anchors, GError ** error);

gboolean ts_yolo_head_append_box (const TsYoloHead * self, gint64 anchor,
    gint class_id, GArray * boxes, GError ** error);

G_END_DECLS
