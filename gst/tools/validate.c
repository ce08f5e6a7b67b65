/* validate.c - loads a model and tries it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <sys/resource.h>

#include "info.h"
#include "mlpkg.h"
#include "tsdescribe.h"
#include "tsdetector.h"
#include "tserror.h"
#include "tsselftest.h"

static gchar *device, *decoder, *labels, *method, *weights, *op_libs;

static const GOptionEntry entries[] = {
  {"device", 0, 0, G_OPTION_ARG_STRING, &device, "Where to run it", "DEVICE"},
  {"decoder", 0, 0, G_OPTION_ARG_STRING, &decoder, "In place of the package's",
      "ID"},
  {"labels", 0, 0, G_OPTION_ARG_FILENAME, &labels, "Class names, one a line",
      "FILE"},
  {"method", 0, 0, G_OPTION_ARG_STRING, &method, "In place of forward",
      "METHOD"},
  {"weights", 0, 0, G_OPTION_ARG_FILENAME, &weights, "In place of its own",
      "FILE.safetensors"},
  {"custom-op-libs", 0, 0, G_OPTION_ARG_STRING, &op_libs,
      "Libraries of operators, separated by commas", "FILES"},
  {NULL}
};

static gboolean
describe (const TsModelSpec * spec, JsonObject * report, GError ** error)
{
  JsonObject *module = ts_describe_file (spec->path, method, op_libs, error);

  if (module)
    json_object_set_object_member (report, "module", module);
  return module != NULL;
}

static void
add_run (TsDetector * detector, JsonObject * report)
{
  JsonObject *run = json_object_new ();
  struct rusage usage;

  json_object_set_string_member (run, "runtime",
      ts_detector_get_runtime (detector));
  json_object_set_string_member (run, "device",
      ts_detector_get_device (detector));
  if (ts_detector_get_size_note (detector))
    json_object_set_string_member (run, "input_size",
        ts_detector_get_size_note (detector));
  if (getrusage (RUSAGE_SELF, &usage) == 0)
    json_object_set_int_member (run, "peak_memory_bytes",
        (gint64) usage.ru_maxrss * 1024);
  json_object_set_object_member (report, "run", run);
}

/* Opens the model as an element would, with its self-test, and runs it once. */
static gboolean
try (const TsModelSpec * spec, const gchar * path, JsonObject * report,
    GError ** error)
{
  TsDetectorOptions options = {
    .model = path,
    .device = device,
    .decoder = decoder,
    .labels = labels,
    .method = method,
    .weights = weights,
    .op_libs = op_libs,
    /* Other weights give another answer. */
    .self_test = !weights && ts_self_test_is_there (spec),
  };
  g_autoptr (TsDetector) detector = ts_detector_open (&options, error);

  if (!detector || !ts_detector_warm_up (detector, spec->size.width,
          spec->size.height, 1, error))
    return FALSE;
  json_object_set_string_member (report, "self_test_result",
      options.self_test ? "passed" : "not run");
  add_run (detector, report);
  return TRUE;
}

static gboolean
run (gchar ** arguments, JsonObject * report, GError ** error)
{
  g_autoptr (TsModelSpec) spec = ts_model_spec_read (arguments[0], error);

  if (!spec || !info_fill (spec, arguments[0], report, error)
      || !describe (spec, report, error))
    return FALSE;
  if (spec->decoder || decoder)
    return try (spec, arguments[0], report, error);
  json_object_set_string_member (report, "self_test_result", "not run");
  json_object_set_string_member (report, "note", "not run, as no decoder is "
      "named; give --decoder");
  return TRUE;
}

const MlpkgCommand mlpkg_validate = {
  "validate", "MODEL", 1,
  "Checks a model: its files, its module, its self-test",
  entries, run
};
