/* inferlatency.h - how long torchscriptinfer holds a frame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Frames over which the longest time counts. */
#define TS_LATENCY_WINDOW 64

typedef struct
{
  GMutex lock;                  /* guards what follows */
  GstClockTime told;            /* what the pipeline was told */
  GstClockTime longest;         /* in this window */
  guint n;                      /* frames in this window */
} TsInferLatency;

void ts_infer_latency_init (TsInferLatency * self);
void ts_infer_latency_clear (TsInferLatency * self);

/* Starts anew with an estimate. */
void ts_infer_latency_reset (TsInferLatency * self, GstClockTime estimate);

/* A frame was held for @time.  TRUE if the pipeline should ask again: frames take
 * longer than it was told, or no frame of a whole window took half of that. */
gboolean ts_infer_latency_add (TsInferLatency * self, GstClockTime time);

GstClockTime ts_infer_latency_get (TsInferLatency * self);

G_END_DECLS
