/* tsregions.c - the detections on a frame as the regions of a document's page
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsregions.h"

#define NO_REGION G_MAXUINT

/* Whatever has no order is behind all that has, as the model gave it. */
static guint
key (const TsRegion * region)
{
  return region->detection->order > 0 ? region->detection->order : G_MAXUINT;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const TsRegion *p = *(TsRegion * const *) a, *q = *(TsRegion * const *) b;

  if (key (p) != key (q))
    return key (p) < key (q) ? -1 : 1;
  return (p > q) - (p < q);
}

/* Puts the regions of one model in order, with their relations. */
static void
sort_regions (TsRegion * regions, guint n, guint first)
{
  g_autofree TsRegion *unsorted = g_memdup2 (regions, n * sizeof *regions);
  g_autofree TsRegion **sorted = g_new (TsRegion *, n);
  g_autofree guint *place = g_new (guint, n);

  for (guint i = 0; i < n; i++)
    sorted[i] = &unsorted[i];
  qsort (sorted, n, sizeof *sorted, compare);
  for (guint i = 0; i < n; i++)
    place[sorted[i] - unsorted] = i;
  for (guint i = 0; i < n; i++) {
    regions[i] = *sorted[i];
    regions[i].related = first + place[regions[i].related];
  }
}

/* What belongs to nothing else belongs to itself; chains are cut. */
static guint
related_index (const GstTorchscriptDetectionMeta * meta, guint i)
{
  const GstTorchscriptDetection *d =
      gst_torchscript_detection_meta_get_detection (meta, i), *host;

  if (d->relation == GST_TORCHSCRIPT_RELATION_NONE)
    return i;
  for (guint k = 0; k < gst_torchscript_detection_meta_get_n_detections (meta);
      k++) {
    host = gst_torchscript_detection_meta_get_detection (meta, k);
    if (host->id == d->parent_id
        && host->relation == GST_TORCHSCRIPT_RELATION_NONE)
      return k;
  }
  return i;
}

/* The place of each detection among those that are regions of the page, and their
 * number. */
static guint *
number_regions (const GstTorchscriptDetectionMeta * meta, guint * n_regions)
{
  guint n = gst_torchscript_detection_meta_get_n_detections (meta);
  guint *numbers = g_new (guint, n);

  *n_regions = 0;
  for (guint i = 0; i < n; i++)
    numbers[i] = gst_torchscript_detection_is_part
        (gst_torchscript_detection_meta_get_detection (meta, i)) ? NO_REGION :
        (*n_regions)++;
  return numbers;
}

static void
add_regions (GArray * regions, const GstTorchscriptDetectionMeta * meta)
{
  guint first = regions->len, n;
  g_autofree guint *numbers = number_regions (meta, &n);
  const GstTorchscriptDetection *d;

  for (guint i = 0;
      (d = gst_torchscript_detection_meta_get_detection (meta, i)); i++) {
    guint related = numbers[related_index (meta, i)];
    TsRegion region = { d, ts_role_from_label (d->label),
      related != NO_REGION ? related : numbers[i]
    };

    if (numbers[i] != NO_REGION)
      g_array_append_val (regions, region);
  }
  if (n > 0)
    sort_regions (&g_array_index (regions, TsRegion, first), n, first);
}

GArray *
ts_regions_new (GstBuffer * buffer, guint * width, guint * height)
{
  gpointer state = NULL;
  GstTorchscriptDetectionMeta *meta;
  GArray *regions = NULL;

  while ((meta = (GstTorchscriptDetectionMeta *)
          gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_TORCHSCRIPT_DETECTION_META_API_TYPE)) != NULL) {
    if (regions == NULL)
      regions = g_array_new (FALSE, FALSE, sizeof (TsRegion));
    *width = meta->frame_width;
    *height = meta->frame_height;
    add_regions (regions, meta);
  }
  return regions;
}

gchar *
ts_regions_image_name (const TsRecord * record)
{
  if (record->source != NULL)
    return g_path_get_basename (record->source);
  return g_strdup_printf ("page-%u", record->page);
}
