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

/* Frames whose inference failed; of the source pad's task. */
typedef struct
{
  gint in_a_row;                /* without an answer; atomic, as the stats tell it */
  guint n_failed, n_on_cpu;     /* since all was well */
  gint64 told_us;               /* when there was a warning */
  guint n_untold;               /* frames without an answer since then */
  gboolean is_told;             /* there was one since all was well */
} TsInferFailures;

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
  TsInferRegions regions;       /* finds the detections in it */
  gint refused_width, refused_height;   /* the model failed on this size */
  GstSegment segment;

  /* Of the source pad's task. */
  guint64 n_results;
  TsInferFailures failures;
  GArray *last_boxes;           /* of TsBox: the last answer, for on-late=reuse */
  GArray *last_regions;         /* of TsInferRegion: what they were found in */
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

/* inferfail.c */
/* Whether a frame, or a part of it, has no answer but item->error or its job's. */
gboolean ts_infer_has_failed (const TsInferItem * item);
/* Such a frame.  GST_FLOW_OK: it has an answer now, or goes on without
 * (TS_ITEM_FAILS). */
GstFlowReturn ts_infer_fail (GstTorchscriptInfer * self, TsInferItem * item);
/* The same, without asking the CPU. */
GstFlowReturn ts_infer_give_up (GstTorchscriptInfer * self, TsInferItem * item);
/* A frame has an answer. */
void ts_infer_succeed (GstTorchscriptInfer * self, const TsInferItem * item);
/* Takes @error; TRUE: the stream goes on all the same. */
gboolean ts_infer_warm_up_fails (GstTorchscriptInfer * self, GError * error);
/* Whose turn the next frame is; to be unref'd. */
TsInferModel *ts_infer_choose_model (GstTorchscriptInfer * self,
    TsOnError policy);
/* The first model, as on-error says; errors as ts_infer_model_open(). */
TsInferModel *ts_infer_open_model (GstTorchscriptInfer * self,
    const TsInferSettings * settings, GError ** error);

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
