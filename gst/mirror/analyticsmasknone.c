/* analyticsmasknone.c - in place of analyticsmask.c before GStreamer 1.26
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "analyticsmirror.h"

void
ts_analytics_mirror_mask (GstBuffer * buffer,
    const GstTorchscriptMaskMeta * meta, TsGetLabel get_label,
    gconstpointer labels)
{
}
