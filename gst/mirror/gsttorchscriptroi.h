/* gsttorchscriptroi.h - detections as GStreamer's own region-of-interest metas
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "torchscript.h"

G_BEGIN_DECLS

/* Adds one GstVideoRegionOfInterestMeta per detection of @meta to the writable
 * @buffer, in the form DL Streamer reads and writes.  @ids, one for each
 * detection, are those of their ODMtds, by which DL Streamer finds them; NULL:
 * there are none, and the detections' own ids are taken.  A parent in another meta is
 * known by its region. */
void gst_torchscript_roi_add_from_meta (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const gint * ids);

/* Adds the best class of @meta to the region of its parent, as DL Streamer's
 * classifiers do; there may be none. */
void gst_torchscript_roi_add_class (GstBuffer * buffer,
    const GstTorchscriptClassificationMeta * meta);

/* Appends a GstTorchscriptDetection for each region on @buffer, with the region's id:
 * score NaN and class -1 where it has none. */
void gst_torchscript_roi_read (GstBuffer * buffer, GArray * detections);

G_END_DECLS
