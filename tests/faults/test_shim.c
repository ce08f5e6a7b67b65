/* test_shim.c - memory that libtorch does not get, while it loads and while it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The shim must answer that memory has run out, whichever of the many requests it was
 * that failed, and then work again.
 */
#include <string.h>

#include "faultlib.h"
#include "faultreport.h"
#include "shimtest.h"

#define EDGE 64

typedef struct
{
  const TsShimApi *api;
  TsShimLoadOptions options;
  TsShimModule *module;         /* NULL: each try loads one */
  gfloat *pixels;
  gfloat expected;              /* of the answer's numbers, the sum */
} Target;

static gfloat
sum (const TsShimApi * api, const TsShimValue * value)
{
  const TsShimTensor *tensor = api->value_tensor (value);
  gfloat total = 0;
  gint64 n = 1;

  for (gint i = 0; i < tensor->n_dims; i++)
    n *= tensor->shape[i];
  for (gint64 i = 0; i < n; i++)
    total += ((const gfloat *) tensor->data)[i];
  return total;
}

static TsShimStatus
run (Target * self, TsShimModule * module, gfloat * total, gchar * text,
    gsize size)
{
  const TsShimTensor input =
      { self->pixels, TS_SHIM_FLOAT32, 4, {1, 3, EDGE, EDGE} };
  TsShimValue *value = NULL;
  TsShimStatus status = self->api->run (module, &input, 1, &value, text, size);

  *total = status == TS_SHIM_OK ? sum (self->api, value) : 0;
  self->api->value_free (value);
  return status;
}

/* What is armed fails within the load, or within the run. */
static TsShimStatus
work (Target * self, gfloat * total, gchar * text, gsize size)
{
  TsShimModule *module = self->module;
  TsShimStatus status = TS_SHIM_OK;

  if (!self->module)
    status = self->api->load (&self->options, &module, text, size);
  if (status == TS_SHIM_OK)
    status = run (self, module, total, text, size);
  if (!self->module && module)
    self->api->module_free (module);
  return status;
}

/* FALSE: nothing has failed, so there are no more requests. */
static gboolean
try_once (Target * self, FaultKind kind, glong number, FaultReport * report)
{
  gchar text[4096] = "";
  gfloat total = 0;
  TsShimStatus status;
  glong failures;

  fault_arm (kind, number, FALSE, 0);
  status = work (self, &total, text, sizeof text);
  failures = fault_disarm ();
  report->tries++;
  report->failures += failures;
  /* A request that libtorch can do without is no error. */
  if (status == TS_SHIM_OK)
    report->lost += total != self->expected;
  else if (status != TS_SHIM_ERROR_MEMORY || !*text)
    g_error ("request %ld: status %d: %s", number, status, text);
  g_assert_true (failures > 0 || status == TS_SHIM_OK);
  return failures > 0;
}

static void
test (gconstpointer data)
{
  Target *self = (Target *) data;
  glong step = self->module ? 1 : 101;
  FaultReport report = { self->module ?
        "no memory for each request of a forward pass of libtorch" :
        "no memory for one request in a hundred of loading into libtorch",
    "the shim answers that memory ran out, and the next try works"
  };

  for (glong number = 0; try_once (self, FAULT_NEW, number, &report);
      number += step);
  for (glong number = 0; try_once (self, FAULT_MEMORY, number, &report);
      number += step);
  fault_report (&report);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *path = shim_test_path ("boxes_raw.pt");
  Target load = { NULL };
  Target forward = { NULL };
  gchar text[4096] = "";

  g_test_init (&argc, &argv, NULL);
  fault_watch (300);
  load.api = shim_test_api ();
  load.pixels = g_new0 (gfloat, 3 * EDGE * EDGE);
  load.options = (TsShimLoadOptions) {
  .path = path,.device = "cpu",.threads = 1};
  g_assert_cmpint (work (&load, &load.expected, text, sizeof text), ==,
      TS_SHIM_OK);
  forward = load;
  g_assert_cmpint (load.api->load (&load.options, &forward.module, text,
          sizeof text), ==, TS_SHIM_OK);
  g_test_add_data_func ("/faults/shim/load", &load, test);
  g_test_add_data_func ("/faults/shim/run", &forward, test);
  return g_test_run ();
}
