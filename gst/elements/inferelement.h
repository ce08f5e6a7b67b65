/* inferelement.h - what the files of torchscriptinfer share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gsttorchscriptinfer.c is the GObject and its states, infersink.c what comes in,
 * infersrc.c what goes out.
 */
#pragma once

#include "../frame/tsroi.h"
#include "../runtime/tsstats.h"
#include "../track/tstracker.h"
#include "gsttorchscriptinfer.h"
#include "inferlate.h"
#include "inferlatency.h"
#include "inferloader.h"
#include "inferqueue.h"

G_BEGIN_DECLS

struct _GstTorchscriptInfer
{
  GstElement parent;

  GstPad *sinkpad, *srcpad;
  TsInferSettings settings;     /* guarded by the object lock */

  /* With locks of their own. */
  TsInferQueue *queue;
  TsInferLate late;
  TsInferLatency latency;
  TsStats *stats;
  TsInferLoader *loader;

  /* Between READY and PAUSED; of the streaming thread, as what follows. */
  TsInferModel *model;          /* changed with the object lock held */
  GstVideoInfo info;            /* unset: no caps yet */
  TsRoi roi;                    /* the part of such a frame that counts */
  gint refused_width, refused_height;   /* the model failed on this size */
  GstSegment segment;

  /* Of the source pad's task. */
  guint64 n_results;
  GArray *last_boxes;           /* of TsBox: the last answer, for on-late=reuse */
  TsInferModel *last_model;     /* whose answer that is; NULL: there is none */
  GstVideoInfo last_info;       /* of its frame */
  guint age;                    /* frames since then */
  TsTracker *tracker;
  gboolean told_steady;         /* since something last moved */
  gint64 stats_us;              /* when the last stats were posted */
};

/* The id of the signal "detections". */
extern guint ts_infer_signal_detections;

/* The stats as they are now; from any thread. */
GstStructure *ts_infer_get_stats (GstTorchscriptInfer * self);

/* infersink.c */
GstFlowReturn ts_infer_sink_chain (GstPad * pad, GstObject * parent,
    GstBuffer * buffer);
GstFlowReturn ts_infer_sink_event (GstPad * pad, GstObject * parent,
    GstEvent * event);
gboolean ts_infer_sink_query (GstPad * pad, GstObject * parent,
    GstQuery * query);
gboolean ts_infer_sink_activate (GstPad * pad, GstObject * parent,
    GstPadMode mode, gboolean active);

/* infersrc.c */
void ts_infer_src_start (GstTorchscriptInfer * self);
gboolean ts_infer_src_event (GstPad * pad, GstObject * parent,
    GstEvent * event);
gboolean ts_infer_src_query (GstPad * pad, GstObject * parent,
    GstQuery * query);
gboolean ts_infer_src_activate (GstPad * pad, GstObject * parent,
    GstPadMode mode, gboolean active);
/* Forgets the last answer; its thread must not run. */
void ts_infer_src_reset (GstTorchscriptInfer * self);

/* infertrack.c: gives the boxes of a frame's answer their objects' numbers. */
void ts_infer_track (GstTorchscriptInfer * self, TsInferItem * item);

/* inferreload.c */
void ts_infer_reload_init (GstTorchscriptInfer * self);
void ts_infer_reload_notify (GstTorchscriptInfer * self, guint n_pspecs,
    GParamSpec ** pspecs);
/* In the streaming thread, between two frames. */
void ts_infer_reload_swap (GstTorchscriptInfer * self);

GST_DEBUG_CATEGORY_EXTERN (torchscript_infer_debug);

G_END_DECLS
