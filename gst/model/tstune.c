/* tstune.c - finds the fastest form of a module that still says the same
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstune.h"

#include <string.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tsagreement.h"
#include "tserror.h"
#include "tstunecache.h"

/* Raised whenever older results are worth nothing any more. */
#define CACHE_VERSION 2

/* Less is noise, and a change for nothing. */
#define LEAST_GAIN 0.97

/* A form that starts so much slower is not measured to the end. */
#define HOPELESS 1.5

/* Where other programs took more than this share of the machine, the times are no
 * measure of the form. */
#define BUSY_SHARE 0.25

#define AUTO_RUNS 3
#define FULL_RUNS 10
#define MAX_CANDIDATES 16

typedef struct
{
  const TsTuneTask *task;
  gint64 end;                   /* of the budget, in monotonic microseconds */
  TsOutput expected[TS_DECODE_MAX_ROLES];
  gfloat *numbers[TS_DECODE_MAX_ROLES];
  GArray *boxes;                /* of TsBox, the plain form's; NULL: no picture */
  GString *figures;
  TsVariant best;
  gdouble best_ms;
  gdouble own_seconds, system_seconds;  /* of processors, when it began */
  gint64 begin;
} Contest;

/* Seconds that all processors have worked, for anybody, this process included; -1
 * where the system does not say. */
static gdouble
get_system_seconds (void)
{
  g_autofree gchar *text = NULL;
  guint64 user, nice, system, idle, wait, irq, softirq, steal;

  if (!g_file_get_contents ("/proc/stat", &text, NULL, NULL)
      || sscanf (text, "cpu %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %"
          G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %"
          G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &user,
          &nice, &system, &idle, &wait, &irq, &softirq, &steal) != 8)
    return -1;
  return (user + nice + system + irq + softirq + steal)
      / (gdouble) sysconf (_SC_CLK_TCK);
}

static gdouble
get_own_seconds (void)
{
  struct rusage usage = { 0 };

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
      + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Whether the machine had much other work.  What computes elsewhere, on a card, is
 * not held up by it. */
static gboolean
was_busy (const Contest * self)
{
  gdouble seconds = (g_get_monotonic_time () - self->begin) / 1e6;
  gdouble own = get_own_seconds () - self->own_seconds;
  gdouble all = get_system_seconds () - self->system_seconds;

  return own > BUSY_SHARE * seconds
      && all - own > BUSY_SHARE * g_get_num_processors () * seconds;
}

static gboolean
run_once (const TsTuneTask * task, gdouble * ms, GError ** error)
{
  gint64 start = g_get_monotonic_time ();
  gboolean done = ts_engine_run (task->engine, task->inputs, task->n_inputs,
      task->n_listed, error);

  *ms = (g_get_monotonic_time () - start) / 1000.;
  return done;
}

static gboolean
get_output (const Contest * self, guint i, TsOutput * output)
{
  return ts_engine_get_output (self->task->engine, i,
      self->task->output_keys[i], output, NULL);
}

static gsize
count (const TsOutput * output)
{
  gsize n = 1;

  for (gint i = 0; i < output->n_dims; i++)
    n *= output->shape[i];
  return n;
}

/* What the plain form says: all that others are measured by. */
static gboolean
remember_answer (Contest * self, GError ** error)
{
  for (guint i = 0; self->task->output_keys[i]; i++) {
    TsOutput *output = &self->expected[i];
    gsize n;

    if (!get_output (self, i, output))
      continue;
    n = count (output);
    self->numbers[i] = g_try_malloc_n (MAX (n, 1), sizeof (gfloat));
    if (!self->numbers[i]) {
      g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
          "no memory to remember an answer of %" G_GSIZE_FORMAT " numbers by; "
          "free memory, or set tune=off", n);
      return FALSE;
    }
    memcpy (self->numbers[i], output->data, n * sizeof (gfloat));
    output->data = self->numbers[i];
  }
  return TRUE;
}

static GArray *
find_boxes (const Contest * self)
{
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (TsBox));

  if (!self->task->detect || !self->task->detect (self->task->user, boxes))
    return NULL;
  return g_steal_pointer (&boxes);
}

static gboolean
numbers_agree (const Contest * self)
{
  for (guint i = 0; self->task->output_keys[i]; i++) {
    TsOutput found;

    if (self->numbers[i] && (!get_output (self, i, &found)
            || !ts_agreement_numbers (&found, &self->expected[i])))
      return FALSE;
  }
  return TRUE;
}

static gboolean
boxes_agree (const Contest * self)
{
  g_autoptr (GArray) boxes = find_boxes (self);

  return boxes && ts_agreement_boxes (boxes, self->boxes,
      self->task->score_threshold);
}

/* A precision that the user chose needs no proof. */
static gboolean
agrees (const Contest * self, const TsVariant * variant)
{
  if (variant->precision == TS_DTYPE_FLOAT32)
    return numbers_agree (self);
  return self->task->precision != TS_PRECISION_AUTO || boxes_agree (self);
}

/* The fastest of a few runs, as other work on the machine only adds time. */
static gboolean
measure (const Contest * self, gdouble * best_ms, GError ** error)
{
  const TsTuneTask *task = self->task;
  guint n = task->mode == TS_TUNE_FULL ? FULL_RUNS : AUTO_RUNS;
  gdouble ms;

  *best_ms = G_MAXDOUBLE;
  for (guint i = 0; i < n; i++) {
    if (!run_once (task, &ms, error))
      return FALSE;
    *best_ms = MIN (*best_ms, ms);
    if (self->best_ms > 0 && *best_ms > HOPELESS * self->best_ms)
      break;
    if (i > 0 && g_get_monotonic_time () > self->end)
      break;
  }
  return TRUE;
}

static void
note (Contest * self, const TsVariant * variant, const gchar * format, ...)
G_GNUC_PRINTF (3, 4);

     static void
         note (Contest * self, const TsVariant * variant, const gchar * format,
    ...)
{
  g_autofree gchar *name = ts_variant_to_string (variant);
  va_list arguments;

  g_string_append_printf (self->figures, "%s%s ",
      self->figures->len ? "; " : "", name);
  va_start (arguments, format);
  g_string_append_vprintf (self->figures, format, arguments);
  va_end (arguments);
}

static void
consider (Contest * self, const TsVariant * variant)
{
  const TsTuneTask *task = self->task;
  gdouble ms;

  if (!ts_engine_prepare (task->engine, variant, NULL)
      || !run_once (task, &ms, NULL)) {
    note (self, variant, "fails");
    return;
  }
  if (!agrees (self, variant)) {
    note (self, variant, "answers differently");
    return;
  }
  if (!measure (self, &ms, NULL)) {
    note (self, variant, "fails");
    return;
  }
  note (self, variant, "%.1f ms", ms);
  if (ms >= LEAST_GAIN * self->best_ms)
    return;
  self->best = *variant;
  self->best_ms = ms;
}

static gboolean
is_asked (const TsTuneTask * task)
{
  return task->precision == TS_PRECISION_BF16
      || task->precision == TS_PRECISION_FP16;
}

static TsDtype
lower_dtype (const Contest * self)
{
  gboolean on_cpu = g_str_equal (ts_engine_get_device (self->task->engine),
      "cpu");

  switch (self->task->precision) {
    case TS_PRECISION_BF16:
      return TS_DTYPE_BFLOAT16;
    case TS_PRECISION_FP16:
      return TS_DTYPE_FLOAT16;
    case TS_PRECISION_AUTO:
      if (!self->boxes || !self->boxes->len)
        return TS_DTYPE_FLOAT32;
      if (!on_cpu)
        return TS_DTYPE_FLOAT16;
      return ts_variant_cpu_has_bfloat16 ()? TS_DTYPE_BFLOAT16 :
          TS_DTYPE_FLOAT32;
    default:
      return TS_DTYPE_FLOAT32;
  }
}

/* The most promising ones first, as the budget may end. */
static guint
list_candidates (const Contest * self, TsVariant * candidates)
{
  const TsDtype low = lower_dtype (self);
  const TsVariant blocked = {.frozen = TRUE,.blocked = TRUE };
  const TsVariant packed = {.frozen = TRUE,.channels_last = TRUE,.packed = TRUE
  };
  const TsVariant nhwc = {.frozen = TRUE,.channels_last = TRUE };
  const TsVariant optimized = {.frozen = TRUE,.optimized = TRUE };
  guint n = 0;

  if (low != TS_DTYPE_FLOAT32) {
    candidates[n] = packed;
    candidates[n++].precision = low;
    candidates[n] = nhwc;
    candidates[n++].precision = low;
    candidates[n] = TS_VARIANT_PLAIN;
    candidates[n++].precision = low;
  }
  if (is_asked (self->task))
    return n;
  candidates[n++] = blocked;
  candidates[n++] = packed;
  candidates[n++] = nhwc;
  candidates[n++] = optimized;
  candidates[n++] = (TsVariant) {
  .frozen = FALSE};
  return n;
}

/* Half as many threads, as long as that helps: cores may share their units. */
static void
consider_threads (Contest * self)
{
  gint threads = (gint) g_get_num_processors ();

  if (self->task->threads > 0)
    return;
  for (threads /= 2; threads > 0; threads /= 2) {
    TsVariant variant = self->best;

    variant.threads = threads;
    if (g_get_monotonic_time () > self->end)
      return;
    consider (self, &variant);
    if (self->best.threads != threads)
      return;
  }
}

/* What was asked for must work even if it is slow. */
static gboolean
start_from (Contest * self, const TsVariant * variant, GError ** error)
{
  self->best = *variant;
  if (!ts_engine_prepare (self->task->engine, variant, error)
      || !run_once (self->task, &self->best_ms, error)
      || !measure (self, &self->best_ms, error))
    return FALSE;
  note (self, variant, "%.1f ms", self->best_ms);
  return TRUE;
}

static gboolean
hold (Contest * self, GError ** error)
{
  TsVariant candidates[MAX_CANDIDATES];
  guint n = list_candidates (self, candidates);

  if (is_asked (self->task) && !start_from (self, &candidates[--n], error))
    return FALSE;
  for (guint i = 0; i < n && g_get_monotonic_time () < self->end; i++)
    consider (self, &candidates[i]);
  if (self->task->mode == TS_TUNE_FULL
      && g_str_equal (ts_engine_get_device (self->task->engine), "cpu"))
    consider_threads (self);
  return TRUE;
}

static gboolean
start (Contest * self, GError ** error)
{
  const TsTuneTask *task = self->task;
  gdouble ms;

  self->best = TS_VARIANT_PLAIN;
  self->own_seconds = get_own_seconds ();
  self->system_seconds = get_system_seconds ();
  self->begin = g_get_monotonic_time ();
  self->end = self->begin + (task->mode == TS_TUNE_FULL ?
      TS_TUNE_FULL_BUDGET_MS : TS_TUNE_AUTO_BUDGET_MS) *
      G_GINT64_CONSTANT (1000);
  if (!run_once (task, &ms, error) || !remember_answer (self, error)
      || !measure (self, &self->best_ms, error))
    return FALSE;
  note (self, &self->best, "%.1f ms", self->best_ms);
  if (task->precision == TS_PRECISION_AUTO)
    self->boxes = find_boxes (self);
  return TRUE;
}

static void
clear (Contest * self)
{
  for (guint i = 0; i < TS_DECODE_MAX_ROLES; i++)
    g_free (self->numbers[i]);
  g_clear_pointer (&self->boxes, g_array_unref);
  g_string_free (self->figures, TRUE);
}

/* The form found last need not be the best one. */
static gboolean
settle (Contest * self, GError ** error)
{
  gdouble ms;

  if (!ts_engine_prepare (self->task->engine, &self->best, error)
      || !run_once (self->task, &ms, error))
    return FALSE;
  ts_engine_settle (self->task->engine);
  return TRUE;
}

static void
add_shape (GString * key, const TsTensor * tensor)
{
  g_string_append_printf (key, "input %s", ts_dtype_name (tensor->dtype));
  for (gint i = 0; i < tensor->n_dims; i++)
    g_string_append_printf (key, " %" G_GINT64_FORMAT, tensor->shape[i]);
  g_string_append_c (key, '\n');
}

gchar *
ts_tune_hash_model (const gchar * model, const gchar * weights)
{
  g_autofree gchar *first = ts_tune_cache_hash_file (model);
  g_autofree gchar *second = weights ?
      ts_tune_cache_hash_file (weights) : g_strdup ("none");

  return first && second ?
      g_strdup_printf ("%s\nweights %s", first, second) : NULL;
}

/* All that the choice depends on. */
static gchar *
make_key (const TsTuneTask * task)
{
  g_autofree gchar *cpu = ts_variant_describe_cpu ();
  GString *key = g_string_new (NULL);

  if (!task->model)
    return g_string_free (key, TRUE);
  g_string_printf (key, "version %d\nmodel %s\n%s on %s\nprecision %d\n"
      "threads %d of %u\n%s", CACHE_VERSION, task->model,
      ts_engine_get_runtime (task->engine), ts_engine_get_device (task->engine),
      task->precision, task->threads, g_get_num_processors (), cpu);
  for (gsize i = 0; i < task->n_inputs; i++)
    add_shape (key, &task->inputs[i]);
  return g_string_free (key, FALSE);
}

static gboolean
prepare_remembered (const TsTuneTask * task, const gchar * key,
    TsVariant * form, gchar ** text)
{
  g_autofree gchar *figures = NULL, *name = NULL;

  if (!key || task->mode != TS_TUNE_AUTO
      || !ts_tune_cache_load (key, form, &figures)
      || !ts_engine_prepare (task->engine, form, NULL))
    return FALSE;
  name = ts_variant_to_string (form);
  *text = g_strdup_printf ("runs as: %s (remembered: %s)", name, figures);
  return TRUE;
}

static gboolean
take_remembered (const TsTuneTask * task, const gchar * key, gchar ** text)
{
  Contest contest = { task };

  if (!prepare_remembered (task, key, &contest.best, text))
    return FALSE;
  if (settle (&contest, NULL))
    return TRUE;
  ts_engine_prepare (task->engine, &TS_VARIANT_PLAIN, NULL);
  g_clear_pointer (text, g_free);
  return FALSE;
}

static gchar *
describe (const Contest * self, const gchar * key)
{
  g_autofree gchar *name = ts_variant_to_string (&self->best);
  g_autoptr (GError) error = NULL;
  GString *text = g_string_new (NULL);

  g_string_printf (text, "runs as: %s (%s)", name, self->figures->str);
  if (was_busy (self))
    g_string_append (text, "; not remembered, as the machine was busy");
  else if (key
      && !ts_tune_cache_save (key, &self->best, self->figures->str, &error))
    g_string_append_printf (text, "; this cannot be remembered: %s",
        error->message);
  return g_string_free (text, FALSE);
}

/* Without tuning a precision still needs its form. */
static gboolean
take_asked (const TsTuneTask * task, gchar ** text, GError ** error)
{
  TsVariant candidates[MAX_CANDIDATES];
  g_autofree gchar *name = NULL;
  Contest contest = { task };
  guint n = list_candidates (&contest, candidates);
  gboolean done = FALSE;

  for (guint i = 0; i < n && !done; i++) {
    contest.best = candidates[i];
    g_clear_error (error);
    done = settle (&contest, error);
  }
  name = ts_variant_to_string (&contest.best);
  if (done)
    *text = g_strdup_printf ("runs as: %s (not tuned)", name);
  return done;
}

gboolean
ts_tune_recall (const TsTuneTask * task, gchar ** text)
{
  g_autofree gchar *key = make_key (task);
  TsVariant form;

  return prepare_remembered (task, key, &form, text);
}

gboolean
ts_tune (const TsTuneTask * task, gchar ** text, GError ** error)
{
  g_autofree gchar *key = NULL;
  Contest contest = { task };
  gboolean done;

  if (task->mode == TS_TUNE_OFF)
    return take_asked (task, text, error);
  key = make_key (task);
  if (take_remembered (task, key, text))
    return TRUE;
  contest.figures = g_string_new (NULL);
  done = start (&contest, error) && hold (&contest, error)
      && settle (&contest, error);
  if (done)
    *text = describe (&contest, key);
  clear (&contest);
  return done;
}
