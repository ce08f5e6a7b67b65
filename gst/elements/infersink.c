/* infersink.c - what comes into torchscriptinfer: frames, events, queries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All of it runs in the streaming thread of the sink pad, save flushes.
 */
#include "elementerror.h"
#include "framememory.h"
#include "inferelement.h"
#include "tserror.h"
#include "videoimage.h"

#define GST_CAT_DEFAULT torchscript_infer_debug

/* The settings that are read with each frame.  Strings are not to be touched. */
static TsInferSettings
peek_settings (GstTorchscriptInfer * self)
{
  TsInferSettings settings;

  GST_OBJECT_LOCK (self);
  settings = self->settings;
  GST_OBJECT_UNLOCK (self);
  return settings;
}

static gboolean
map_frame (GstTorchscriptInfer * self, TsInferItem * item, GError ** error)
{
  GstBuffer *buffer = item->object;

  item->is_mapped = gst_video_frame_map (&item->frame, &self->info, buffer,
      GST_MAP_READ);
  if (!item->is_mapped)
    g_set_error (error, TS_ERROR, TS_ERROR_READ,
        "A %s frame of %dx%d pixels could not be read: the buffer of %"
        G_GSIZE_FORMAT " bytes is too small for it or cannot be mapped; look "
        "at the element upstream", gst_video_format_to_string
        (GST_VIDEO_INFO_FORMAT (&self->info)), self->info.width,
        self->info.height, gst_buffer_get_size (buffer));
  return item->is_mapped;
}

static void
find_regions (GstTorchscriptInfer * self, const TsInferSettings * settings,
    TsInferItem * item)
{
  item->has_regions = settings->inference_on == TS_INFERENCE_ON_DETECTIONS
      && item->fate != TS_ITEM_SKIPS;
  if (!item->has_regions)
    return;
  GST_OBJECT_LOCK (self);
  ts_infer_regions_set_classes (&self->regions,
      self->settings.detection_classes);
  GST_OBJECT_UNLOCK (self);
  ts_infer_regions_find (&self->regions, item->object, &self->info, &self->roi,
      settings->crop_margin, item->regions);
}

static void
add_job (GstTorchscriptInfer * self, const TsInferSettings * settings,
    TsInferItem * item, const TsRoi * area)
{
  TsJob *job = ts_stream_take_job (item->model->stream);

  job->thresholds = ts_infer_settings_get_thresholds (settings);
  job->wants_answer = settings->output_tensors;
  ts_image_from_video_frame (&job->image, &item->frame);
  ts_image_crop (&job->image, area);
  g_ptr_array_add (item->jobs, job);
}

/* One for the frame, or one for each region; or item->error says why there is none. */
static void
make_jobs (GstTorchscriptInfer * self, const TsInferSettings * settings,
    TsInferItem * item)
{
  gint64 start = g_get_monotonic_time ();
  guint i;

  item->model = ts_infer_choose_model (self, settings->on_error);
  if ((item->has_regions && item->regions->len == 0)
      || !map_frame (self, item, &item->error))
    return;
  if (!item->has_regions)
    add_job (self, settings, item, &self->roi);
  for (i = 0; i < item->regions->len; i++)
    add_job (self, settings, item,
        &g_array_index (item->regions, TsInferRegion, i).area);
  ts_stage_times_end (ts_infer_item_get_times (item), TS_STAGE_MAP, start);
}

static GstClockTime
get_running_time (GstTorchscriptInfer * self, GstBuffer * buffer)
{
  if (self->segment.format != GST_FORMAT_TIME)
    return GST_CLOCK_TIME_NONE;
  return gst_segment_to_running_time (&self->segment, GST_FORMAT_TIME,
      GST_BUFFER_PTS (buffer));
}

GstFlowReturn
ts_infer_sink_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (parent);
  TsInferSettings settings = peek_settings (self);
  TsInferItem *item;

  if (self->info.finfo == NULL) {
    gst_buffer_unref (buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  ts_infer_reload_swap (self);
  ts_stats_count (self->stats, TS_COUNT_IN);
  item = ts_infer_queue_new_item (self->queue, TS_ITEM_BUFFER, buffer);
  item->arrival_us = g_get_monotonic_time ();
  item->info = self->info;
  item->fate = ts_infer_late_decide (&self->late, &settings,
      get_running_time (self, buffer));
  find_regions (self, &settings, item);
  if (item->fate == TS_ITEM_ANSWERS)
    make_jobs (self, &settings, item);
  return ts_infer_queue_push_buffer (self->queue, item);
}

static gboolean
warm_up (GstTorchscriptInfer * self, gint width, gint height)
{
  guint runs = peek_settings (self).warmup;
  g_autofree gchar *note = NULL, *form = NULL;
  GError *error = NULL;

  if (ts_infer_model_warm_up (self->model, width, height, runs, &error)) {
    note = ts_instance_dup_size_note (self->model->instance);
    GST_INFO_OBJECT (self, "%s", note ? note : "warmed up");
    form = ts_instance_dup_tune_note (self->model->instance);
    if (form != NULL)
      GST_INFO_OBJECT (self, "%s", form);
    return TRUE;
  }
  if (ts_infer_warm_up_fails (self, error))
    return TRUE;
  self->refused_width = width;
  self->refused_height = height;
  return FALSE;
}

static gboolean
place_roi (GstTorchscriptInfer * self, const GstVideoInfo * info, TsRoi * roi)
{
  g_autofree gchar *text = NULL;
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  text = g_strdup (self->settings.roi);
  GST_OBJECT_UNLOCK (self);
  if (ts_roi_place (text, info->width, info->height, roi, &error))
    return TRUE;
  self->refused_width = info->width;
  self->refused_height = info->height;
  ts_element_error (self, error);
  return FALSE;
}

/* The frames before have gone on by then: the model has no other work, and what
 * fails is told before a frame of the new size comes. */
static GstFlowReturn
set_caps (GstTorchscriptInfer * self, GstCaps * caps)
{
  GstVideoInfo info;
  TsRoi roi;

  ts_infer_reload_swap (self);
  /* Refused caps come again with every sticky event; one error is enough. */
  if (!gst_video_info_from_caps (&info, caps)
      || (info.width == self->refused_width
          && info.height == self->refused_height))
    return GST_FLOW_NOT_NEGOTIATED;
  if (!ts_infer_queue_drain (self->queue))
    return GST_FLOW_FLUSHING;
  if (!place_roi (self, &info, &roi)
      || !warm_up (self, roi.width, roi.height))
    return GST_FLOW_NOT_NEGOTIATED;
  self->info = info;
  self->roi = roi;
  ts_infer_loader_set_size (self->loader, roi.width, roi.height);
  return GST_FLOW_OK;
}

static gboolean
flush_start (GstTorchscriptInfer * self, GstEvent * event)
{
  gboolean done = gst_pad_push_event (self->srcpad, event);

  ts_infer_queue_set_flow (self->queue, GST_FLOW_FLUSHING);
  gst_pad_pause_task (self->srcpad);
  return done;
}

static gboolean
flush_stop (GstTorchscriptInfer * self, GstEvent * event)
{
  gboolean done = gst_pad_push_event (self->srcpad, event);

  ts_infer_queue_clear (self->queue, self->srcpad);
  ts_infer_late_reset (&self->late);
  ts_infer_src_reset (self);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  ts_infer_src_start (self);
  return done;
}

/* A stream that has ended downstream may begin again. */
static void
restart_after_eos (GstTorchscriptInfer * self)
{
  if (ts_infer_queue_get_flow (self->queue) == GST_FLOW_EOS)
    ts_infer_queue_set_flow (self->queue, GST_FLOW_OK);
}

static GstFlowReturn
look_at_event (GstTorchscriptInfer * self, GstEvent * event)
{
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      return set_caps (self, caps);
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      restart_after_eos (self);
      return GST_FLOW_OK;
    case GST_EVENT_STREAM_START:
      restart_after_eos (self);
      return GST_FLOW_OK;
    default:
      return GST_FLOW_OK;
  }
}

static gboolean
pass_at_once (GstTorchscriptInfer * self, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START)
    return flush_start (self, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    return flush_stop (self, event);
  return gst_pad_push_event (self->srcpad, event);
}

/* What comes while the element stops is no error, of which upstream would tell. */
GstFlowReturn
ts_infer_sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (parent);
  GstFlowReturn flow;

  if (!GST_EVENT_IS_SERIALIZED (event)
      || GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    return pass_at_once (self, event) ? GST_FLOW_OK : GST_FLOW_ERROR;
  flow = look_at_event (self, event);
  if (flow != GST_FLOW_OK) {
    gst_event_unref (event);
    return flow;
  }
  return ts_infer_queue_push_event (self->queue, event) ? GST_FLOW_OK :
      GST_FLOW_FLUSHING;
}

/* What downstream can take is what we can, save one thing: a crop that is only
 * written beside the frame would not reach the model. */
static void
remove_crop (GstQuery * query)
{
  guint i;

  if (gst_query_find_allocation_meta (query, GST_VIDEO_CROP_META_API_TYPE, &i))
    gst_query_remove_nth_allocation_meta (query, i);
}

/* A query may come while the element stops. */
static gboolean
propose_memory (GstTorchscriptInfer * self, GstQuery * query)
{
  TsInferModel *model = NULL;
  gboolean done;

  GST_OBJECT_LOCK (self);
  if (self->model != NULL)
    model = ts_infer_model_ref (self->model);
  GST_OBJECT_UNLOCK (self);
  if (model == NULL)
    return FALSE;
  done = ts_frame_memory_propose (ts_infer_model_get_detector (model), query);
  ts_infer_model_unref (model);
  return done;
}

gboolean
ts_infer_sink_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (parent);
  gboolean done;

  if (!GST_QUERY_IS_SERIALIZED (query))
    return gst_pad_query_default (pad, parent, query);
  done = ts_infer_queue_run_query (self->queue, query);
  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return done;
  remove_crop (query);
  /* Downstream need not have answered. */
  return propose_memory (self, query) || done;
}

gboolean
ts_infer_sink_activate (GstPad * pad, GstObject * parent, GstPadMode mode,
    gboolean active)
{
  GstTorchscriptInfer *self = GST_TORCHSCRIPT_INFER (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  if (active)
    return TRUE;
  ts_infer_queue_set_flow (self->queue, GST_FLOW_FLUSHING);
  /* The streaming thread is out of the chain function then. */
  GST_PAD_STREAM_LOCK (pad);
  ts_infer_queue_clear (self->queue, NULL);
  GST_PAD_STREAM_UNLOCK (pad);
  return TRUE;
}
