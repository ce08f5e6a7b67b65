/* framememory.c - memory for frames that a CUDA device reads at full speed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Page-locked memory.  The frames of others are copied to such memory first, which
 * takes longer than all else that is done to them.
 */
#include "framememory.h"

#include <gst/video/video.h>

#include "../model/tsengine.h"

typedef struct
{
  GstAllocator parent;
  gchar *device;
} GstTorchscriptFrameAllocator;

typedef GstAllocatorClass GstTorchscriptFrameAllocatorClass;

static GType gst_torchscript_frame_allocator_get_type (void);
G_DEFINE_TYPE (GstTorchscriptFrameAllocator, gst_torchscript_frame_allocator,
    GST_TYPE_ALLOCATOR);

/* Page-locked memory starts with a page, which is all the alignment there is. */
static GstMemory *
gst_torchscript_frame_allocator_alloc (GstAllocator * allocator, gsize size,
    GstAllocationParams * params)
{
  GstTorchscriptFrameAllocator *self =
      (GstTorchscriptFrameAllocator *) allocator;
  gsize max = params->prefix + size + params->padding;
  gpointer data = ts_engine_alloc_frame (self->device, max);

  if (data == NULL)
    return gst_allocator_alloc (NULL, size, params);
  return gst_memory_new_wrapped (0, data, max, params->prefix, size, data,
      ts_engine_free_frame);
}

static void
gst_torchscript_frame_allocator_finalize (GObject * object)
{
  g_free (((GstTorchscriptFrameAllocator *) object)->device);
  G_OBJECT_CLASS (gst_torchscript_frame_allocator_parent_class)->finalize
      (object);
}

static void
gst_torchscript_frame_allocator_class_init (GstTorchscriptFrameAllocatorClass *
    klass)
{
  klass->alloc = gst_torchscript_frame_allocator_alloc;
  G_OBJECT_CLASS (klass)->finalize = gst_torchscript_frame_allocator_finalize;
}

static void
gst_torchscript_frame_allocator_init (GstTorchscriptFrameAllocator * self)
{
  GST_OBJECT_FLAG_SET (self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

/* In place of memory of no special kind that downstream asks for; the first one is what
 * upstream takes. */
static void
add_allocator (GstQuery * query, GstAllocator * allocator)
{
  GstAllocationParams params;
  GstAllocator *wanted = NULL;

  if (gst_query_get_n_allocation_params (query) == 0) {
    gst_query_add_allocation_param (query, allocator, NULL);
    return;
  }
  gst_query_parse_nth_allocation_param (query, 0, &wanted, &params);
  if (wanted == NULL)
    gst_query_set_nth_allocation_param (query, 0, allocator, &params);
  else
    gst_object_unref (wanted);
}

static void
add_pool (GstQuery * query, GstAllocator * allocator, GstCaps * caps)
{
  GstBufferPool *pool;
  GstStructure *config;
  GstVideoInfo info;

  if (!caps || !gst_video_info_from_caps (&info, caps))
    return;
  pool = gst_video_buffer_pool_new ();
  config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, caps, (guint) info.size, 0, 0);
  gst_buffer_pool_config_set_allocator (config, allocator, NULL);
  if (gst_buffer_pool_set_config (pool, config))
    gst_query_add_allocation_pool (query, pool, (guint) info.size, 0, 0);
  gst_object_unref (pool);
}

gboolean
ts_frame_memory_propose (const TsDetector * detector, GstQuery * query)
{
  GstTorchscriptFrameAllocator *allocator;
  gboolean needs_pool;
  GstCaps *caps;

  if (!ts_detector_takes_frames (detector))
    return FALSE;
  allocator = g_object_new (gst_torchscript_frame_allocator_get_type (), NULL);
  gst_object_ref_sink (allocator);
  allocator->device = g_strdup (ts_detector_get_device (detector));
  gst_query_parse_allocation (query, &caps, &needs_pool);
  add_allocator (query, GST_ALLOCATOR (allocator));
  if (needs_pool && gst_query_get_n_allocation_pools (query) == 0)
    add_pool (query, GST_ALLOCATOR (allocator), caps);
  gst_object_unref (allocator);
  return TRUE;
}
