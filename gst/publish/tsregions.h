/* tsregions.h - the detections on a frame as the regions of a document's page
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "torchscript.h"
#include "tsblock.h"
#include "tsformat.h"

G_BEGIN_DECLS

/* A detection.  Related regions stand in the same array. */
typedef struct
{
  const GstTorchscriptDetection *detection;
  TsRole role;
  guint related;                /* index of the region; itself if there is none */
} TsRegion;

/* The regions of all models that answered, those with an order first and in
 * order, without what a second model found in one of them; NULL if no model has answered.  Gives the size of the page. */
GArray *ts_regions_new (GstBuffer * buffer, guint * width, guint * height);

/* The name of the page's image: the file of the source, or a made-up one. */
gchar *ts_regions_image_name (const TsRecord * record);

G_END_DECLS
