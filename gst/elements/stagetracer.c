/* stagetracer.c - a GstTracer for the steps of each frame's way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define GST_USE_UNSTABLE_API
#include "stagetracer.h"

#include <gst/gsttracer.h>
#include <gst/gsttracerrecord.h>

#include "../runtime/tsstats.h"

typedef struct
{
  GstTracer parent;
} TsStageTracer;

typedef struct
{
  GstTracerClass parent_class;
} TsStageTracerClass;

static GType ts_stage_tracer_get_type (void);

G_DEFINE_TYPE (TsStageTracer, ts_stage_tracer, GST_TYPE_TRACER);

static gint n_tracers;          /* atomic */
static GstTracerRecord *record; /* of the class, as in the tracers of GStreamer */
static gsize start_us;          /* monotonic time that records count from */

/* Other tracers count from the start of GStreamer, which this tells. */
static void
on_element (GObject * self, GstClockTime now, GstElement * element)
{
  if (g_once_init_enter (&start_us))
    g_once_init_leave (&start_us, (gsize) (g_get_monotonic_time ()
            - (gint64) (now / 1000)));
}

static GstStructure *
describe_scope (void)
{
  return gst_structure_new ("scope", "type", G_TYPE_GTYPE, G_TYPE_STRING,
      "related-to", GST_TYPE_TRACER_VALUE_SCOPE,
      GST_TRACER_VALUE_SCOPE_ELEMENT, NULL);
}

static GstStructure *
describe_value (GType type, const gchar * text)
{
  return gst_structure_new ("value", "type", G_TYPE_GTYPE, type, "description",
      G_TYPE_STRING, text, NULL);
}

static void
ts_stage_tracer_finalize (GObject * object)
{
  g_atomic_int_add (&n_tracers, -1);
  G_OBJECT_CLASS (ts_stage_tracer_parent_class)->finalize (object);
}

static void
ts_stage_tracer_class_init (TsStageTracerClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = ts_stage_tracer_finalize;
  record = gst_tracer_record_new ("torchscript-stage.class",
      "element", GST_TYPE_STRUCTURE, describe_scope (),
      "stage", GST_TYPE_STRUCTURE, describe_value (G_TYPE_STRING,
          "the step of the frame's way"),
      "pts", GST_TYPE_STRUCTURE, describe_value (G_TYPE_UINT64,
          "the time stamp of the frame"),
      "batch", GST_TYPE_STRUCTURE, describe_value (G_TYPE_UINT,
          "frames in its forward pass"),
      "ts", GST_TYPE_STRUCTURE, describe_value (G_TYPE_UINT64,
          "when the step began, in ns"),
      "time", GST_TYPE_STRUCTURE, describe_value (G_TYPE_UINT64,
          "how long it took, in ns"), NULL);
  GST_OBJECT_FLAG_SET (record, GST_OBJECT_FLAG_MAY_BE_LEAKED);
}

static void
ts_stage_tracer_init (TsStageTracer * self)
{
  gst_tracing_register_hook (GST_TRACER (self), "element-new",
      G_CALLBACK (on_element));
  g_atomic_int_inc (&n_tracers);
}

gboolean
ts_stage_tracer_register (GstPlugin * plugin)
{
  return gst_tracer_register (plugin, "torchscriptstages",
      ts_stage_tracer_get_type ());
}

void
ts_stage_tracer_log (GstElement * element, GstClockTime pts,
    const TsStageTimes * times, guint batch)
{
  gint64 begin;

  if (g_atomic_int_get (&n_tracers) == 0)
    return;
  begin = (gint64) (gsize) g_atomic_pointer_get (&start_us);
  for (guint i = 0; i < TS_N_STAGES; i++)
    if (times->start_us[i] != 0)
      gst_tracer_record_log (record, GST_OBJECT_NAME (element),
          ts_stage_name (i), pts, batch,
          (guint64) (1000 * (times->start_us[i] - begin)),
          (guint64) times->ns[i]);
}
