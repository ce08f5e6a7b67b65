/* stagetracer.h - a GstTracer for the steps of each frame's way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "../model/tsstage.h"

G_BEGIN_DECLS

/* The tracer "torchscriptstages": with it in GST_TRACERS, each step of an answered frame
 * is a record in the debug category GST_TRACER, level TRACE, as docs/elements.md says. */
gboolean ts_stage_tracer_register (GstPlugin * plugin);

/* Records the steps of a frame, if the tracer runs; from any thread. */
void ts_stage_tracer_log (GstElement * element, GstClockTime pts,
    const TsStageTimes * times, guint batch);

G_END_DECLS
