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

/* Whether one of @a and @b, in whole pixels with an interned label each, mirrors the
 * other: is of its class and at its place. */
gboolean ts_detection_is_mirror (const GstTorchscriptDetection * a,
    const GstTorchscriptDetection * b);

/* As its mirrors have it: in whole pixels, in the frame, and with a name. */
GstTorchscriptDetection ts_detection_to_mirror (const GstTorchscriptDetection *
    d, const GstTorchscriptDetectionMeta * meta);

/* What @read finds on @buffer, for ts_detection_find_parent(); NULL if no detection of
 * @meta has its parent in another meta.  To be called before @meta is mirrored, since
 * a detection may have the class and the place of its parent. */
GArray *ts_detection_read_parents (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta,
    void (*read) (GstBuffer * buffer, GArray * detections));

/* The id of what the detection @parent_id is mirrored to: one of @ids (NULL: itself) if
 * it is in @meta, else that of one of @parents; -1 if there is none. */
gint ts_detection_find_parent (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, guint parent_id,
    const gint * ids, const GArray * parents);

/* The mirror of the detection whose id is @id, in any meta on @buffer: the index in
 * @mirrors of the nearest, or -1. */
gint ts_detection_find_mirror (GstBuffer * buffer, guint id,
    const GArray * mirrors);

G_END_DECLS
