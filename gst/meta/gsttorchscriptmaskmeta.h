/* GStreamer TorchScript: a class for each part of a frame, on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GST_TORCHSCRIPT_MASK_META_API_TYPE:
 *
 * The API type of #GstTorchscriptMaskMeta, for
 * gst_buffer_iterate_meta_filtered().
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_MASK_META_API_TYPE \
  (gst_torchscript_mask_meta_api_get_type ())

/**
 * GST_TORCHSCRIPT_MASK_META_INFO: (skip)
 *
 * The #GstMetaInfo of #GstTorchscriptMaskMeta.
 *
 * Since: 0.1
 */
#define GST_TORCHSCRIPT_MASK_META_INFO (gst_torchscript_mask_meta_get_info ())

typedef struct _GstTorchscriptMaskMeta GstTorchscriptMaskMeta;

/**
 * GstTorchscriptMaskMeta:
 * @meta: parent
 * @model_name: name of the model that answered; an interned string
 * @frame_width: width of the frame the mask refers to, pixels; a reader that
 *   sees a frame of another size must not trust the mask's place
 * @frame_height: height of that frame, pixels
 * @result_number: running number of this answer, from 0 at each start of the
 *   element that attached it
 * @x: left edge of the mask in the frame, pixels; negative where the model's
 *   input was padded
 * @y: top edge
 * @width: width of the whole mask in the frame, pixels, > 0
 * @height: height of the whole mask
 * @columns: cells a row of the mask, > 0
 * @rows: rows of cells, > 0
 * @parent_id: the detection that was looked at, as #GstTorchscriptDetection's id
 *   has it; 0: the whole frame was
 *
 * The answer of a semantic segmentation: a grid of @columns x @rows cells, each
 * with a class number. The grid keeps the model's resolution and lies over the
 * frame as @x, @y, @width and @height say; it covers all of the frame and may
 * stand out, or, with a @parent_id, all of that detection. Once attached it does not change, so that copies share the cells.
 *
 * It is kept and dropped as #GstTorchscriptDetectionMeta is; scaling moves the
 * place in the frame, not the cells.
 *
 * Since: 0.1
 */
struct _GstTorchscriptMaskMeta
{
  GstMeta meta;

  const gchar *model_name;
  guint frame_width, frame_height;
  guint64 result_number;
  gfloat x, y, width, height;
  guint columns, rows;
  guint parent_id;

  /*< private >*/
  gpointer classes;
};

GST_API_EXPORT
GType gst_torchscript_mask_meta_api_get_type (void);

GST_API_EXPORT
const GstMetaInfo *gst_torchscript_mask_meta_get_info (void);

GST_API_EXPORT
GstTorchscriptMaskMeta *
gst_buffer_add_torchscript_mask_meta (GstBuffer * buffer,
    const gchar * model_name, guint frame_width, guint frame_height,
    guint64 result_number, guint columns, guint rows, const guint16 * classes,
    gsize n_classes);

GST_API_EXPORT
GstTorchscriptMaskMeta *gst_buffer_get_torchscript_mask_meta (GstBuffer * buffer);

GST_API_EXPORT
const guint16 *
gst_torchscript_mask_meta_get_cells (const GstTorchscriptMaskMeta * meta);

GST_API_EXPORT
GBytes *gst_torchscript_mask_meta_get_classes (const GstTorchscriptMaskMeta * meta);

GST_API_EXPORT
gint gst_torchscript_mask_meta_get_class_at (const GstTorchscriptMaskMeta * meta,
    gfloat x, gfloat y);

G_END_DECLS
