/* gsttorchscriptroi.h - detections as GStreamer's own region-of-interest metas
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttorchscriptdetectionmeta.h"

G_BEGIN_DECLS

/* Adds one GstVideoRegionOfInterestMeta per detection of @meta to the writable
 * @buffer, in the form DL Streamer reads and writes.  @ids, one for each
 * detection, are those of their ODMtds, by which DL Streamer finds them; NULL:
 * there are none, and the detections' own ids are taken. */
void gst_torchscript_roi_add_from_meta (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const gint * ids);

G_END_DECLS
