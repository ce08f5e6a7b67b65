/* analyticsmirrornone.c - in place of analyticsmirror.c before GStreamer 1.24
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "analyticsmirror.h"

gboolean
ts_analytics_is_built (void)
{
  return FALSE;
}

gboolean
ts_analytics_mirror_detections (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const TsTracker * tracker,
    gint * ids)
{
  return FALSE;
}

void
ts_analytics_mirror_classes (GstBuffer * buffer,
    const GstTorchscriptClassificationMeta * meta)
{
}

void
ts_analytics_read_objects (GstBuffer * buffer, GArray * detections)
{
}
