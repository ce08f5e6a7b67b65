/* GStreamer TorchScript: classes of a whole frame, or of a part of it, on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttorchscriptclassificationmeta.h"

#include <gst/video/video.h>

#include "sharedlist.h"

GType
gst_torchscript_classification_meta_api_get_type (void)
{
  static GType type = 0;
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR, NULL };

  if (g_once_init_enter (&type)) {
    GType api =
        gst_meta_api_type_register ("GstTorchscriptClassificationMetaAPI",
        tags);
    g_once_init_leave (&type, api);
  }
  return type;
}

static gboolean
classification_meta_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  GstTorchscriptClassificationMeta *self =
      (GstTorchscriptClassificationMeta *) meta;

  self->model_name = NULL;
  self->result_number = 0;
  self->parent_id = 0;
  self->classes = NULL;
  return TRUE;
}

static void
classification_meta_free (GstMeta * meta, GstBuffer * buffer)
{
  GstTorchscriptClassificationMeta *self =
      (GstTorchscriptClassificationMeta *) meta;

  g_clear_pointer ((TsSharedList **) & self->classes, ts_shared_list_unref);
}

/* Takes @classes. */
static GstTorchscriptClassificationMeta *
add_meta (GstBuffer * buffer, const gchar * model_name, guint64 result_number,
    TsSharedList * classes)
{
  GstTorchscriptClassificationMeta *self = (GstTorchscriptClassificationMeta *)
      gst_buffer_add_meta (buffer, GST_TORCHSCRIPT_CLASSIFICATION_META_INFO,
      NULL);

  self->model_name = model_name;
  self->result_number = result_number;
  self->classes = classes;
  return self;
}

/* What was looked at stays of its class, whatever its size. */
static gboolean
classification_meta_transform (GstBuffer * dest, GstMeta * meta,
    GstBuffer * buffer, GQuark type, gpointer data)
{
  GstTorchscriptClassificationMeta *self =
      (GstTorchscriptClassificationMeta *) meta;

  add_meta (dest, self->model_name, self->result_number,
      ts_shared_list_ref (self->classes))->parent_id = self->parent_id;
  return TRUE;
}

/**
 * gst_torchscript_classification_meta_get_info: (skip)
 *
 * Returns: (transfer none): how GStreamer handles the meta
 *
 * Since: 0.1
 */
const GstMetaInfo *
gst_torchscript_classification_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter (&info)) {
    const GstMetaInfo *registered =
        gst_meta_register (GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE,
        "GstTorchscriptClassificationMeta",
        sizeof (GstTorchscriptClassificationMeta), classification_meta_init,
        classification_meta_free, classification_meta_transform);
    g_once_init_leave (&info, registered);
  }
  return info;
}

/**
 * gst_buffer_add_torchscript_classification_meta:
 * @buffer: (transfer none): a writable buffer
 * @model_name: name of the model that answered; interned
 * @result_number: running number of this answer, from 0
 * @classes: (array length=n_classes) (nullable) (transfer none): best score
 *   first; copied, their labels are interned
 * @n_classes: number of @classes, possibly 0
 *
 * Attaches what one model says the whole frame is; set the meta's parent_id where it
 * is a detection on the frame.
 *
 * Returns: (transfer none): the meta, owned by @buffer
 *
 * Since: 0.1
 */
GstTorchscriptClassificationMeta *
gst_buffer_add_torchscript_classification_meta (GstBuffer * buffer,
    const gchar * model_name, guint64 result_number,
    const GstTorchscriptClassification * classes, guint n_classes)
{
  TsSharedList *list;
  GstTorchscriptClassification *items;
  guint i;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (gst_buffer_is_writable (buffer), NULL);
  g_return_val_if_fail (model_name != NULL, NULL);
  g_return_val_if_fail (classes != NULL || n_classes == 0, NULL);

  list = ts_shared_list_new (n_classes, sizeof (GstTorchscriptClassification));
  items = list->items;
  for (i = 0; i < n_classes; i++) {
    items[i] = classes[i];
    items[i].label = g_intern_string (classes[i].label);
  }
  return add_meta (buffer, g_intern_string (model_name), result_number, list);
}

/**
 * gst_buffer_get_torchscript_classification_meta:
 * @buffer: (transfer none): a buffer
 *
 * Gives the first meta; use gst_buffer_iterate_meta_filtered() with
 * #GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE for those of further models, and
 * gst_buffer_get_torchscript_classification_meta_id() for that of a detection.
 *
 * Returns: (transfer none) (nullable): the meta, owned by @buffer, or %NULL
 *
 * Since: 0.1
 */
GstTorchscriptClassificationMeta *
gst_buffer_get_torchscript_classification_meta (GstBuffer * buffer)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  return (GstTorchscriptClassificationMeta *) gst_buffer_get_meta (buffer,
      GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE);
}

/**
 * gst_buffer_get_torchscript_classification_meta_id:
 * @buffer: (transfer none): a buffer
 * @parent_id: the id of a detection, or 0 for the whole frame
 *
 * Returns: (transfer none) (nullable): the first meta that says what this detection
 *   or the frame is, owned by @buffer, or %NULL
 *
 * Since: 0.1
 */
GstTorchscriptClassificationMeta *
gst_buffer_get_torchscript_classification_meta_id (GstBuffer * buffer,
    guint parent_id)
{
  GstTorchscriptClassificationMeta *meta;
  gpointer state = NULL;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  do
    meta = (GstTorchscriptClassificationMeta *)
        gst_buffer_iterate_meta_filtered (buffer, &state,
        GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE);
  while (meta != NULL && meta->parent_id != parent_id);
  return meta;
}

/**
 * gst_torchscript_classification_meta_get_n_classes:
 * @meta: (transfer none): a meta
 *
 * Returns: how many classes the meta holds, possibly 0
 *
 * Since: 0.1
 */
guint
gst_torchscript_classification_meta_get_n_classes (const
    GstTorchscriptClassificationMeta * meta)
{
  g_return_val_if_fail (meta != NULL, 0);

  return ((const TsSharedList *) meta->classes)->n;
}

/**
 * gst_torchscript_classification_meta_get_class:
 * @meta: (transfer none): a meta
 * @index: which one, from 0 (the best score)
 *
 * Returns: (transfer none) (nullable): the class, valid as long as the meta is,
 *   never to be written to; or %NULL if there is none with this index
 *
 * Since: 0.1
 */
const GstTorchscriptClassification *
gst_torchscript_classification_meta_get_class (const
    GstTorchscriptClassificationMeta * meta, guint index)
{
  const TsSharedList *list;

  g_return_val_if_fail (meta != NULL, NULL);

  list = meta->classes;
  if (index >= list->n)
    return NULL;
  return (const GstTorchscriptClassification *) list->items + index;
}
