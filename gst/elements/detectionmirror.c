/* detectionmirror.c - what all mirrors of a detection have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "detectionmirror.h"

#include <math.h>

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
