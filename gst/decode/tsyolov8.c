/* tsyolov8.c - decodes YOLOv8, 9 and 11: raw heads that need suppression
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each anchor stands for its best class (of equal scores the lower class), then
 * non-maximum suppression by class.  Equal scores: the lower anchor first.
 */
#include "tsnms.h"
#include "tsyolohead.h"

static gboolean decode (const TsOutput * output, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_yolov8;
const TsDecoder ts_decoder_yolov8 = {
  .id = "yolov8",
  .description = "raw YOLOv8, 9 and 11, [B, 4 + classes, N]: cx, cy, w, h, "
      "scores",
  .kind = TS_RESULT_BOXES,
  .roles = {{"output", "", "yolo-v8-out"}},
  .decode = decode
};

static gint
find_class (const TsYoloHead * head, gint64 anchor)
{
  gint best = 0;

  for (gint c = 1; c < head->n_classes; c++)
    if (ts_yolo_head_score (head, c, anchor)
        > ts_yolo_head_score (head, best, anchor))
      best = c;
  return best;
}

static gboolean
decode (const TsOutput * output, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  g_auto (TsTopK) anchors = { NULL, 0 };
  const TsTopKItem *anchor;
  TsYoloHead head;
  guint n;

  if (!ts_yolo_head_init (&head, &ts_decoder_yolov8, output, item, error))
    return FALSE;
  ts_top_k_init (&anchors, TS_NMS_MAX_CANDIDATES);
  if (!ts_yolo_head_select (&head, params->score_threshold, &anchors, error))
    return FALSE;
  anchor = ts_top_k_sort (&anchors, &n);
  for (guint i = 0; i < n; i++)
    if (!ts_yolo_head_append_box (&head, anchor[i].index,
            find_class (&head, anchor[i].index), result->boxes, error))
      return FALSE;
  ts_nms (result->boxes, params->iou_threshold, params->max_detections);
  return TRUE;
}
