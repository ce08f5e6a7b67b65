/* inferregions.h - the detections on a frame that torchscriptinfer looks at
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/video/video.h>

#include "objectsource.h"
#include "tsroi.h"

G_BEGIN_DECLS

typedef struct
{
  GstTorchscriptDetection parent;       /* the detection */
  gboolean is_foreign;          /* no meta of ours has it */
  TsRoi area;                   /* what the model sees of the frame */
} TsInferRegion;

/* Finds them; belongs to the streaming thread. */
typedef struct
{
  gchar *classes;
  gchar **filter;               /* of them */
  TsObjects objects;            /* for use inside */
} TsInferRegions;

void ts_infer_regions_init (TsInferRegions * self);
void ts_infer_regions_clear (TsInferRegions * self);

/* As the property names them; NULL and "": all. */
void ts_infer_regions_set_classes (TsInferRegions * self,
    const gchar * classes);

/* Appends a TsInferRegion to @regions for each detection on @buffer, ours first, that is
 * of these classes and has a part in @within: grown by @margin pixels on each side and
 * to whole pixels and chroma samples, as far as @within goes. */
void ts_infer_regions_find (TsInferRegions * self, GstBuffer * buffer,
    const GstVideoInfo * info, const TsRoi * within, guint margin,
    GArray * regions);

/* Attaches those of others as detections of ours to the writable @buffer, so that all
 * have an id that results can name. */
void ts_infer_regions_adopt (GArray * regions, const GstVideoInfo * info,
    guint64 result_number, GstBuffer * buffer);

/* The id of that detection among @regions which is the same object as the one of @last
 * whose id is @id: by the number of a tracker, or by class and place; 0: none is. */
guint ts_infer_regions_follow (const GArray * regions, const GArray * last,
    guint id);

G_END_DECLS
