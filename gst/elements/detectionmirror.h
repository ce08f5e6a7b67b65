/* detectionmirror.h - what all mirrors of a detection have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttorchscriptdetectionmeta.h"

G_BEGIN_DECLS

/* A box in whole pixels that lies in the frame. */
typedef struct
{
  guint x, y, width, height;
} TsPixelBox;

TsPixelBox ts_detection_get_pixel_box (const GstTorchscriptDetection * d,
    guint frame_width, guint frame_height);

/* The label, or "class N" for a class without one. */
GQuark ts_class_get_quark (gint class_id, const gchar * label);

/* The index of the detection whose id is @id, or -1. */
gint ts_detection_find (const GstTorchscriptDetectionMeta * meta, guint id);

G_END_DECLS
