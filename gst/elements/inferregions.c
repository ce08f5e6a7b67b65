/* inferregions.c - the detections on a frame that torchscriptinfer looks at
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inferregions.h"

#include "classfilter.h"
#include "detectionmirror.h"
#include "framecrop.h"
#include "objectadopt.h"

GST_DEBUG_CATEGORY_EXTERN (torchscript_infer_debug);
#define GST_CAT_DEFAULT torchscript_infer_debug

/* Where regions are looked for. */
typedef struct
{
  const GstVideoInfo *info;
  const TsRoi *within;
  guint margin;
  GArray *regions;
} Search;

void
ts_infer_regions_init (TsInferRegions * self)
{
  *self = (TsInferRegions) {
  NULL};
  ts_objects_init (&self->objects);
}

void
ts_infer_regions_clear (TsInferRegions * self)
{
  g_free (self->classes);
  g_strfreev (self->filter);
  ts_objects_clear (&self->objects);
}

void
ts_infer_regions_set_classes (TsInferRegions * self, const gchar * classes)
{
  if (g_strcmp0 (classes, self->classes) == 0)
    return;
  g_free (self->classes);
  g_strfreev (self->filter);
  self->classes = g_strdup (classes);
  self->filter = ts_class_filter_new (classes);
}

static gboolean
meta_fits (const GstTorchscriptDetectionMeta * meta, const GstVideoInfo * info)
{
  if ((gint) meta->frame_width == info->width
      && (gint) meta->frame_height == info->height)
    return TRUE;
  GST_WARNING ("not looking at what model \"%s\" found: it is for a frame of "
      "%ux%u, this one is %dx%d; put both inferences behind whatever changes "
      "the size", meta->model_name, meta->frame_width, meta->frame_height,
      info->width, info->height);
  return FALSE;
}

/* The part of one span that is in the other; FALSE if there is none. */
static gboolean
cut_span (gint start, gint length, gint first, gint n, gint * from, gint * size)
{
  *from = MAX (start, first);
  *size = MIN (start + length, first + n) - *from;
  return *size > 0;
}

static gboolean
place (const GstTorchscriptDetection * d, const Search * search, TsRoi * area)
{
  const gfloat box[4] = { d->x1, d->y1, d->x2, d->y2 };
  const TsRoi *within = search->within;
  GstVideoRectangle cut;

  return ts_frame_crop_get_rectangle (search->info, box, search->margin, &cut)
      && cut_span (cut.x, cut.w, within->x, within->width, &area->x,
      &area->width)
      && cut_span (cut.y, cut.h, within->y, within->height, &area->y,
      &area->height);
}

static void
add (TsInferRegions * self, const GstTorchscriptDetection * d,
    gboolean is_foreign, const Search * search)
{
  TsInferRegion region = { *d, is_foreign };

  if (ts_class_filter_has (self->filter, d->class_id, d->label)
      && place (d, search, &region.area))
    g_array_append_val (search->regions, region);
}

/* @first is the place of its first one among the objects. */
static void
add_own (TsInferRegions * self, const GstTorchscriptDetectionMeta * meta,
    guint first, const Search * search)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (i = 0; i < n; i++) {
    GstTorchscriptDetection d =
        ts_objects_get_own (&self->objects, meta, first, i);

    add (self, &d, FALSE, search);
  }
}

void
ts_infer_regions_find (TsInferRegions * self, GstBuffer * buffer,
    const GstVideoInfo * info, const TsRoi * within, guint margin,
    GArray * regions)
{
  const Search search = { info, within, margin, regions };
  GArray *objects = self->objects.all;
  GstTorchscriptDetectionMeta *meta;
  gpointer state = NULL;
  guint at = 0;

  ts_objects_collect (&self->objects, buffer);
  while ((meta = (GstTorchscriptDetectionMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL) {
    if (meta_fits (meta, info))
      add_own (self, meta, at, &search);
    at += gst_torchscript_detection_meta_get_n_detections (meta);
  }
  for (; at < objects->len; at++)
    add (self, &g_array_index (objects, GstTorchscriptDetection, at), TRUE,
        &search);
}

void
ts_infer_regions_adopt (GArray * regions, const GstVideoInfo * info,
    guint64 result_number, GstBuffer * buffer)
{
  guint first = regions->len, i;
  g_autoptr (GArray) others = NULL;
  GstTorchscriptDetectionMeta *meta;

  while (first > 0
      && g_array_index (regions, TsInferRegion, first - 1).is_foreign)
    first--;
  if (first == regions->len)
    return;
  others = g_array_new (FALSE, FALSE, sizeof (GstTorchscriptDetection));
  for (i = first; i < regions->len; i++)
    g_array_append_val (others,
        g_array_index (regions, TsInferRegion, i).parent);
  meta = gst_buffer_add_torchscript_detection_meta (buffer, TS_OBJECTS_OTHERS,
      info->width, info->height, result_number,
      (const GstTorchscriptDetection *) others->data, others->len);
  for (i = first; i < regions->len; i++)
    g_array_index (regions, TsInferRegion, i).parent =
        *gst_torchscript_detection_meta_get_detection (meta, i - first);
}

static const GstTorchscriptDetection *
find (const GArray * regions, guint id)
{
  for (guint i = 0; i < regions->len; i++) {
    const TsInferRegion *region = &g_array_index (regions, TsInferRegion, i);

    if (region->parent.id == id)
      return &region->parent;
  }
  return NULL;
}

static gboolean
is_same (const GstTorchscriptDetection * a, const GstTorchscriptDetection * b)
{
  if (a->track_id > 0 && b->track_id > 0)
    return a->track_id == b->track_id;
  return a->class_id == b->class_id && ts_detection_is_mirror (a, b);
}

guint
ts_infer_regions_follow (const GArray * regions, const GArray * last, guint id)
{
  const GstTorchscriptDetection *before = find (last, id);

  for (guint i = 0; before != NULL && i < regions->len; i++) {
    const TsInferRegion *region = &g_array_index (regions, TsInferRegion, i);

    if (is_same (before, &region->parent))
      return region->parent.id;
  }
  return 0;
}
