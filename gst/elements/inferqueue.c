/* inferqueue.c - what is on its way through torchscriptinfer, in its order
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inferqueue.h"

struct _TsInferQueue
{
  GMutex lock;                  /* guards all of this and the items' is_done */
  GCond ready;                  /* the first item may be ready to go on */
  GCond space;                  /* an item has gone on */
  GQueue items;                 /* of TsInferItem */
  GQueue spare;                 /* likewise, for reuse */
  TsInferItem *current;         /* popped and not finished */
  guint n_buffers;              /* in items, and current */
  guint max_buffers;
  guint n_wakes;
  GstFlowReturn flow;
};

TsInferQueue *
ts_infer_queue_new (void)
{
  TsInferQueue *self = g_new0 (TsInferQueue, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->ready);
  g_cond_init (&self->space);
  self->max_buffers = 1;
  self->flow = GST_FLOW_FLUSHING;
  return self;
}

static TsInferItem *
alloc_item (void)
{
  TsInferItem *item = g_new0 (TsInferItem, 1);

  item->jobs = g_ptr_array_new ();
  item->regions = g_array_new (FALSE, FALSE, sizeof (TsInferRegion));
  item->boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));
  return item;
}

static void
free_item (TsInferItem * item)
{
  g_ptr_array_unref (item->jobs);
  g_array_unref (item->regions);
  g_array_unref (item->boxes);
  g_free (item);
}

void
ts_infer_queue_free (TsInferQueue * self)
{
  GList *link;

  ts_infer_queue_clear (self, NULL);
  while ((link = g_queue_pop_head_link (&self->spare)) != NULL)
    free_item (link->data);
  g_cond_clear (&self->space);
  g_cond_clear (&self->ready);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
ts_infer_queue_set_max (TsInferQueue * self, guint max_buffers)
{
  g_mutex_lock (&self->lock);
  self->max_buffers = max_buffers;
  g_cond_broadcast (&self->space);
  g_mutex_unlock (&self->lock);
}

void
ts_infer_queue_set_flow (TsInferQueue * self, GstFlowReturn flow)
{
  g_mutex_lock (&self->lock);
  self->flow = flow;
  g_cond_broadcast (&self->ready);
  g_cond_broadcast (&self->space);
  g_mutex_unlock (&self->lock);
}

GstFlowReturn
ts_infer_queue_get_flow (TsInferQueue * self)
{
  GstFlowReturn flow;

  g_mutex_lock (&self->lock);
  flow = self->flow;
  g_mutex_unlock (&self->lock);
  return flow;
}

TsInferItem *
ts_infer_queue_new_item (TsInferQueue * self, TsItemKind kind, gpointer object)
{
  TsInferItem *item;
  GList *link;

  g_mutex_lock (&self->lock);
  link = g_queue_pop_head_link (&self->spare);
  g_mutex_unlock (&self->lock);
  item = link != NULL ? link->data : alloc_item ();
  item->link.data = item;
  item->queue = self;
  item->kind = kind;
  item->object = object;
  return item;
}

/* As new, save the memory of its arrays. */
static void
reset_item (TsInferItem * item)
{
  const TsInferItem fresh = {.jobs = item->jobs,.regions =
        item->regions,.boxes = item->boxes
  };

  *item = fresh;
  g_ptr_array_set_size (item->jobs, 0);
  g_array_set_size (item->regions, 0);
  g_array_set_size (item->boxes, 0);
  item->link.data = item;
}

void
ts_infer_queue_recycle (TsInferQueue * self, TsInferItem * item)
{
  guint i;

  if (item->is_mapped)
    gst_video_frame_unmap (&item->frame);
  for (i = 0; i < item->jobs->len; i++)
    ts_stream_give_back (item->model->stream, item->jobs->pdata[i]);
  ts_infer_model_unref (item->model);
  g_clear_error (&item->error);
  if (item->kind != TS_ITEM_QUERY && item->object != NULL)
    gst_mini_object_unref (item->object);
  reset_item (item);
  g_mutex_lock (&self->lock);
  g_queue_push_tail_link (&self->spare, &item->link);
  g_mutex_unlock (&self->lock);
}

/* In the model's thread. */
static void
on_job_done (TsJob * job, gpointer user_data)
{
  TsInferItem *item = user_data;
  TsInferQueue *self = item->queue;

  g_mutex_lock (&self->lock);
  if (--item->n_pending == 0) {
    item->done_us = g_get_monotonic_time ();
    item->is_done = TRUE;
    g_cond_broadcast (&self->ready);
  }
  g_mutex_unlock (&self->lock);
}

/* Its lock must be held. */
static void
append (TsInferQueue * self, TsInferItem * item)
{
  g_queue_push_tail_link (&self->items, &item->link);
  self->n_buffers += item->kind == TS_ITEM_BUFFER;
  g_cond_broadcast (&self->ready);
}

/* What start_jobs() starts. */
static void
prepare_jobs (TsInferItem * item)
{
  guint i;

  item->n_pending = item->jobs->len;
  item->is_done = item->n_pending == 0;
  for (i = 0; i < item->jobs->len; i++) {
    TsJob *job = item->jobs->pdata[i];

    job->done = on_job_done;
    job->user_data = item;
  }
}

static void
start_jobs (TsInferItem * item)
{
  ts_stream_push (item->model->stream, (TsJob * const *) item->jobs->pdata,
      item->jobs->len);
}

/* The jobs are started with the lock held no more, and by then the item may have gone
 * only if it has none, or was flushed, for which the streaming thread must be out of
 * here. */
GstFlowReturn
ts_infer_queue_push_buffer (TsInferQueue * self, TsInferItem * item)
{
  gboolean has_jobs = item->jobs->len > 0;
  GstFlowReturn flow;

  g_mutex_lock (&self->lock);
  flow = self->flow;
  if (flow != GST_FLOW_OK) {
    g_mutex_unlock (&self->lock);
    ts_infer_queue_recycle (self, item);
    return flow;
  }
  prepare_jobs (item);
  append (self, item);
  g_mutex_unlock (&self->lock);
  if (has_jobs)
    start_jobs (item);
  g_mutex_lock (&self->lock);
  while (self->flow == GST_FLOW_OK && self->n_buffers >= self->max_buffers)
    g_cond_wait (&self->space, &self->lock);
  flow = self->flow;
  g_mutex_unlock (&self->lock);
  return flow;
}

gboolean
ts_infer_queue_push_event (TsInferQueue * self, GstEvent * event)
{
  TsInferItem *item = ts_infer_queue_new_item (self, TS_ITEM_EVENT, event);
  gboolean taken;

  g_mutex_lock (&self->lock);
  taken = self->flow != GST_FLOW_FLUSHING;
  if (taken)
    append (self, item);
  g_mutex_unlock (&self->lock);
  if (!taken)
    ts_infer_queue_recycle (self, item);
  return taken;
}

gboolean
ts_infer_queue_run_query (TsInferQueue * self, GstQuery * query)
{
  TsInferItem *item = ts_infer_queue_new_item (self, TS_ITEM_QUERY, query);
  gboolean result;

  g_mutex_lock (&self->lock);
  if (self->flow != GST_FLOW_FLUSHING)
    append (self, item);
  else
    item->is_done = TRUE;
  /* The one who asks owns the query: while it is being answered, not even a flush
   * may end the wait. */
  while (!item->is_done && (self->flow != GST_FLOW_FLUSHING
          || self->current == item))
    g_cond_wait (&self->space, &self->lock);
  if (!item->is_done)
    g_queue_unlink (&self->items, &item->link);
  result = item->result;
  g_mutex_unlock (&self->lock);
  ts_infer_queue_recycle (self, item);
  return result;
}

gboolean
ts_infer_queue_drain (TsInferQueue * self)
{
  gboolean drained;

  g_mutex_lock (&self->lock);
  while (self->flow != GST_FLOW_FLUSHING
      && (self->items.length > 0 || self->current != NULL))
    g_cond_wait (&self->space, &self->lock);
  drained = self->flow != GST_FLOW_FLUSHING;
  g_mutex_unlock (&self->lock);
  return drained;
}

static gboolean
is_ready (TsInferQueue * self)
{
  const TsInferItem *item = g_queue_peek_head (&self->items);

  return item != NULL && (item->kind != TS_ITEM_BUFFER || item->is_done);
}

TsInferItem *
ts_infer_queue_pop (TsInferQueue * self)
{
  g_mutex_lock (&self->lock);
  while (self->flow != GST_FLOW_FLUSHING && !is_ready (self))
    g_cond_wait (&self->ready, &self->lock);
  self->current = NULL;
  if (self->flow != GST_FLOW_FLUSHING)
    self->current = g_queue_pop_head_link (&self->items)->data;
  g_mutex_unlock (&self->lock);
  return self->current;
}

void
ts_infer_queue_finish (TsInferQueue * self, TsInferItem * item,
    GstFlowReturn flow, gboolean result)
{
  gboolean is_query = item->kind == TS_ITEM_QUERY;

  g_mutex_lock (&self->lock);
  self->current = NULL;
  self->n_buffers -= item->kind == TS_ITEM_BUFFER;
  if (flow != GST_FLOW_OK && self->flow == GST_FLOW_OK)
    self->flow = flow;
  if (is_query) {
    item->result = result;
    item->is_done = TRUE;
  }
  g_cond_broadcast (&self->space);
  g_mutex_unlock (&self->lock);
  /* Who asked has the item of a query. */
  if (!is_query)
    ts_infer_queue_recycle (self, item);
}

/* Cancels those that the model has not begun, and waits for the others. */
static void
end_jobs (TsInferQueue * self, TsInferItem * item)
{
  ts_stream_cancel (item->model->stream);
  g_mutex_lock (&self->lock);
  while (!item->is_done)
    g_cond_wait (&self->ready, &self->lock);
  g_mutex_unlock (&self->lock);
}

gboolean
ts_infer_queue_run (TsInferQueue * self, TsInferItem * item)
{
  gboolean flushing;

  g_mutex_lock (&self->lock);
  prepare_jobs (item);
  g_mutex_unlock (&self->lock);
  start_jobs (item);
  g_mutex_lock (&self->lock);
  while (self->flow != GST_FLOW_FLUSHING && !item->is_done)
    g_cond_wait (&self->ready, &self->lock);
  flushing = self->flow == GST_FLOW_FLUSHING;
  g_mutex_unlock (&self->lock);
  if (flushing)
    end_jobs (self, item);
  return !flushing;
}

gboolean
ts_infer_queue_wait (TsInferQueue * self, guint * seen)
{
  gboolean flushing;

  g_mutex_lock (&self->lock);
  while (self->flow != GST_FLOW_FLUSHING && self->n_wakes == *seen)
    g_cond_wait (&self->ready, &self->lock);
  *seen = self->n_wakes;
  flushing = self->flow == GST_FLOW_FLUSHING;
  g_mutex_unlock (&self->lock);
  return !flushing;
}

void
ts_infer_queue_wake (TsInferQueue * self)
{
  g_mutex_lock (&self->lock);
  self->n_wakes++;
  g_cond_broadcast (&self->ready);
  g_mutex_unlock (&self->lock);
}

static void
drop_item (TsInferQueue * self, TsInferItem * item, GstPad * pad)
{
  GstEvent *event = item->kind == TS_ITEM_EVENT ? item->object : NULL;

  if (item->jobs->len > 0)
    end_jobs (self, item);
  g_mutex_lock (&self->lock);
  self->n_buffers -= item->kind == TS_ITEM_BUFFER;
  g_mutex_unlock (&self->lock);
  if (pad != NULL && event != NULL && GST_EVENT_IS_STICKY (event)
      && GST_EVENT_TYPE (event) != GST_EVENT_SEGMENT
      && GST_EVENT_TYPE (event) != GST_EVENT_EOS)
    gst_pad_store_sticky_event (pad, event);
  ts_infer_queue_recycle (self, item);
}

void
ts_infer_queue_clear (TsInferQueue * self, GstPad * pad)
{
  GList *link;

  do {
    g_mutex_lock (&self->lock);
    link = g_queue_pop_head_link (&self->items);
    g_mutex_unlock (&self->lock);
    if (link != NULL)
      drop_item (self, link->data, pad);
  } while (link != NULL);
}

guint
ts_infer_queue_get_level (TsInferQueue * self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_buffers;
  g_mutex_unlock (&self->lock);
  return n;
}
