/* inferstats.c - the numbers of a torchscriptinfer as a GstStructure
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inferstats.h"

#include "../runtime/tsregistry.h"
#include "inferfallback.h"

static void
set_structure (GstStructure * parent, const gchar * field,
    GstStructure * structure)
{
  gst_structure_set (parent, field, GST_TYPE_STRUCTURE, structure, NULL);
  gst_structure_free (structure);
}

static void
set_times (GstStructure * parent, const gchar * field,
    const TsHistogram * times)
{
  set_structure (parent, field, gst_structure_new (field,
          "n", G_TYPE_UINT64, times->n,
          "mean", G_TYPE_UINT64, (guint64) ts_histogram_get_mean (times),
          "p50", G_TYPE_UINT64, (guint64)
          ts_histogram_get_percentile (times, 0.5),
          "p95", G_TYPE_UINT64, (guint64)
          ts_histogram_get_percentile (times, 0.95),
          "p99", G_TYPE_UINT64, (guint64)
          ts_histogram_get_percentile (times, 0.99), NULL));
}

/* Only the sizes that there were: "1", "4". */
static void
set_batches (GstStructure * parent, const guint64 * batches)
{
  GstStructure *sizes = gst_structure_new_empty ("batch-sizes");
  guint i;

  for (i = 1; i <= TS_STATS_MAX_BATCH; i++) {
    g_autofree gchar *size = g_strdup_printf ("%u", i);

    if (batches[i] > 0)
      gst_structure_set (sizes, size, G_TYPE_UINT64, batches[i], NULL);
  }
  set_structure (parent, "batch-sizes", sizes);
}

static void
set_use (GstStructure * parent, const TsDetector * detector)
{
  TsModelUse use;

  ts_detector_get_use (detector, &use);
  gst_structure_set (parent,
      "precision", G_TYPE_STRING, ts_dtype_name (use.precision),
      "threads", G_TYPE_INT, use.threads,
      "weight-bytes", G_TYPE_INT64, use.weight_bytes, NULL);
  if (use.device_bytes >= 0)
    gst_structure_set (parent, "device-bytes", G_TYPE_INT64, use.device_bytes,
        NULL);
}

static void
set_model (GstStructure * parent, TsInferModel * model)
{
  const TsDetector *detector = ts_infer_model_get_detector (model);

  gst_structure_set (parent,
      "model", G_TYPE_STRING, ts_detector_get_name (detector),
      "model-number", G_TYPE_UINT, model->number,
      "device", G_TYPE_STRING, ts_detector_get_device (detector),
      "resting", G_TYPE_BOOLEAN, model->fallback != NULL
      && ts_infer_fallback_rests (model->fallback),
      "runtime", G_TYPE_STRING, ts_detector_get_runtime (detector),
      "users", G_TYPE_UINT, ts_registry_get_n_users (model->instance),
      "lanes", G_TYPE_UINT, ts_instance_get_n_lanes (model->instance),
      "waiting", G_TYPE_UINT, ts_instance_get_n_waiting (model->instance),
      NULL);
  set_use (parent, detector);
}

GstStructure *
ts_infer_stats_to_structure (TsStats * stats, TsInferModel * model,
    guint n_inside)
{
  GstStructure *structure = gst_structure_new ("torchscript-stats",
      "queued", G_TYPE_UINT, n_inside, NULL);
  g_autofree TsStatsNumbers *numbers = g_new (TsStatsNumbers, 1);
  guint i;

  ts_stats_get (stats, numbers);
  for (i = 0; i < TS_N_COUNTS; i++)
    gst_structure_set (structure, ts_count_name (i), G_TYPE_UINT64,
        numbers->counts[i], NULL);
  for (i = 0; i < TS_N_STAGES; i++)
    set_times (structure, ts_stage_name (i), &numbers->stages[i]);
  set_times (structure, "latency", &numbers->latency);
  set_batches (structure, numbers->batches);
  if (model != NULL)
    set_model (structure, model);
  return structure;
}
