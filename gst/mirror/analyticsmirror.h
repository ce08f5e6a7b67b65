/* analyticsmirror.h - answers as GstAnalytics knows them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where GStreamer is older than 1.24 there is no GstAnalytics, and nothing
 * happens; masks need 1.26.
 */
#pragma once

#include "torchscript.h"
#include "tstracker.h"

G_BEGIN_DECLS

gboolean ts_analytics_is_built (void);

/* Adds an ODMtd for each detection of @meta to the writable @buffer, related to
 * a ClsMtd of its label and score, a TrackingMtd if a tracker numbered it, and the
 * ODMtd of its parent.  What @tracker, or NULL, does not know was seen first on this
 * frame.  @ids, one for each detection, gets the ids of
 * the ODMtds; FALSE if none were added.  A parent in another meta is known by its
 * ODMtd. */
gboolean ts_analytics_mirror_detections (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const TsTracker * tracker,
    gint * ids);

/* Adds a ClsMtd with all classes of @meta, best score first, which the ODMtd of its
 * parent is related to, if there is one. */
void ts_analytics_mirror_classes (GstBuffer * buffer,
    const GstTorchscriptClassificationMeta * meta);

typedef const gchar *(*TsGetLabel) (gconstpointer labels, gint class_id);

/* Adds a SegmentationMtd whose region ids are the class numbers, related to a
 * ClsMtd of their labels; the mask's memory is shared. */
void ts_analytics_mirror_mask (GstBuffer * buffer,
    const GstTorchscriptMaskMeta * meta, TsGetLabel get_label,
    gconstpointer labels);

/* Appends a GstTorchscriptDetection for each ODMtd on @buffer, with its id: class -1,
 * and a NULL label where it has neither a type nor a class.  The number of its track is
 * that of its TrackingMtd plus 1. */
void ts_analytics_read_objects (GstBuffer * buffer, GArray * detections);

G_END_DECLS
