/* framememory.h - memory for frames that a CUDA device reads at full speed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "../model/tsdetector.h"

G_BEGIN_DECLS

/* Offers upstream a pool of such memory, or its allocator only where downstream has
 * offered a pool; FALSE, and nothing, if the model does not take frames as they are. */
gboolean ts_frame_memory_propose (const TsDetector * detector, GstQuery * query);

G_END_DECLS
