/* analyticsmirror.c - answers as GstAnalytics knows them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "analyticsmirror.h"

#include <gst/analytics/analytics.h>

#include "detectionmirror.h"

/* More than an ODMtd or a ClsMtd of one class takes. */
#define MTD_BYTES 64
/* Of a detection: its place, its class, its track. */
#define MTDS_EACH 3

gboolean
ts_analytics_is_built (void)
{
  return TRUE;
}

/* Its table of relations grows by a few at a time and is copied each time, so
 * room is made for all at once. */
static GstAnalyticsRelationMeta *
add_relations (GstBuffer * buffer, guint n_mtds)
{
  const GstAnalyticsRelationMetaInitParams params = {
    n_mtds, (gsize) n_mtds * MTD_BYTES
  };
  GstAnalyticsRelationMeta *there =
      gst_buffer_get_analytics_relation_meta (buffer);

  if (there != NULL)
    return there;
  return gst_buffer_add_analytics_relation_meta_full (buffer,
      (GstAnalyticsRelationMetaInitParams *) & params);
}

static void
relate (GstAnalyticsRelationMeta * relations, GstAnalyticsRelTypes how,
    guint first, guint second)
{
  if (!gst_analytics_relation_meta_set_relation (relations, how, first, second))
    GST_WARNING ("cannot relate GstAnalytics' %u to %u", first, second);
}

static void
add_track (GstAnalyticsRelationMeta * relations, guint object_id,
    guint track_id, GstClockTime seen, const TsTracker * tracker)
{
  GstAnalyticsTrackingMtd track;
  guint64 first_seen = seen;

  if (tracker != NULL)
    ts_tracker_get_first_seen (tracker, track_id, &first_seen);
  if (!gst_analytics_relation_meta_add_tracking_mtd (relations, track_id,
          first_seen, &track))
    return;
  gst_analytics_tracking_mtd_update_last_seen (&track, seen);
  relate (relations, GST_ANALYTICS_REL_TYPE_RELATE_TO, object_id, track.id);
}

static gint
add_object (GstAnalyticsRelationMeta * relations,
    const GstTorchscriptDetection * d, guint frame_width, guint frame_height)
{
  TsPixelBox box = ts_detection_get_pixel_box (d, frame_width, frame_height);
  GQuark type = ts_class_get_quark (d->class_id, d->label);
  GstAnalyticsODMtd object = { 0, NULL };
  GstAnalyticsClsMtd class;

  gst_analytics_relation_meta_add_od_mtd (relations, type, box.x, box.y,
      box.width, box.height, d->score, &object);
  if (gst_analytics_relation_meta_add_one_cls_mtd (relations, d->score, type,
          &class))
    relate (relations, GST_ANALYTICS_REL_TYPE_RELATE_TO, object.id, class.id);
  return (gint) object.id;
}

static void
relate_parents (GstAnalyticsRelationMeta * relations, GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const gint * ids,
    const GArray * parents)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);

  for (i = 0; i < n; i++) {
    gint parent = ts_detection_find_parent (buffer, meta,
        gst_torchscript_detection_meta_get_detection (meta, i)->parent_id, ids,
        parents);

    if (parent < 0)
      continue;
    relate (relations, GST_ANALYTICS_REL_TYPE_IS_PART_OF, ids[i], parent);
    relate (relations, GST_ANALYTICS_REL_TYPE_CONTAIN, parent, ids[i]);
  }
}

gboolean
ts_analytics_mirror_detections (GstBuffer * buffer,
    const GstTorchscriptDetectionMeta * meta, const TsTracker * tracker,
    gint * ids)
{
  guint i, n = gst_torchscript_detection_meta_get_n_detections (meta);
  g_autoptr (GArray) parents = ts_detection_read_parents (buffer, meta,
      ts_analytics_read_objects);
  GstAnalyticsRelationMeta *relations;

  if (n == 0)
    return FALSE;
  relations = add_relations (buffer, MTDS_EACH * n);
  for (i = 0; i < n; i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);

    ids[i] = add_object (relations, d, meta->frame_width, meta->frame_height);
    if (d->track_id > 0)
      add_track (relations, ids[i], d->track_id, GST_BUFFER_PTS (buffer),
          tracker);
  }
  relate_parents (relations, buffer, meta, ids, parents);
  return TRUE;
}

/* To the object of its parent, if there is one. */
static void
relate_classes (GstAnalyticsRelationMeta * relations, GstBuffer * buffer,
    guint parent_id, guint classes_id)
{
  g_autoptr (GArray) objects = g_array_new (FALSE, FALSE,
      sizeof (GstTorchscriptDetection));
  gint at;

  ts_analytics_read_objects (buffer, objects);
  at = ts_detection_find_mirror (buffer, parent_id, objects);
  if (at >= 0)
    relate (relations, GST_ANALYTICS_REL_TYPE_RELATE_TO,
        g_array_index (objects, GstTorchscriptDetection, at).id, classes_id);
}

void
ts_analytics_mirror_classes (GstBuffer * buffer,
    const GstTorchscriptClassificationMeta * meta)
{
  guint i, n = gst_torchscript_classification_meta_get_n_classes (meta);
  g_autofree gfloat *scores = g_new (gfloat, n);
  g_autofree GQuark *quarks = g_new (GQuark, n);
  GstAnalyticsRelationMeta *relations;
  GstAnalyticsClsMtd classes;

  if (n == 0)
    return;
  for (i = 0; i < n; i++) {
    const GstTorchscriptClassification *c =
        gst_torchscript_classification_meta_get_class (meta, i);

    scores[i] = c->score;
    quarks[i] = ts_class_get_quark (c->class_id, c->label);
  }
  relations = add_relations (buffer, 1);
  if (gst_analytics_relation_meta_add_cls_mtd (relations, n, scores, quarks,
          &classes) && meta->parent_id != 0)
    relate_classes (relations, buffer, meta->parent_id, classes.id);
}

/* The object's type, or else the best of the classes it is related to. */
static GQuark
get_object_quark (GstAnalyticsRelationMeta * relations,
    const GstAnalyticsODMtd * object)
{
  GQuark quark = gst_analytics_od_mtd_get_obj_type (object);
  GstAnalyticsClsMtd classes;
  gfloat best = -G_MAXFLOAT;

  if (quark != 0 || !gst_analytics_relation_meta_get_direct_related (relations,
          object->id, GST_ANALYTICS_REL_TYPE_ANY,
          gst_analytics_cls_mtd_get_mtd_type (), NULL, &classes))
    return quark;
  for (gsize i = 0; i < gst_analytics_cls_mtd_get_length (&classes); i++) {
    gfloat level = gst_analytics_cls_mtd_get_level (&classes, i);

    if (level > best) {
      best = level;
      quark = gst_analytics_cls_mtd_get_quark (&classes, i);
    }
  }
  return quark;
}

/* Tracks are counted from 0 there; here 0 says that there is none. */
static guint
get_track_id (GstAnalyticsRelationMeta * relations,
    const GstAnalyticsODMtd * object)
{
  GstAnalyticsTrackingMtd track;
  GstClockTime first_seen, last_seen;
  gboolean lost;
  guint64 id;

  if (!gst_analytics_relation_meta_get_direct_related (relations, object->id,
          GST_ANALYTICS_REL_TYPE_ANY,
          gst_analytics_tracking_mtd_get_mtd_type (), NULL, &track)
      || !gst_analytics_tracking_mtd_get_info (&track, &id, &first_seen,
          &last_seen, &lost))
    return 0;
  return (guint) (id % G_MAXUINT) + 1;
}

void
ts_analytics_read_objects (GstBuffer * buffer, GArray * detections)
{
  GstAnalyticsRelationMeta *relations =
      gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsODMtd object;
  gpointer state = NULL;

  while (relations != NULL && gst_analytics_relation_meta_iterate (relations,
          &state, gst_analytics_od_mtd_get_mtd_type (), &object)) {
    GQuark quark = get_object_quark (relations, &object);
    gint x, y, width, height;
    gfloat score;

    if (gst_analytics_od_mtd_get_location (&object, &x, &y, &width, &height,
            &score)) {
      GstTorchscriptDetection d = { x, y, x + width, y + height, score, -1,
        g_intern_string (g_quark_to_string (quark)), object.id
      };

      d.track_id = get_track_id (relations, &object);

      g_array_append_val (detections, d);
    }
  }
}
