/* bench.c - how long a frame takes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>

#include "mlpkg.h"
#include "report.h"
#include "tsdetector.h"
#include "tserror.h"

#define DEFAULT_RUNS 20
#define DEFAULT_WARM_UP 3
#define MAX_EDGE 16384

static gchar *device, *decoder, *method, *weights, *op_libs;
static gchar *tune, *precision;
static gboolean isolated;
static gint threads, runs = DEFAULT_RUNS, warm_up = DEFAULT_WARM_UP;
static gint width = 1280, height = 720;

static const GOptionEntry entries[] = {
  {"runs", 'n', 0, G_OPTION_ARG_INT, &runs, "Frames to measure (20)", "N"},
  {"warm-up", 0, 0, G_OPTION_ARG_INT, &warm_up, "Frames before these (3)", "N"},
  {"width", 0, 0, G_OPTION_ARG_INT, &width, "Of a frame (1280)", "PIXELS"},
  {"height", 0, 0, G_OPTION_ARG_INT, &height, "Of a frame (720)", "PIXELS"},
  {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "CPU threads (0: one a core)",
      "N"},
  {"device", 0, 0, G_OPTION_ARG_STRING, &device, "Where to run it", "DEVICE"},
  {"decoder", 0, 0, G_OPTION_ARG_STRING, &decoder, "In place of the package's",
      "ID"},
  {"method", 0, 0, G_OPTION_ARG_STRING, &method, "In place of forward",
      "METHOD"},
  {"weights", 0, 0, G_OPTION_ARG_FILENAME, &weights, "In place of its own",
      "FILE.safetensors"},
  {"tune", 0, 0, G_OPTION_ARG_STRING, &tune, "auto, off or full (auto)",
      "MODE"},
  {"precision", 0, 0, G_OPTION_ARG_STRING, &precision,
      "auto, fp32, bf16 or fp16 (auto)", "TYPE"},
  {"isolated", 0, 0, G_OPTION_ARG_NONE, &isolated,
      "Run the model in a process of its own", NULL},
  {"custom-op-libs", 0, 0, G_OPTION_ARG_STRING, &op_libs,
      "Libraries of operators, separated by commas", "FILES"},
  {NULL}
};

static gboolean
check_number (const gchar * option, gint value, gint min, gint max,
    GError ** error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "--%s is %d, expected %d to %d", option, value, min, max);
  return FALSE;
}

/* The place of @value among @names. */
static gboolean
check_choice (const gchar * option, const gchar * value,
    const gchar * const *names, guint * choice, GError ** error)
{
  g_autofree gchar *all = g_strjoinv (", ", (gchar **) names);

  for (*choice = 0; names[*choice]; (*choice)++)
    if (g_str_equal (names[*choice], value ? value : "auto"))
      return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "--%s is %s, expected one of %s", option, value, all);
  return FALSE;
}

static gboolean
check_speed (TsDetectorOptions * options, GError ** error)
{
  static const gchar *const modes[] = { "off", "auto", "full", NULL };
  static const gchar *const types[] = { "auto", "fp32", "bf16", "fp16", NULL };
  guint mode = 0, type = 0;

  if (!check_choice ("tune", tune, modes, &mode, error)
      || !check_choice ("precision", precision, types, &type, error))
    return FALSE;
  options->tune = (TsTuneMode) mode;
  options->precision = (TsPrecision) type;
  return TRUE;
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

/* Milliseconds of each frame, in rising order. */
static GArray *
measure (TsDetector * detector, GError ** error)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gdouble));

  for (gint i = 0; i < runs; i++) {
    gint64 start = g_get_monotonic_time ();
    gdouble time;

    if (!ts_detector_warm_up (detector, width, height, 1, error))
      return NULL;
    time = (g_get_monotonic_time () - start) / 1000.;
    g_array_append_val (times, time);
  }
  g_array_sort (times, compare_times);
  return g_steal_pointer (&times);
}

static void
add_times (JsonObject * report, GArray * times)
{
  const gdouble *sorted = (const gdouble *) times->data;
  gdouble sum = 0.;

  for (guint i = 0; i < times->len; i++)
    sum += sorted[i];
  report_add_number (report, "mean_ms", sum / times->len, 3);
  report_add_number (report, "median_ms", sorted[times->len / 2], 3);
  report_add_number (report, "min_ms", sorted[0], 3);
  report_add_number (report, "max_ms", sorted[times->len - 1], 3);
  report_add_number (report, "frames_per_second",
      1000. * times->len / fmax (sum, 1e-3), 3);
}

static gboolean
run (gchar ** arguments, JsonObject * report, GError ** error)
{
  TsDetectorOptions options = {
    .model = arguments[0],
    .device = device,
    .decoder = decoder,
    .method = method,
    .threads = threads,
    .weights = weights,
    .op_libs = op_libs,
    .safety = {.isolated = isolated},
  };
  g_autoptr (TsDetector) detector = NULL;
  g_autoptr (GArray) times = NULL;

  if (!check_number ("runs", runs, 1, 100000, error)
      || !check_number ("warm-up", warm_up, 0, 100000, error)
      || !check_number ("width", width, 1, MAX_EDGE, error)
      || !check_number ("height", height, 1, MAX_EDGE, error)
      || !check_number ("threads", threads, 0, 1024, error)
      || !check_speed (&options, error))
    return FALSE;
  detector = ts_detector_open (&options, error);
  if (!detector || !ts_detector_warm_up (detector, width, height, warm_up,
          error))
    return FALSE;
  times = measure (detector, error);
  if (!times)
    return FALSE;
  json_object_set_string_member (report, "model", arguments[0]);
  json_object_set_string_member (report, "runtime",
      ts_detector_get_runtime (detector));
  json_object_set_string_member (report, "device",
      ts_detector_get_device (detector));
  if (ts_detector_get_tune_note (detector))
    json_object_set_string_member (report, "tuning",
        ts_detector_get_tune_note (detector));
  json_object_set_int_member (report, "frames", runs);
  add_times (report, times);
  return TRUE;
}

const MlpkgCommand mlpkg_bench = {
  "bench", "MODEL", 1, "Measures how long a grey frame takes",
  entries, run
};
