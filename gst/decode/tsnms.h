/* tsnms.h - non-maximum suppression
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsresult.h"

G_BEGIN_DECLS

/* More candidates than this come from a threshold near 0, not from a picture. */
#define TS_NMS_MAX_CANDIDATES 30000

/* Keeps at most @max_boxes of @boxes (of TsBox, best score first): from the
 * front each one that overlaps no kept box of its class by more than
 * @iou_threshold (intersection over union; torchvision.ops.batched_nms). */
void ts_nms (GArray * boxes, gfloat iou_threshold, guint max_boxes);

G_END_DECLS
