/* metascale.h - what the metas do when a frame is scaled
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Whether what refers to a frame of this size can follow the scaling @trans;
 * if not, the log of @what says why. */
G_GNUC_INTERNAL
gboolean gst_torchscript_meta_can_scale (const gchar * what, guint frame_width,
    guint frame_height, const GstVideoMetaTransform * trans);

G_END_DECLS
