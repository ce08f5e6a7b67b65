/* plugin.c - what the plugin holds
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:plugin-torchscript
 *
 * Runs TorchScript models on video and shows what they find.
 */
#include <gst/gst.h>

#include "gstdetectioncrop.h"
#include "gstdetectionjson.h"
#include "gstdetectionoverlay.h"
#include "gstdetectionreplay.h"
#include "gstpagestructure.h"
#include "gsttorchscriptinfer.h"
#include "stagetracer.h"

static gboolean
plugin_init (GstPlugin * plugin)
{
  gboolean ok = FALSE;

  ok |= GST_ELEMENT_REGISTER (detectioncrop, plugin);
  ok |= GST_ELEMENT_REGISTER (detectionjson, plugin);
  ok |= GST_ELEMENT_REGISTER (detectionoverlay, plugin);
  ok |= GST_ELEMENT_REGISTER (detectionreplay, plugin);
  ok |= GST_ELEMENT_REGISTER (pagestructure, plugin);
  ok |= GST_ELEMENT_REGISTER (torchscriptinfer, plugin);
  ok |= ts_stage_tracer_register (plugin);
  return ok;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, torchscript,
    "Runs TorchScript models on video and shows what they find", plugin_init,
    VERSION, "LGPL", PACKAGE, PACKAGE_ORIGIN)
