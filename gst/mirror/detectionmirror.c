/* detectionmirror.c - what all mirrors of a detection have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "detectionmirror.h"

#include <math.h>

/* A mirror is in whole pixels, and scaling enlarges what it was rounded by. */
#define MAX_MIRROR_PX 2.0f
#define MAX_MIRROR_FRACTION 0.05f

static guint
to_pixel (gfloat v, guint size)
{
  return (guint) lrintf (CLAMP (v, 0.0f, (gfloat) size));
}

TsPixelBox
ts_detection_get_pixel_box (const GstTorchscriptDetection * d,
    guint frame_width, guint frame_height)
{
  guint x = to_pixel (d->x1, frame_width), y = to_pixel (d->y1, frame_height);
  TsPixelBox box = { x, y, to_pixel (d->x2, frame_width) - x,
    to_pixel (d->y2, frame_height) - y
  };

  return box;
}

GQuark
ts_class_get_quark (gint class_id, const gchar * label)
{
  gchar name[32];

  if (label != NULL)
    return g_quark_from_string (label);
  g_snprintf (name, sizeof (name), "class %d", class_id);
  return g_quark_from_string (name);
}

gint
ts_detection_find (const GstTorchscriptDetectionMeta * meta, guint id)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (i = 0; id != 0 && i < n; i++) {
    if (gst_torchscript_detection_meta_get_detection (meta, i)->id == id)
      return (gint) i;
  }
  return -1;
}

static gboolean
is_near (gfloat a, gfloat b, gfloat size)
{
  return fabsf (a - b) <= MAX (MAX_MIRROR_PX, MAX_MIRROR_FRACTION * size);
}

gboolean
ts_detection_is_mirror (const GstTorchscriptDetection * a,
    const GstTorchscriptDetection * b)
{
  gfloat width = a->x2 - a->x1, height = a->y2 - a->y1;

  return a->label == b->label
      && is_near (a->x1, b->x1, width) && is_near (a->x2, b->x2, width)
      && is_near (a->y1, b->y1, height) && is_near (a->y2, b->y2, height);
}

GstTorchscriptDetection
ts_detection_to_mirror (const GstTorchscriptDetection * d,
    const GstTorchscriptDetectionMeta * meta)
{
  TsPixelBox box = ts_detection_get_pixel_box (d, meta->frame_width,
      meta->frame_height);
  GstTorchscriptDetection mirror = *d;

  mirror.x1 = box.x;
  mirror.y1 = box.y;
  mirror.x2 = box.x + box.width;
  mirror.y2 = box.y + box.height;
  mirror.label = g_intern_string (g_quark_to_string (ts_class_get_quark
          (d->class_id, d->label)));
  return mirror;
}

static gboolean
has_outer_parent (const GstTorchscriptDetectionMeta * meta)
{
  const GstTorchscriptDetection *d;

  for (guint i = 0;
      (d = gst_torchscript_detection_meta_get_detection (meta, i)); i++) {
    if (d->parent_id != 0 && ts_detection_find (meta, d->parent_id) < 0)
      return TRUE;
  }
  return FALSE;
}

/* FALSE if no meta on @buffer has a detection of this @id. */
static gboolean
find_on (GstBuffer * buffer, guint id, GstTorchscriptDetection * mirror)
{
  GstTorchscriptDetectionMeta *meta;
  gpointer state = NULL;

  while ((meta = (GstTorchscriptDetectionMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL) {
    gint i = ts_detection_find (meta, id);

    if (i >= 0) {
      *mirror = ts_detection_to_mirror
          (gst_torchscript_detection_meta_get_detection (meta, i), meta);
      return TRUE;
    }
  }
  return FALSE;
}

static gfloat
get_distance (const GstTorchscriptDetection * a,
    const GstTorchscriptDetection * b)
{
  return fabsf (a->x1 - b->x1) + fabsf (a->y1 - b->y1)
      + fabsf (a->x2 - b->x2) + fabsf (a->y2 - b->y2);
}

gint
ts_detection_find_mirror (GstBuffer * buffer, guint id, const GArray * mirrors)
{
  GstTorchscriptDetection wanted;
  gfloat least = G_MAXFLOAT;
  gint nearest = -1;

  if (!find_on (buffer, id, &wanted))
    return -1;
  for (guint i = 0; i < mirrors->len; i++) {
    const GstTorchscriptDetection *mirror =
        &g_array_index (mirrors, GstTorchscriptDetection, i);
    gfloat distance = get_distance (&wanted, mirror);

    if (distance < least && ts_detection_is_mirror (&wanted, mirror)) {
      least = distance;
      nearest = (gint) i;
    }
  }
  return nearest;
}

GArray *
ts_detection_read_parents (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta,
    void (*read) (GstBuffer * buffer, GArray * detections))
{
  GArray *found;

  if (!has_outer_parent (meta))
    return NULL;
  found = g_array_new (FALSE, FALSE, sizeof (GstTorchscriptDetection));
  read (buffer, found);
  return found;
}

gint
ts_detection_find_parent (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, guint parent_id, const gint * ids,
    const GArray * parents)
{
  gint i = ts_detection_find (meta, parent_id);

  if (i >= 0)
    return ids != NULL ? ids[i] : (gint) parent_id;
  i = parents != NULL ? ts_detection_find_mirror (buffer, parent_id, parents) :
      -1;
  return i < 0 ? -1 :
      (gint) g_array_index (parents, GstTorchscriptDetection, i).id;
}
