/* tsyolov10.c - decodes the raw one-to-one head of YOLOv10 and DocLayout-YOLO
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [B, 4 + classes, N]: for each of N anchors cx, cy, w, h in tensor pixels and
 * one score a class, after the sigmoid.  No suppression is needed, so
 * iou_threshold is not used.  The procedure is the network's own (Wang et al.,
 * "YOLOv10: Real-Time End-to-End Object Detection", 2024): the max_detections
 * anchors with the best class, then the max_detections best pairs of those
 * anchors and a class; one anchor may give several boxes.  Equal scores: the
 * lower anchor first, then the better anchor, then the lower class.
 *
 * Every score is checked; a box only if it is kept, as the rest cannot matter.
 * A box of negative width or height is dropped.
 */
#include <math.h>

#include "tsdecodeutil.h"
#include "tstopk.h"

/* Anchors a block: its running maxima stay in the first-level cache. */
#define BLOCK 256

static gboolean decode (const TsOutput * output, gint item,
    const TsDecodeParams * params, GArray * boxes, GError ** error);

extern const TsDecoder ts_decoder_yolov10;
const TsDecoder ts_decoder_yolov10 = {
  .id = "yolov10",
  .description = "raw YOLOv10 and DocLayout-YOLO, [B, 4 + classes, N]: cx, cy, "
      "w, h, scores",
  .decode = decode
};

/* One batch item. */
typedef struct
{
  const gfloat *data;
  gint64 n_anchors;
  gint n_classes;
  gint item;
} Head;

static gfloat
get_score (const Head * head, gint class_id, gint64 anchor)
{
  return head->data[(4 + class_id) * head->n_anchors + anchor];
}

static gboolean
head_init (Head * head, const TsOutput * output, gint item, GError ** error)
{
  const gint64 *shape = output->shape;

  if (output->n_dims != 3 || item >= shape[0] || shape[1] < 5
      || shape[1] > G_MAXINT) {
    ts_decode_error_shape (error, &ts_decoder_yolov10,
        "[B, 4 + classes, N] with at least one class", output);
    return FALSE;
  }
  head->item = item;
  head->n_classes = (gint) shape[1] - 4;
  head->n_anchors = shape[2];
  head->data = output->data + item * shape[1] * shape[2];
  return TRUE;
}

static gboolean
fail_in_block (const Head * head, gint64 first, gint n, GError ** error)
{
  for (gint c = 0; c < head->n_classes; c++)
    for (gint64 a = first; a < first + n; a++) {
      gint64 index[3] = { head->item, 4 + c, a };

      if (!ts_decode_check_finite (&ts_decoder_yolov10, index,
              get_score (head, c, a), error))
        return FALSE;
    }
  g_return_val_if_reached (FALSE);
}

/* Writes each anchor's best score; FALSE if any score is not finite.  Value
 * times 0 is 0 unless it is NaN or infinite, which keeps the loop branch-free. */
static gboolean
find_best (const Head * head, gint64 first, gint n, gfloat * best)
{
  gfloat poison[BLOCK] = { 0.f };
  gfloat sum = 0.f;

  for (gint a = 0; a < n; a++)
    best[a] = -INFINITY;
  for (gint c = 0; c < head->n_classes; c++) {
    const gfloat *scores = head->data + (4 + c) * head->n_anchors + first;

    for (gint a = 0; a < n; a++) {
      best[a] = scores[a] > best[a] ? scores[a] : best[a];
      poison[a] += scores[a] * 0.f;
    }
  }
  for (gint a = 0; a < n; a++)
    sum += poison[a];
  return sum == 0.f;
}

/* Only scores above the threshold compete: those below come last in any case,
 * and are dropped in the end. */
static gboolean
select_anchors (const Head * head, gfloat threshold, TsTopK * anchors,
    GError ** error)
{
  gfloat best[BLOCK];

  for (gint64 first = 0; first < head->n_anchors; first += BLOCK) {
    gint n = (gint) MIN (BLOCK, head->n_anchors - first);

    if (!find_best (head, first, n, best))
      return fail_in_block (head, first, n, error);
    for (gint a = 0; a < n; a++)
      if (best[a] > threshold)
        ts_top_k_add (anchors, best[a], first + a);
  }
  return TRUE;
}

static void
select_pairs (const Head * head, gfloat threshold, const TsTopKItem * anchors,
    guint n_anchors, TsTopK * pairs)
{
  for (guint rank = 0; rank < n_anchors; rank++)
    for (gint c = 0; c < head->n_classes; c++) {
      gfloat score = get_score (head, c, anchors[rank].index);

      if (score > threshold)
        ts_top_k_add (pairs, score, (gint64) rank * head->n_classes + c);
    }
}

static gboolean
append_box (const Head * head, gint64 anchor, gint class_id, GArray * boxes,
    GError ** error)
{
  TsBox box = {.class_id = class_id,.score = get_score (head, class_id, anchor) };
  gint64 index[3] = { head->item, 4 + class_id, anchor };
  gfloat v[4];

  if (!ts_decode_check_score (&ts_decoder_yolov10, index, box.score, error))
    return FALSE;
  for (gint i = 0; i < 4; i++) {
    index[1] = i;
    v[i] = head->data[i * head->n_anchors + anchor];
    if (!ts_decode_check_finite (&ts_decoder_yolov10, index, v[i], error))
      return FALSE;
  }
  if (v[2] < 0.f || v[3] < 0.f)
    return TRUE;
  box.box[0] = v[0] - v[2] / 2.f;
  box.box[1] = v[1] - v[3] / 2.f;
  box.box[2] = v[0] + v[2] / 2.f;
  box.box[3] = v[1] + v[3] / 2.f;
  g_array_append_val (boxes, box);
  return TRUE;
}

static gboolean
decode (const TsOutput * output, gint item, const TsDecodeParams * params,
    GArray * boxes, GError ** error)
{
  g_auto (TsTopK) anchors = { NULL, 0 };
  g_auto (TsTopK) pairs = { NULL, 0 };
  const TsTopKItem *anchor, *pair;
  guint n_anchors, n_pairs;
  Head head;

  if (!head_init (&head, output, item, error))
    return FALSE;
  ts_top_k_init (&anchors, params->max_detections);
  if (!select_anchors (&head, params->score_threshold, &anchors, error))
    return FALSE;
  anchor = ts_top_k_sort (&anchors, &n_anchors);

  ts_top_k_init (&pairs, params->max_detections);
  select_pairs (&head, params->score_threshold, anchor, n_anchors, &pairs);
  pair = ts_top_k_sort (&pairs, &n_pairs);
  for (guint i = 0; i < n_pairs; i++)
    if (!append_box (&head, anchor[pair[i].index / head.n_classes].index,
            (gint) (pair[i].index % head.n_classes), boxes, error))
      return FALSE;
  return TRUE;
}
