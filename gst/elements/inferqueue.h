/* inferqueue.h - what is on its way through torchscriptinfer, in its order
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The streaming thread puts buffers, serialized events and queries in; the task of the
 * source pad takes them out in the same order, a buffer once its jobs are done.  Its
 * lock is a leaf: nothing is called out with it held.
 */
#pragma once

#include <gst/video/video.h>

#include "infermodel.h"
#include "inferregions.h"

G_BEGIN_DECLS

typedef struct _TsInferQueue TsInferQueue;

typedef enum
{
  TS_ITEM_BUFFER,
  TS_ITEM_EVENT,
  TS_ITEM_QUERY
} TsItemKind;

/* Why a buffer is not looked at, or its answer is missing. */
typedef enum
{
  TS_ITEM_ANSWERS,              /* it is */
  TS_ITEM_SKIPS,                /* it goes on without an answer */
  TS_ITEM_REUSES,               /* with the last boxes */
  TS_ITEM_FAILS                 /* it had one, in vain, and goes on without an answer */
} TsItemFate;

typedef struct
{
  TsItemKind kind;
  gpointer object;              /* owned, save a query */

  /* Of buffers: */
  TsItemFate fate;
  TsInferModel *model;          /* owned; NULL if it is not looked at */
  GPtrArray *jobs;              /* of TsJob, of the model's stream: one for the frame, or
                                   one for each region */
  gboolean has_regions;         /* its detections are looked at, however few */
  GArray *regions;              /* of TsInferRegion */
  GArray *boxes;                /* of TsBox: the whole answer, once it is gathered */
  GError *error;                /* owned; why there is no answer, or NULL */
  GstVideoFrame frame;          /* mapped as long as a job is not done with it */
  gboolean is_mapped;
  GstVideoInfo info;
  gint64 arrival_us, done_us;   /* monotonic time */

  /* Of the queue. */
  TsInferQueue *queue;
  guint n_pending;              /* jobs that are not done */
  gboolean is_done;             /* all of them; the query, whose result is: */
  gboolean result;
  GList link;
} TsInferItem;

/* Where the steps that a frame takes once, however many parts it has, are noted: at its
 * first job, which it must have. */
static inline TsStageTimes *
ts_infer_item_get_times (const TsInferItem * self)
{
  return &((TsJob *) self->jobs->pdata[0])->times;
}

TsInferQueue *ts_infer_queue_new (void);
void ts_infer_queue_free (TsInferQueue * self);

/* At most so many buffers inside, the one that is being pushed on included. */
void ts_infer_queue_set_max (TsInferQueue * self, guint max_buffers);

/* GST_FLOW_OK makes it run.  GST_FLOW_FLUSHING ends every wait, here and in the other
 * calls.  Anything else lets events and queries pass, and no buffers. */
void ts_infer_queue_set_flow (TsInferQueue * self, GstFlowReturn flow);
GstFlowReturn ts_infer_queue_get_flow (TsInferQueue * self);

/* An empty item; give it back with ts_infer_queue_recycle(), which unmaps the frame
 * and drops all that it owns. */
TsInferItem *ts_infer_queue_new_item (TsInferQueue * self, TsItemKind kind,
    gpointer object);
void ts_infer_queue_recycle (TsInferQueue * self, TsInferItem * item);

/* Takes a buffer's item and starts its jobs; comes back when there is room for another
 * buffer.  Unless it gives GST_FLOW_OK, no more buffers are wanted. */
GstFlowReturn ts_infer_queue_push_buffer (TsInferQueue * self,
    TsInferItem * item);

/* Takes @event; FALSE, and it is dropped: the queue is flushing. */
gboolean ts_infer_queue_push_event (TsInferQueue * self, GstEvent * event);

/* Waits until the query is answered in its place; FALSE, too, if flushing. */
gboolean ts_infer_queue_run_query (TsInferQueue * self, GstQuery * query);

/* Waits until all that was put in is out; FALSE: flushing. */
gboolean ts_infer_queue_drain (TsInferQueue * self);

/* The next item, once it is ready to go on, or NULL: flushing.  Say
 * ts_infer_queue_finish() when it has gone on, with what came of it: the result of a
 * query, the flow after a buffer; it recycles the item. */
TsInferItem *ts_infer_queue_pop (TsInferQueue * self);
void ts_infer_queue_finish (TsInferQueue * self, TsInferItem * item,
    GstFlowReturn flow, gboolean result);

/* For the item that is popped: starts its job, another one than before, and waits for
 * it.  FALSE: flushing; the job is done by then, too. */
gboolean ts_infer_queue_run (TsInferQueue * self, TsInferItem * item);

/* Waits for a ts_infer_queue_wake() since the last call with this @seen, which is 0 at
 * first; may come back without one.  FALSE: flushing. */
gboolean ts_infer_queue_wait (TsInferQueue * self, guint * seen);
void ts_infer_queue_wake (TsInferQueue * self);

/* Drops all, when neither thread is in any of these calls and the flow is
 * GST_FLOW_FLUSHING.  Sticky events are kept on @pad, if it is not NULL.  Waits for
 * those jobs that the model has begun. */
void ts_infer_queue_clear (TsInferQueue * self, GstPad * pad);

/* Buffers inside. */
guint ts_infer_queue_get_level (TsInferQueue * self);

G_END_DECLS
