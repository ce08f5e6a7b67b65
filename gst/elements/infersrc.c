/* infersrc.c - what goes out of torchscriptinfer: frames with their answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One task takes what is ready from the queue and pushes it.
 */
#include "elementerror.h"
#include "inferelement.h"
#include "resultattach.h"
#include "stagetracer.h"

#define GST_CAT_DEFAULT torchscript_infer_debug

/* What happens to an answer, in this order; the buffer is writable. */
typedef void (*Step) (GstTorchscriptInfer * self, TsInferItem * item);

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  gfloat first = ((const TsBox *) a)->score, second =
      ((const TsBox *) b)->score;

  return first > second ? -1 : first < second;
}

/* All parts of the frame have one answer, best score first. */
static void
gather_regions (GstTorchscriptInfer * self, TsInferItem * item)
{
  guint i, k;

  ts_infer_regions_adopt (item->regions, &item->info, self->n_results,
      item->object);
  for (i = 0; i < item->jobs->len; i++) {
    const TsJob *job = item->jobs->pdata[i];
    GArray *found = job->result.boxes;

    for (k = 0; k < found->len; k++)
      g_array_index (found, TsBox, k).parent_id =
          g_array_index (item->regions, TsInferRegion, i).parent.id;
    g_array_append_vals (item->boxes, found->data, found->len);
  }
  g_array_sort (item->boxes, compare_scores);
}

static void
gather (GstTorchscriptInfer * self, TsInferItem * item)
{
  TsJob *job;
  GArray *empty = item->boxes;

  if (item->has_regions) {
    gather_regions (self, item);
    return;
  }
  job = item->jobs->pdata[0];
  item->boxes = job->result.boxes;
  job->result.boxes = empty;
}

/* Boxes only: a mask is as large as a picture, and a class has no place that
 * moves. */
static void
remember (GstTorchscriptInfer * self, TsInferItem * item)
{
  g_array_set_size (self->last_boxes, 0);
  g_array_append_vals (self->last_boxes, item->boxes->data, item->boxes->len);
  g_array_set_size (self->last_regions, 0);
  g_array_append_vals (self->last_regions, item->regions->data,
      item->regions->len);
  if (self->last_model != item->model) {
    ts_infer_model_unref (self->last_model);
    self->last_model = ts_infer_model_ref (item->model);
  }
  self->last_info = item->info;
  self->age = 0;
}

static TsResultInfo
get_info (GstTorchscriptInfer * self, const TsInferModel * model,
    const GstVideoInfo * video)
{
  TsResultInfo info = {
    .detector = ts_infer_model_get_detector (model),
    .width = video->width,
    .height = video->height,
    .number = self->n_results,
    .model_number = model->number,
    .tracker = self->tracker,
  };

  GST_OBJECT_LOCK (self);
  info.forms = self->settings.meta;
  GST_OBJECT_UNLOCK (self);
  return info;
}

typedef void (*Attach) (TsJob * job, const TsResultInfo * info,
    GstBuffer * buffer);

static void
attach_job (TsJob * job, const TsResultInfo * info, GstBuffer * buffer)
{
  ts_result_attach (&job->result, info, buffer, &job->error);
}

static void
attach_answer (TsJob * job, const TsResultInfo * info, GstBuffer * buffer)
{
  if (job->answer != NULL)
    ts_result_attach_tensors (info, job->answer, buffer);
}

/* The answer to each part of the frame, as that of its detection. */
static void
attach_each (TsInferItem * item, TsResultInfo info, Attach attach)
{
  guint i;

  for (i = 0; i < item->jobs->len; i++) {
    if (item->has_regions) {
      const TsInferRegion *region =
          &g_array_index (item->regions, TsInferRegion, i);

      info.parent_id = region->parent.id;
      info.area = &region->area;
    }
    attach (item->jobs->pdata[i], &info, item->object);
  }
}

static void
attach_result (GstTorchscriptInfer * self, TsInferItem * item)
{
  const TsResultInfo info = get_info (self, item->model, &item->info);
  TsResult boxes = {.boxes = item->boxes };

  if (ts_detector_get_kind (info.detector) == TS_RESULT_BOXES)
    ts_result_attach (&boxes, &info, item->object, NULL);
  else
    attach_each (item, info, attach_job);
}

/* Without a decoder the tensors are all there is. */
static void
attach_tensors (GstTorchscriptInfer * self, TsInferItem * item)
{
  attach_each (item, get_info (self, item->model, &item->info), attach_answer);
}

static const Step steps[] =
    { gather, ts_infer_track, remember, attach_result, attach_tensors };

static void
unmap (TsInferItem * item)
{
  if (item->is_mapped)
    gst_video_frame_unmap (&item->frame);
  item->is_mapped = FALSE;
}

/* A mapping holds a reference, with which no buffer is writable. */
static void
make_writable (TsInferItem * item)
{
  unmap (item);
  item->object = gst_buffer_make_writable (item->object);
}

static void
account (GstTorchscriptInfer * self, const TsInferItem * item, gint64 start)
{
  gint64 held_ns = 1000 * (item->done_us - item->arrival_us);
  guint i;

  if (item->jobs->len > 0)
    ts_stage_times_end (ts_infer_item_get_times (item), TS_STAGE_ATTACH, start);
  for (i = 0; i < item->jobs->len; i++) {
    const TsJob *job = item->jobs->pdata[i];

    ts_stats_add_job (self->stats, &job->times, job->batch);
    ts_stage_tracer_log (GST_ELEMENT (self), GST_BUFFER_PTS (item->object),
        &job->times, job->batch);
  }
  ts_stats_count (self->stats, TS_COUNT_ANSWERED);
  /* A frame without detections says nothing of how long others take. */
  if (item->jobs->len == 0)
    return;
  ts_stats_add_latency (self->stats, held_ns);
  if (ts_infer_latency_add (&self->latency, held_ns)) {
    GST_DEBUG_OBJECT (self, "the latency is now %" GST_TIME_FORMAT,
        GST_TIME_ARGS (ts_infer_latency_get (&self->latency)));
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
  }
}

/* Only where somebody listens. */
static void
tell_application (GstTorchscriptInfer * self, GstBuffer * buffer)
{
  if (g_signal_has_handler_pending (self, ts_infer_signal_detections, 0, FALSE))
    g_signal_emit (self, ts_infer_signal_detections, 0, buffer);
}

static GstFlowReturn
answer (GstTorchscriptInfer * self, TsInferItem * item)
{
  GstFlowReturn flow = GST_FLOW_OK;
  gint64 start;
  guint i;

  if (ts_infer_has_failed (item))
    flow = ts_infer_fail (self, item);
  if (flow != GST_FLOW_OK || item->fate != TS_ITEM_ANSWERS) {
    unmap (item);
    return flow;
  }
  start = g_get_monotonic_time ();
  make_writable (item);
  for (i = 0; i < G_N_ELEMENTS (steps); i++)
    steps[i] (self, item);
  /* There was an answer, but no memory for it. */
  if (ts_infer_has_failed (item))
    return ts_infer_give_up (self, item);
  self->n_results++;
  if (item->jobs->len > 0)
    ts_infer_succeed (self, item);
  account (self, item, start);
  tell_application (self, item->object);
  return GST_FLOW_OK;
}

static gboolean
may_reuse (const GstTorchscriptInfer * self, const TsInferItem * item)
{
  return self->last_model != NULL
      && ts_detector_get_kind (ts_infer_model_get_detector (self->last_model))
      == TS_RESULT_BOXES && self->last_info.width == item->info.width
      && self->last_info.height == item->info.height;
}

/* The detections that the boxes were found in are others by now, if only their ids. */
static void
find_parents (GstTorchscriptInfer * self, TsInferItem * item, guint64 number)
{
  guint i;

  ts_infer_regions_adopt (item->regions, &item->info, number, item->object);
  g_array_append_vals (item->boxes, self->last_boxes->data,
      self->last_boxes->len);
  for (i = 0; i < item->boxes->len; i++) {
    TsBox *box = &g_array_index (item->boxes, TsBox, i);

    box->parent_id = ts_infer_regions_follow (item->regions,
        self->last_regions, box->parent_id);
  }
}

/* The answer keeps its number: it is no new one. */
static void
reuse (GstTorchscriptInfer * self, TsInferItem * item)
{
  TsResult result = {.boxes = self->last_boxes };
  TsResultInfo info = get_info (self, self->last_model, &self->last_info);

  info.number--;
  info.age = self->age;
  make_writable (item);
  if (self->last_regions->len > 0) {
    find_parents (self, item, info.number);
    result.boxes = item->boxes;
  }
  ts_result_attach (&result, &info, item->object, NULL);
  ts_stats_count (self->stats, TS_COUNT_REUSED);
}

static void
post_stats (GstTorchscriptInfer * self)
{
  gint64 now = g_get_monotonic_time ();
  guint interval;

  GST_OBJECT_LOCK (self);
  interval = self->settings.stats_interval;
  GST_OBJECT_UNLOCK (self);
  if (interval == 0 || now - self->stats_us < 1000 * (gint64) interval)
    return;
  self->stats_us = now;
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), ts_infer_get_stats (self)));
}

static GstFlowReturn
finish_buffer (GstTorchscriptInfer * self, TsInferItem * item)
{
  self->age++;
  if (item->fate == TS_ITEM_ANSWERS)
    return answer (self, item);
  if (item->fate == TS_ITEM_REUSES && may_reuse (self, item))
    reuse (self, item);
  else
    ts_stats_count (self->stats, TS_COUNT_SKIPPED);
  return GST_FLOW_OK;
}

/* After an error, and once downstream wants no more, buffers are dropped. */
static GstFlowReturn
push_buffer (GstTorchscriptInfer * self, TsInferItem * item)
{
  GstFlowReturn flow = ts_infer_queue_get_flow (self->queue);

  if (flow == GST_FLOW_OK) {
    flow = finish_buffer (self, item);
    post_stats (self);
  }
  if (flow == GST_FLOW_OK)
    flow = gst_pad_push (self->srcpad, g_steal_pointer (&item->object));
  return flow;
}

static void
run_task (gpointer pad)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (GST_PAD_PARENT (pad));
  TsInferItem *item = ts_infer_queue_pop (self->queue);
  GstFlowReturn flow = GST_FLOW_OK;
  gboolean result = FALSE;

  if (item == NULL) {
    gst_pad_pause_task (pad);
    return;
  }
  if (item->kind == TS_ITEM_BUFFER)
    flow = push_buffer (self, item);
  else if (item->kind == TS_ITEM_EVENT)
    gst_pad_push_event (pad, g_steal_pointer (&item->object));
  else
    result = gst_pad_peer_query (pad, item->object);
  ts_infer_queue_finish (self->queue, item, flow, result);
}

/* GStreamer takes a task that could not start for one that runs, and would wait for
 * its end for ever.  GLib's pool of threads may still start it, whenever it has one,
 * and then it locks the pad: the pad stays for as long as the task, which has nothing
 * to do any more. */
static void
forget_task (GstTorchscriptInfer * self, GstPad * pad)
{
  GstTask *task;

  GST_OBJECT_LOCK (pad);
  task = GST_PAD_TASK (pad);
  GST_PAD_TASK (pad) = NULL;
  GST_OBJECT_UNLOCK (pad);
  g_object_set_data_full (G_OBJECT (task), "pad", gst_object_ref (pad),
      gst_object_unref);
  gst_task_set_state (task, GST_TASK_STOPPED);
  ts_infer_queue_set_flow (self->queue, GST_FLOW_FLUSHING);
  /* Behind this it is not in here, should it have started by now. */
  GST_PAD_STREAM_LOCK (pad);
  GST_PAD_STREAM_UNLOCK (pad);
  gst_object_unref (task);
}

static gboolean
start_task (GstTorchscriptInfer * self)
{
  if (gst_pad_start_task (self->srcpad, run_task, self->srcpad, NULL))
    return TRUE;
  forget_task (self, self->srcpad);
  GST_ELEMENT_ERROR (self, RESOURCE, FAILED,
      ("The thread of the source pad cannot start; end other programs, or raise "
          "the limit on processes (ulimit -u)."), (NULL));
  return FALSE;
}

void
ts_infer_src_start (GstTorchscriptInfer * self)
{
  ts_infer_queue_set_flow (self->queue, GST_FLOW_OK);
  if (gst_pad_is_active (self->srcpad))
    start_task (self);
}

void
ts_infer_src_reset (GstTorchscriptInfer * self)
{
  g_clear_pointer (&self->last_model, ts_infer_model_unref);
  ts_tracker_reset (self->tracker);
  self->told_steady = FALSE;
  g_atomic_int_set (&self->failures.in_a_row, 0);
  self->failures.n_failed = self->failures.n_on_cpu = 0;
  self->failures.is_told = FALSE;
}

gboolean
ts_infer_src_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (parent);
  GstClockTimeDiff diff;
  GstClockTime timestamp;

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    gst_event_parse_qos (event, NULL, NULL, &diff, &timestamp);
    ts_infer_late_update (&self->late, timestamp, diff);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_RECONFIGURE
      && ts_infer_queue_get_flow (self->queue) == GST_FLOW_NOT_LINKED) {
    /* Downstream may be linked again by now. */
    ts_infer_queue_set_flow (self->queue, GST_FLOW_OK);
  }
  return gst_pad_push_event (self->sinkpad, event);
}

static gboolean
answer_latency (GstTorchscriptInfer * self, GstQuery * query)
{
  GstClockTime own = ts_infer_latency_get (&self->latency);
  GstClockTime min, max;
  gboolean live;

  if (!gst_pad_peer_query (self->sinkpad, query))
    return FALSE;
  gst_query_parse_latency (query, &live, &min, &max);
  if (GST_CLOCK_TIME_IS_VALID (max))
    max += own;
  gst_query_set_latency (query, live, min + own, max);
  return TRUE;
}

gboolean
ts_infer_src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return answer_latency (GST_TORCHSCRIPT_INFER (parent), query);
  return gst_pad_query_default (pad, parent, query);
}

gboolean
ts_infer_src_activate (GstPad * pad, GstObject * parent, GstPadMode mode,
    gboolean active)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  if (active) {
    ts_infer_queue_set_flow (self->queue, GST_FLOW_OK);
    return start_task (self);
  }
  ts_infer_queue_set_flow (self->queue, GST_FLOW_FLUSHING);
  return gst_pad_stop_task (pad);
}
