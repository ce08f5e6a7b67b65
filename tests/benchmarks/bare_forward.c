/* bare_forward.c - the module alone, in the fastest form that the shim has
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: bare_forward SHIM MODEL.pt WIDTH HEIGHT fp32|bf16 fastest|plain|together
 * With "plain" the module is loaded, without a look at its operators, frozen and run
 * once, and nothing else: what a start costs at least.  With "together" each core runs a
 * forward pass of its own.  See lines.h.
 */
#include <dlfcn.h>
#include <string.h>

#include "lines.h"
#include "torchscript_shim.h"

#define RUNS 4

typedef struct
{
  const TsShimApi *api;
  TsShimModule *module;
  TsShimTensor input;
  gint n_left;                  /* atomic */
} Bare;

static gchar text[4096];

static void
check (TsShimStatus status)
{
  if (status == TS_SHIM_OK)
    return;
  fprintf (stderr, "%s\n", text);
  exit (1);
}

static gdouble
run (gpointer user)
{
  Bare *self = user;
  gint64 start = g_get_monotonic_time ();
  TsShimValue *value = NULL;

  check (self->api->run (self->module, &self->input, 1, &value, text,
          sizeof text));
  self->api->value_free (value);
  return (g_get_monotonic_time () - start) / 1000.;
}

static gdouble
measure (Bare * self)
{
  gdouble best = G_MAXDOUBLE;

  run (self);
  for (guint i = 0; i < RUNS; i++)
    best = MIN (best, run (self));
  return best;
}

static const gchar *
take_fastest (Bare * self, TsShimDtype precision)
{
  static const struct
  {
    const gchar *name;
    TsShimVariant variant;
  } forms[] = {
    {"frozen", {1}}, {"channels_last", {1, 1}}, {"packed", {1, 1, 1}},
    {"blocked", {.frozen = 1,.blocked = 1}}, {"optimized", {.frozen =
                1,.optimized = 1}}, {"as loaded", {0}}
  };
  gdouble best_ms = G_MAXDOUBLE;
  TsShimVariant best = { 1 };
  const gchar *name = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++) {
    TsShimVariant variant = forms[i].variant;
    gdouble ms;

    variant.precision = variant.frozen ? precision : TS_SHIM_FLOAT32;
    if (self->api->prepare (self->module, &variant, text, sizeof text)
        != TS_SHIM_OK || (ms = measure (self)) >= best_ms)
      continue;
    best_ms = ms;
    best = variant;
    name = forms[i].name;
  }
  check (self->api->prepare (self->module, &best, text, sizeof text));
  self->api->settle (self->module);
  run (self);
  return name;
}

static gpointer
run_some (gpointer user)
{
  Bare *self = user;

  while (g_atomic_int_add (&self->n_left, -1) > 0)
    run (self);
  return NULL;
}

static void
run_together (gpointer user, gint n)
{
  Bare *self = user;
  guint n_threads = g_get_num_processors ();
  g_autofree GThread **threads = g_new (GThread *, n_threads);

  self->n_left = n;
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("run", run_some, self);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
}

static void
open_shim (Bare * self, const gchar * path)
{
  void *shim = dlopen (path, RTLD_NOW);
  TsShimApiFunc get_api = shim ?
      (TsShimApiFunc) dlsym (shim, TS_SHIM_SYMBOL) : NULL;

  if (!get_api) {
    fprintf (stderr, "%s\n", dlerror ());
    exit (1);
  }
  self->api = get_api (TS_SHIM_ABI_VERSION);
}

static void
make_input (Bare * self, gint width, gint height)
{
  gsize n = (gsize) 3 * width * height;
  gfloat *data = g_new (gfloat, n);

  for (gsize i = 0; i < n; i++)
    data[i] = ((guint32) i * 2654435761u >> 24) / 255.f;
  self->input = (TsShimTensor) {
    data, TS_SHIM_FLOAT32, 4, {
    1, 3, height, width}
  };
}

int
main (int argc, char **argv)
{
  gboolean plain = argc > 6 && g_str_equal (argv[6], "plain");
  gboolean together = argc > 6 && g_str_equal (argv[6], "together");
  gint64 start = g_get_monotonic_time ();
  TsShimLoadOptions options = {.device = "cpu",.tunable = !plain,
    .unsafe_operators = plain
  };
  const gchar *form = "frozen";
  Bare self;
  gdouble start_ms;

  if (argc != 7) {
    fprintf (stderr, "usage: %s SHIM MODEL.pt WIDTH HEIGHT fp32|bf16 "
        "fastest|plain|together\n", argv[0]);
    return 2;
  }
  g_setenv ("GOMP_SPINCOUNT", "0", FALSE);
  g_setenv ("OPENBLAS_THREAD_TIMEOUT", "18", FALSE);
  options.path = argv[2];
  options.threads = together ? 1 : 0;
  make_input (&self, atoi (argv[3]), atoi (argv[4]));
  start = g_get_monotonic_time ();
  open_shim (&self, argv[1]);
  check (self.api->load (&options, &self.module, text, sizeof text));
  run (&self);
  start_ms = (g_get_monotonic_time () - start) / 1000.;
  if (!plain)
    form = take_fastest (&self, g_str_equal (argv[5], "bf16") ?
        TS_SHIM_BFLOAT16 : TS_SHIM_FLOAT32);
  printf ("{\"start_ms\": %.1f, \"rss_kb\": %d, \"form\": \"%s\", "
      "\"runtime\": \"%s\"}\n", start_ms, read_memory_kb ("VmRSS"), form,
      self.api->runtime ());
  fflush (stdout);
  if (together)
    answer_rates (run_together, &self);
  else
    answer_lines (run, &self);
  return 0;
}
