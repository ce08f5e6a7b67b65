/* resultattach.c - a model's answer to metas on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "resultattach.h"

#include <math.h>
#include <string.h>

#include "analyticsmirror.h"
#include "gsttorchscriptroi.h"
#include "tensormirror.h"
#include "torchscript.h"
#include "tserror.h"

/* The core knows nothing of the installed library, but the numbers agree. */
G_STATIC_ASSERT ((gint) TS_DTYPE_FLOAT32 ==
    (gint) GST_TORCHSCRIPT_DTYPE_FLOAT32);
G_STATIC_ASSERT ((gint) TS_DTYPE_BOOL == (gint) GST_TORCHSCRIPT_DTYPE_BOOL);
G_STATIC_ASSERT (TS_DECODE_MAX_DIMS == GST_TORCHSCRIPT_TENSOR_MAX_DIMS);

/* Up to so many are converted without allocating: more than models answer but
 * untrained ones. */
#define FEW_BOXES 1000
#define FEW_CLASSES 100

/* A cell that reaches into a region by less is not in it but was rounded. */
#define MIN_CELL_PART 1e-3

static const gchar *
get_label (const TsResultInfo * info, gint class_id)
{
  return ts_detector_get_label (info->detector, class_id);
}

static const gchar *
get_mask_label (gconstpointer info, gint class_id)
{
  return get_label (info, class_id);
}

void
ts_result_mirror_detections (const GstTorchscriptDetectionMeta * meta,
    TsMetaForms forms, const TsTracker * tracker, GstBuffer * buffer)
{
  g_autofree gint *ids = !ts_meta_forms_have_analytics (forms) ? NULL :
      g_new (gint, gst_torchscript_detection_meta_get_n_detections (meta));
  gboolean have_ids = ids != NULL
      && ts_analytics_mirror_detections (buffer, meta, tracker, ids);

  if (ts_meta_forms_have_roi (forms))
    gst_torchscript_roi_add_from_meta (buffer, meta, have_ids ? ids : NULL);
}

static void
attach_boxes (const GArray * boxes, const TsResultInfo * info,
    GstBuffer * buffer)
{
  GstTorchscriptDetection few[FEW_BOXES];
  g_autofree GstTorchscriptDetection *many = boxes->len <= FEW_BOXES ? NULL :
      g_new (GstTorchscriptDetection, boxes->len);
  GstTorchscriptDetection *detections = many != NULL ? many : few;
  GstTorchscriptDetectionMeta *meta;

  for (guint i = 0; i < boxes->len; i++) {
    const TsBox *box = &g_array_index (boxes, TsBox, i);

    detections[i] = (GstTorchscriptDetection) {
    .x1 = box->box[0],.y1 = box->box[1],.x2 = box->box[2],.y2 =
          box->box[3],.score = box->score,.class_id = box->class_id,.label =
          get_label (info, box->class_id),.track_id =
          box->track_id,.parent_id = box->parent_id,};
  }
  meta = gst_buffer_add_torchscript_detection_meta (buffer,
      ts_detector_get_name (info->detector), info->width, info->height,
      info->number, detections, boxes->len);
  meta->model_number = info->model_number;
  meta->age = info->age;
  ts_result_mirror_detections (meta, info->forms, info->tracker, buffer);
}

static void
attach_classes (const GArray * classes, const TsResultInfo * info,
    GstBuffer * buffer)
{
  GstTorchscriptClassification few[FEW_CLASSES];
  g_autofree GstTorchscriptClassification *many = classes->len <= FEW_CLASSES ?
      NULL : g_new (GstTorchscriptClassification, classes->len);
  GstTorchscriptClassification *array = many != NULL ? many : few;
  GstTorchscriptClassificationMeta *meta;

  for (guint i = 0; i < classes->len; i++) {
    const TsClass *from = &g_array_index (classes, TsClass, i);

    array[i] = (GstTorchscriptClassification) {
      from->score, from->class_id, get_label (info, from->class_id)
    };
  }
  meta = gst_buffer_add_torchscript_classification_meta (buffer,
      ts_detector_get_name (info->detector), info->number, array, classes->len);
  meta->parent_id = info->parent_id;
  if (ts_meta_forms_have_analytics (info->forms))
    ts_analytics_mirror_classes (buffer, meta);
  if (info->parent_id != 0 && ts_meta_forms_have_roi (info->forms))
    gst_torchscript_roi_add_class (buffer, meta);
}

/* The cells of an axis that lie at least in part between @from and @to; there is one. */
static void
find_cells (gfloat start, gfloat length, gint n_cells, gint from, gint to,
    gint * first, gint * n)
{
  gdouble size = (gdouble) length / n_cells;
  gint end = (gint) ceil ((to - start) / size - MIN_CELL_PART);

  *first = (gint) floor ((from - start) / size + MIN_CELL_PART);
  *first = CLAMP (*first, 0, n_cells - 1);
  *n = CLAMP (end, *first + 1, n_cells) - *first;
}

/* What lies in the padding is a part of the frame that the model has not seen. */
static void
trim_mask (TsMask * mask, const TsRoi * area)
{
  gfloat width = mask->area[2] / mask->width;
  gfloat height = mask->area[3] / mask->height;
  gint left, top, n_columns, n_rows;

  find_cells (mask->area[0], mask->area[2], mask->width, area->x,
      area->x + area->width, &left, &n_columns);
  find_cells (mask->area[1], mask->area[3], mask->height, area->y,
      area->y + area->height, &top, &n_rows);
  for (gint row = 0; row < n_rows; row++)
    memmove (mask->classes + (gsize) row * n_columns,
        mask->classes + (gsize) (top + row) * mask->width + left,
        n_columns * sizeof (guint16));
  mask->width = n_columns;
  mask->height = n_rows;
  mask->area[0] += left * width;
  mask->area[1] += top * height;
  mask->area[2] = n_columns * width;
  mask->area[3] = n_rows * height;
}

static gboolean
attach_mask (TsMask * mask, const TsResultInfo * info, GstBuffer * buffer,
    GError ** error)
{
  GstTorchscriptMaskMeta *meta;

  if (info->area != NULL)
    trim_mask (mask, info->area);
  meta = gst_buffer_add_torchscript_mask_meta (buffer,
      ts_detector_get_name (info->detector), info->width, info->height,
      info->number, mask->width, mask->height, mask->classes,
      (gsize) mask->width * mask->height);
  if (meta == NULL) {
    g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
        "no memory for a mask of %d x %d cells on the frame; use a smaller input or "
        "free memory", mask->width, mask->height);
    return FALSE;
  }
  meta->parent_id = info->parent_id;
  meta->x = mask->area[0];
  meta->y = mask->area[1];
  meta->width = mask->area[2];
  meta->height = mask->area[3];
  if (ts_meta_forms_have_analytics (info->forms))
    ts_analytics_mirror_mask (buffer, meta, get_mask_label, info);
  return TRUE;
}

gboolean
ts_result_attach (TsResult * result, const TsResultInfo * info,
    GstBuffer * buffer, GError ** error)
{
  switch (ts_detector_get_kind (info->detector)) {
    case TS_RESULT_BOXES:
      attach_boxes (result->boxes, info, buffer);
      break;
    case TS_RESULT_CLASSES:
      attach_classes (result->classes, info, buffer);
      break;
    case TS_RESULT_MASK:
      return attach_mask (&result->mask, info, buffer, error);
    case TS_RESULT_NOTHING:
      break;
  }
  return TRUE;
}

/* The tensor's memory belongs to the answer, which the buffer keeps alive. */
static GstTorchscriptTensor *
wrap_tensor (const TsNamedTensor * from, TsAnswer * answer)
{
  const TsTensor *tensor = &from->tensor;
  gsize size = ts_tensor_n_elements (tensor) * ts_dtype_size (tensor->dtype);
  GstBuffer *data = gst_buffer_new ();
  GstTorchscriptTensor *wrapped;

  if (size > 0)
    gst_buffer_append_memory (data,
        gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY,
            (gpointer) tensor->data, size, 0, size, ts_answer_ref (answer),
            (GDestroyNotify) ts_answer_unref));
  wrapped = gst_torchscript_tensor_new (from->name,
      (GstTorchscriptDtype) tensor->dtype, tensor->shape, tensor->n_dims, data);
  gst_buffer_unref (data);
  return wrapped;
}

void
ts_result_attach_tensors (const TsResultInfo * info, TsAnswer * answer,
    GstBuffer * buffer)
{
  g_autoptr (GArray) list = ts_answer_list (answer);
  g_autoptr (GPtrArray) tensors = g_ptr_array_new_with_free_func
      ((GDestroyNotify) gst_torchscript_tensor_unref);
  g_autofree const gchar **ids = g_new (const gchar *, list->len);

  for (guint i = 0; i < list->len; i++) {
    const TsNamedTensor *named = &g_array_index (list, TsNamedTensor, i);

    g_ptr_array_add (tensors, wrap_tensor (named, answer));
    ids[i] = ts_detector_get_tensor_id (info->detector, named->name);
  }
  /* Other decoders would take a part of the frame for the whole. */
  if (info->parent_id == 0 && ts_meta_forms_have_analytics (info->forms))
    ts_tensor_mirror ((GstTorchscriptTensor **) tensors->pdata, ids,
        tensors->len, buffer);
  gst_buffer_add_torchscript_tensor_meta (buffer,
      ts_detector_get_name (info->detector), info->number,
      (GstTorchscriptTensor **) tensors->pdata,
      tensors->len)->parent_id = info->parent_id;
}
