/* tsyolov10.c - decodes the raw one-to-one head of YOLOv10 and DocLayout-YOLO
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * No suppression is needed, so iou_threshold is not used.  The procedure is the
 * network's own (Wang et al., "YOLOv10: Real-Time End-to-End Object Detection",
 * 2024): the max_detections anchors with the best class, then the
 * max_detections best pairs of those anchors and a class; one anchor may give
 * several boxes.  Equal scores: the lower anchor first, then the better anchor,
 * then the lower class.
 */
#include "tsyolohead.h"

static gboolean decode (const TsOutput * output, gint item,
    const TsDecodeParams * params, TsResult * result, GError ** error);

extern const TsDecoder ts_decoder_yolov10;
const TsDecoder ts_decoder_yolov10 = {
  .id = "yolov10",
  .description = "raw YOLOv10 and DocLayout-YOLO, [B, 4 + classes, N]: cx, cy, "
      "w, h, scores",
  .kind = TS_RESULT_BOXES,
  .roles = {{"output", ""}},
  .decode = decode,
  .reads_best_columns = TRUE
};

static void
select_pairs (const TsYoloHead * head, gfloat threshold,
    const TsTopKItem * anchors, guint n_anchors, TsTopK * pairs)
{
  for (guint rank = 0; rank < n_anchors; rank++)
    for (gint c = 0; c < head->n_classes; c++) {
      gfloat score = ts_yolo_head_score (head, c, anchors[rank].index);

      if (score > threshold)
        ts_top_k_add (pairs, score, (gint64) rank * head->n_classes + c);
    }
}

static gboolean
decode (const TsOutput * output, gint item, const TsDecodeParams * params,
    TsResult * result, GError ** error)
{
  g_auto (TsTopK) anchors = { NULL, 0 };
  g_auto (TsTopK) pairs = { NULL, 0 };
  const TsTopKItem *anchor, *pair;
  guint n_anchors, n_pairs;
  TsYoloHead head;

  if (!ts_yolo_head_init (&head, &ts_decoder_yolov10, output, item, error))
    return FALSE;
  ts_top_k_init (&anchors, params->max_detections);
  if (!ts_yolo_head_select (&head, params->score_threshold, &anchors, error))
    return FALSE;
  anchor = ts_top_k_sort (&anchors, &n_anchors);

  ts_top_k_init (&pairs, params->max_detections);
  select_pairs (&head, params->score_threshold, anchor, n_anchors, &pairs);
  pair = ts_top_k_sort (&pairs, &n_pairs);
  for (guint i = 0; i < n_pairs; i++)
    if (!ts_yolo_head_append_box (&head,
            anchor[pair[i].index / head.n_classes].index,
            (gint) (pair[i].index % head.n_classes), result->boxes, error))
      return FALSE;
  return TRUE;
}
