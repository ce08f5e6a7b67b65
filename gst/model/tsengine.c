/* tsengine.c - runs a TorchScript module
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsengine.h"

#include <string.h>

#include "tserror.h"
#include "tsremote.h"
#include "tssafetensors.h"
#include "tsshim.h"
#include "tsshimframe.h"
#include "tsthread.h"
#include "tsvalue.h"
#include "tswatchdog.h"

/* Of the shim's messages; a longer one is cut. */
#define ERROR_SIZE 4096

struct _TsAnswer
{
  gatomicrefcount references;
  const TsShimApi *api;
  TsShimValue *value;           /* NULL: that of @batch */
  TsAnswer *batch;              /* the answer that this is an item of, or NULL */
  guint item, n_items;          /* n_items 0: all of it */
  gboolean borrowed;            /* the value is the lane's, until its next run */
};

struct _TsEngine
{
  gatomicrefcount references;   /* of its owner and its forks */
  TsEngine *origin;             /* owns what forks borrow; NULL: this one does */
  const TsShimApi *api;
  TsShimModule *module;
  TsShimLane *lane;             /* for frames; NULL: none yet */
  GArray *frames;               /* of TsShimFrame; kept for its memory */
  TsWatchdog *watchdog;         /* makes the runs, or NULL */
  guint timeout_ms;             /* of a run that it makes */
  gint lost;                    /* of the origin: a run never returned; atomic */
  struct _Run *run;             /* memory for the next one, or NULL */
  TsAnswer *answer;             /* of the last run */
  TsAnswer *spare;              /* memory for the next one, or NULL */
  TsValueBuffer buffers[TS_DECODE_MAX_ROLES];
  gchar *path;
  gchar *device;
  gint threads;                 /* the CPU's; 0: one a core */
  gchar *device_reason;
};

gpointer
ts_engine_alloc_frame (const gchar * device, gsize size)
{
  const TsShimApi *api = ts_shim_open (NULL);

  return api && api->host_alloc ? api->host_alloc (device, size) : NULL;
}

void
ts_engine_free_frame (gpointer memory)
{
  ts_shim_open (NULL)->host_free (memory);
}

/* The shim's sentence, which names the file where the shim knows it. */
static void
set_shim_error (TsEngine * self, TsShimStatus status, const gchar * text,
    const gchar * advice, GError ** error)
{
  gboolean named = strstr (text, self->path) != NULL;

  g_set_error (error, TS_ERROR, ts_shim_status_to_code (status), "%s%s%s%s",
      named ? "" : self->path, named ? "" : ": ", text, advice);
}

static gboolean
check_device (TsEngine * self, const gchar * device, GError ** error)
{
  gchar text[ERROR_SIZE] = "";
  TsShimStatus status = self->api->check_device (device, text, sizeof text);

  if (status != TS_SHIM_OK)
    set_shim_error (self, status, text,
        "; choose another device, or \"auto\" to take what works", error);
  return status == TS_SHIM_OK;
}

/* Takes the first device that works; the reason names those that do not. */
static gboolean
choose_device (TsEngine * self, const gchar * preferred, GError ** error)
{
  const gchar *const candidates[] = { preferred, "cuda:0", "cpu" };
  g_autoptr (GString) failures = g_string_new (NULL);
  gchar text[ERROR_SIZE];

  for (guint i = preferred ? 0 : 1; i < G_N_ELEMENTS (candidates); i++) {
    const gchar *device = candidates[i];

    if (i > 0 && g_strcmp0 (device, preferred) == 0)
      continue;
    *text = '\0';
    if (self->api->check_device (device, text, sizeof text) == TS_SHIM_OK) {
      self->device = g_strdup (device);
      self->device_reason = g_strdup_printf ("%s is used, %s%s", device,
          failures->len ? failures->str : "the first choice of device=auto",
          i == 0 ? " (named by the package)" : "");
      return TRUE;
    }
    g_string_append_printf (failures, "%s%s", failures->len ? "; " : "as ",
        text);
  }
  g_set_error (error, TS_ERROR, TS_ERROR_DEVICE,
      "%s: no device works, expected at least cpu, %s", self->path,
      failures->str);
  return FALSE;
}

/* libtorch means the thread's current card by a bare "cuda". */
static const gchar *
with_index (const gchar * device)
{
  return g_strcmp0 (device, "cuda") == 0 ? "cuda:0" : device;
}

static gboolean
set_device (TsEngine * self, const TsEngineOptions * options, GError ** error)
{
  const gchar *device = with_index (options->device);

  if (g_str_equal (device, "auto"))
    return choose_device (self, with_index (options->preferred_device), error);
  if (!check_device (self, device, error))
    return FALSE;
  self->device = g_strdup (device);
  self->device_reason = g_strdup_printf ("%s is used, as asked for", device);
  return TRUE;
}

static TsShimStatus
load_isolated (TsEngine * self, const TsShimLoadOptions * options,
    const TsSafety * safety, gchar * text)
{
  const TsRemoteOptions limits = {
    .load_timeout_ms = safety->load_timeout_ms,
    .run_timeout_ms = safety->forward_timeout_ms,
    .max_restarts = safety->max_restarts,
    .max_bytes = (guint64) safety->memory_limit_mb << 20,
  };

  return ts_remote_load (options, &limits, &self->module, text, ERROR_SIZE);
}

/* A process is ended when it is late; a thread cannot be. */
static gboolean
watch (TsEngine * self, const TsSafety * safety, GError ** error)
{
  if (safety->isolated || safety->forward_timeout_ms == 0)
    return TRUE;
  self->watchdog = ts_watchdog_new (error);
  self->timeout_ms = safety->forward_timeout_ms;
  return self->watchdog != NULL;
}

static gint
choose_threads (const TsEngine * self, const TsEngineOptions * options)
{
  if (options->threads > 0 || options->cpu_lanes < 2
      || !g_str_equal (self->device, "cpu"))
    return options->threads;
  return MAX (1, ts_thread_count_processors () / options->cpu_lanes);
}

static gboolean
load (TsEngine * self, const TsEngineOptions * options,
    const TsSafetensors * weights, GError ** error)
{
  g_auto (GStrv) op_libs = ts_shim_split_paths (options->op_libs);
  TsShimLoadOptions load_options = {
    .path = self->path,
    .device = self->device,
    .method = options->method,
    .threads = self->threads,
    .dtype = (TsShimDtype) options->dtype,
    .op_libs = (const char *const *) op_libs,
    .weights_path = options->weights,
    .unsafe_operators = options->safety.unsafe_operators,
    .tunable = options->tunable,
  };
  gchar text[ERROR_SIZE] = "";
  TsShimStatus status;

  if (options->bytes)
    load_options.data = g_bytes_get_data (options->bytes, &load_options.size);
  if (weights)
    load_options.weights =
        ts_safetensors_get (weights, &load_options.n_weights);
  status = options->safety.isolated ?
      load_isolated (self, &load_options, &options->safety, text) :
      self->api->load (&load_options, &self->module, text, sizeof text);
  if (status != TS_SHIM_OK)
    set_shim_error (self, status, text, "", error);
  return status == TS_SHIM_OK;
}

static gboolean
open_weights (const TsEngineOptions * options, TsSafetensors ** weights,
    GError ** error)
{
  *weights = NULL;
  if (options->weights_bytes)
    *weights = ts_safetensors_parse (options->weights, options->weights_bytes,
        error);
  else if (options->weights)
    *weights = ts_safetensors_open (options->weights, error);
  return *weights || !options->weights;
}

TsEngine *
ts_engine_open (const TsEngineOptions * options, GError ** error)
{
  g_autoptr (TsEngine) self = g_new0 (TsEngine, 1);
  g_autoptr (TsSafetensors) weights = NULL;

  g_atomic_ref_count_init (&self->references);
  self->path = g_strdup (options->path);
  if (!ts_engine_device_is_valid (options->device, error)
      || !open_weights (options, &weights, error))
    return NULL;
  self->api = options->safety.isolated ? ts_remote_open (error) :
      ts_shim_open (error);
  if (!self->api || !set_device (self, options, error))
    return NULL;
  self->threads = choose_threads (self, options);
  if (!load (self, options, weights, error)
      || !watch (self, &options->safety, error))
    return NULL;
  return g_steal_pointer (&self);
}

TsEngine *
ts_engine_fork (TsEngine * self)
{
  TsEngine *origin = self->origin ? self->origin : self;
  TsWatchdog *watchdog = origin->watchdog ? ts_watchdog_new (NULL) : NULL;
  TsEngine *fork;

  if (origin->watchdog && !watchdog)
    return NULL;
  fork = g_new0 (TsEngine, 1);
  g_atomic_ref_count_init (&fork->references);
  g_atomic_ref_count_inc (&origin->references);
  fork->origin = origin;
  fork->api = origin->api;
  fork->module = origin->module;
  fork->timeout_ms = origin->timeout_ms;
  fork->watchdog = watchdog;
  fork->path = origin->path;
  fork->device = origin->device;
  fork->device_reason = origin->device_reason;
  /* If that fails, its first run says why. */
  if (self->lane && self->api->lane_new (self->module, self->lane, &fork->lane,
          NULL, 0) != TS_SHIM_OK)
    fork->lane = NULL;
  return fork;
}

static void
free_loaded (TsEngine * self)
{
  /* What a lost run uses stays. */
  if (self->api && !g_atomic_int_get (&self->lost))
    self->api->module_free (self->module);
  g_free (self->path);
  g_free (self->device);
  g_free (self->device_reason);
}

/* Its buffers go with the last fork, which is soon enough. */
void
ts_engine_free (TsEngine * self)
{
  TsEngine *origin = self ? self->origin : NULL;

  if (!self || !g_atomic_ref_count_dec (&self->references))
    return;
  g_free (self->spare);
  g_free (self->run);
  ts_watchdog_free (self->watchdog);
  g_clear_pointer (&self->answer, ts_answer_unref);
  if (self->lane)
    self->api->lane_free (self->lane);
  g_clear_pointer (&self->frames, g_array_unref);
  for (guint i = 0; i < TS_DECODE_MAX_ROLES; i++)
    g_free (self->buffers[i].data);
  if (!origin)
    free_loaded (self);
  g_free (self);
  ts_engine_free (origin);
}

gint
ts_engine_get_threads (const TsEngine * self)
{
  return self->threads;
}

const gchar *
ts_engine_get_device (const TsEngine * self)
{
  return self->device;
}

gboolean
ts_engine_has_device (const TsEngine * self, const gchar * device)
{
  return self->api->check_device (device, NULL, 0) == TS_SHIM_OK;
}

const gchar *
ts_engine_get_device_reason (const TsEngine * self)
{
  return self->device_reason;
}

const gchar *
ts_engine_get_runtime (const TsEngine * self)
{
  return self->api->runtime ();
}

const gchar *
ts_engine_get_runtime_warning (const TsEngine * self)
{
  return self->api->runtime_warning ();
}

void
ts_engine_get_use (const TsEngine * self, TsModelUse * use)
{
  TsShimUse taken;

  self->api->use (self->module, &taken);
  use->precision = (TsDtype) taken.precision;
  use->threads = taken.threads;
  use->weight_bytes = taken.weight_bytes;
  use->device_bytes = taken.device_bytes;
  use->keeps_state = taken.keeps_state != 0;
}

const gchar *
ts_engine_get_config (const TsEngine * self, gsize * size)
{
  return self->api->config (self->module, size);
}

/* The path may speak of sizes, and so may the arguments of a declaration. */
static gboolean
is_about_sizes (const TsEngine * self, const gchar * text)
{
  const gchar *path = strstr (text, self->path);

  return !strstr (text, "Declaration:")
      && g_regex_match_simple ("\\b(sizes?|shapes?)\\b",
      path ? path + strlen (self->path) : text, G_REGEX_CASELESS, 0);
}

/* The shim names the shape of the input, but not where it comes from. */
static void
set_run_error (TsEngine * self, TsShimStatus status, const gchar * text,
    GError ** error)
{
  set_shim_error (self, status, text, status != TS_SHIM_ERROR_FORWARD
      || !is_about_sizes (self, text) ? "" :
      "; if the module was traced for one input size, it takes no other: check "
      "\"size\", \"size_divisor\" and \"layout\" in preprocessor_config.json",
      error);
}

static TsShimTensor
to_shim_tensor (const TsTensor * from)
{
  TsShimTensor tensor = {
    (gpointer) from->data, (TsShimDtype) from->dtype, from->n_dims
  };

  for (gint i = 0; i < from->n_dims; i++)
    tensor.shape[i] = from->shape[i];
  return tensor;
}

/* Takes @value and @memory, which may be NULL. */
static TsAnswer *
new_answer (const TsShimApi * api, TsShimValue * value, TsAnswer * memory)
{
  TsAnswer *answer = memory ? memory : g_new (TsAnswer, 1);

  memset (answer, 0, sizeof (*answer));
  g_atomic_ref_count_init (&answer->references);
  answer->api = api;
  answer->value = value;
  return answer;
}

static void
clear_answer (TsAnswer * self)
{
  if (!self->borrowed)
    self->api->value_free (self->value);
  g_clear_pointer (&self->batch, ts_answer_unref);
}

/* Keeps the memory if nobody else holds the answer. */
static void
drop_answer (TsEngine * self)
{
  TsAnswer *answer = g_steal_pointer (&self->answer);

  if (!answer)
    return;
  if (!self->spare && g_atomic_ref_count_compare (&answer->references, 1)) {
    clear_answer (answer);
    self->spare = answer;
    return;
  }
  ts_answer_unref (answer);
}

/* A run and all that it uses, so that it can be left to a lost thread. */
typedef struct _Run
{
  const TsShimApi *api;
  TsShimModule *module;
  TsShimTensor tensors[TS_ENGINE_MAX_INPUTS];
  gsize n_inputs, n_listed;
  TsShimValue *value;
  gchar text[ERROR_SIZE];
  TsShimStatus status;
  gpointer copies[TS_ENGINE_MAX_INPUTS];
} Run;

/* One that a lost thread has is its for good. */
static Run *
take_run (TsEngine * self, const TsTensor * inputs, gsize n_inputs,
    gsize n_listed)
{
  Run *run = self->run ? g_steal_pointer (&self->run) : g_new0 (Run, 1);

  run->api = self->api;
  run->module = self->module;
  run->n_inputs = n_inputs;
  run->n_listed = n_listed;
  run->value = NULL;
  run->text[0] = '\0';
  for (gsize i = 0; i < n_inputs; i++)
    run->tensors[i] = to_shim_tensor (&inputs[i]);
  return run;
}

static void
make_run (gpointer data, gpointer unused)
{
  Run *run = data;

  run->status = run->api->run_listed (run->module, run->tensors, run->n_inputs,
      run->n_listed, &run->value, run->text, sizeof run->text);
}

/* The caller's inputs may be gone before a lost thread is done with them. */
static gboolean
copy_inputs (TsEngine * self, Run * run, const TsTensor * inputs,
    GError ** error)
{
  for (gsize i = 0; i < run->n_inputs; i++) {
    gsize size =
        ts_tensor_n_elements (&inputs[i]) * ts_dtype_size (inputs[i].dtype);

    run->tensors[i].data = run->copies[i] = g_try_malloc (MAX (size, 1));
    if (!run->copies[i]) {
      g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
          "%s: no memory for %" G_GSIZE_FORMAT " bytes of input; use a smaller "
          "input or free memory", self->path, size);
      return FALSE;
    }
    memcpy (run->copies[i], inputs[i].data, size);
  }
  return TRUE;
}

static void
give_back_run (TsEngine * self, Run * run)
{
  for (gsize i = 0; i < run->n_inputs; i++)
    g_clear_pointer (&run->copies[i], g_free);
  self->run = run;
}

static gboolean
set_lost_error (TsEngine * self, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_FORWARD,
      "%s: the module did not answer within forward-timeout, %u ms; libtorch cannot "
      "be interrupted, so it runs on and the model can be used no more; with "
      "isolation=process it would be ended and started again", self->path,
      self->timeout_ms);
  return FALSE;
}

/* FALSE if @run is lost. */
static gboolean
call_in_time (TsEngine * self, Run * run, GError ** error)
{
  TsEngine *origin = self->origin ? self->origin : self;

  if (!self->watchdog) {
    make_run (run, NULL);
    return TRUE;
  }
  if (ts_watchdog_call (self->watchdog, make_run, run, self->timeout_ms))
    return TRUE;
  g_atomic_int_set (&origin->lost, TRUE);
  return set_lost_error (self, error);
}

static gboolean
take_answer (TsEngine * self, const Run * run, GError ** error)
{
  if (run->status != TS_SHIM_OK) {
    set_run_error (self, run->status, run->text, error);
    return FALSE;
  }
  self->answer = new_answer (self->api, run->value,
      g_steal_pointer (&self->spare));
  return TRUE;
}

gboolean
ts_engine_run (TsEngine * self, const TsTensor * inputs, gsize n_inputs,
    gsize n_listed, GError ** error)
{
  const TsEngine *origin = self->origin ? self->origin : self;
  gboolean done;
  Run *run;

  g_return_val_if_fail (n_listed <= n_inputs
      && n_inputs <= TS_ENGINE_MAX_INPUTS, FALSE);

  drop_answer (self);
  if (g_atomic_int_get (&origin->lost))
    return set_lost_error (self, error);
  run = take_run (self, inputs, n_inputs, n_listed);
  if (self->watchdog && !copy_inputs (self, run, inputs, error)) {
    give_back_run (self, run);
    return FALSE;
  }
  if (!call_in_time (self, run, error))
    return FALSE;
  done = take_answer (self, run, error);
  give_back_run (self, run);
  return done;
}

gboolean
ts_engine_takes_frames (const TsEngine * self)
{
  return self->api->lane_new && !self->watchdog
      && g_str_has_prefix (self->device, "cuda");
}

static gboolean
open_lane (TsEngine * self, GError ** error)
{
  gchar text[ERROR_SIZE] = "";
  TsShimStatus status = self->lane ? TS_SHIM_OK :
      self->api->lane_new (self->module, NULL, &self->lane, text, sizeof text);

  if (!self->frames)
    self->frames = g_array_new (FALSE, FALSE, sizeof (TsShimFrame));
  if (status != TS_SHIM_OK)
    set_shim_error (self, status, text, "", error);
  return status == TS_SHIM_OK;
}

gboolean
ts_engine_run_frames (TsEngine * self, const TsFrameInput * input,
    const TsFrame * frames, guint n, GError ** error)
{
  const TsShimValue *value = NULL;
  gchar text[ERROR_SIZE] = "";
  TsShimStatus status;
  TsShimInput shape;

  drop_answer (self);
  if (!open_lane (self, error))
    return FALSE;
  ts_shim_input_init (&shape, input, &frames[0].letterbox);
  g_array_set_size (self->frames, n);
  for (guint i = 0; i < n; i++)
    ts_shim_frame_init (&g_array_index (self->frames, TsShimFrame, i),
        &frames[i]);
  status = self->api->lane_run (self->lane, &shape,
      (const TsShimFrame *) (gpointer) self->frames->data, n, input->keep,
      &value, text, sizeof text);
  if (status != TS_SHIM_OK) {
    set_run_error (self, status, text, error);
    return FALSE;
  }
  self->answer = new_answer (self->api, (TsShimValue *) value,
      g_steal_pointer (&self->spare));
  self->answer->borrowed = TRUE;
  return TRUE;
}

gint64
ts_engine_get_upload_ns (const TsEngine * self)
{
  return self->api->lane_upload_ns (self->lane);
}

gboolean
ts_engine_complete_answer (TsEngine * self, GError ** error)
{
  TsShimValue *value = NULL;
  gchar text[ERROR_SIZE] = "";
  TsShimStatus status;

  if (!self->answer || !self->answer->borrowed)
    return TRUE;
  status = self->api->lane_answer (self->lane, &value, text, sizeof text);
  if (status != TS_SHIM_OK) {
    set_run_error (self, status, text, error);
    return FALSE;
  }
  drop_answer (self);
  self->answer = new_answer (self->api, value, g_steal_pointer (&self->spare));
  return TRUE;
}

const gchar *
ts_engine_get_frames_note (const TsEngine * self)
{
  return self->lane ? self->api->lane_note (self->lane) : NULL;
}

gboolean
ts_engine_get_output (TsEngine * self, guint slot, const gchar * keys,
    TsOutput * output, GError ** error)
{
  const TsShimValue *value;

  g_return_val_if_fail (self->answer && slot < TS_DECODE_MAX_ROLES, FALSE);

  value = ts_value_find (self->api, self->answer->value, keys, self->path,
      error);
  return value && ts_value_to_output (self->api, value, &self->buffers[slot],
      self->path, output, error);
}

TsAnswer *
ts_engine_get_answer (const TsEngine * self)
{
  return self->answer;
}

/* The slice @item of a tensor whose first dimension counts @n_items. */
static gboolean
cut_item (TsTensor * tensor, guint item, guint n_items)
{
  if (tensor->n_dims < 1 || tensor->shape[0] != n_items)
    return FALSE;
  tensor->shape[0] = 1;
  tensor->data = (const guint8 *) tensor->data
      + item * ts_tensor_n_elements (tensor) * ts_dtype_size (tensor->dtype);
  return TRUE;
}

TsAnswer *
ts_engine_get_item (const TsEngine * self, guint item, guint n_items)
{
  g_autoptr (GArray) tensors = ts_answer_list (self->answer);
  TsAnswer *answer;

  for (guint i = 0; i < tensors->len; i++)
    if (!cut_item (&g_array_index (tensors, TsNamedTensor, i).tensor, item,
            n_items))
      return NULL;
  answer = new_answer (self->api, NULL, NULL);
  answer->batch = ts_answer_ref (self->answer);
  answer->item = item;
  answer->n_items = n_items;
  return answer;
}

TsAnswer *
ts_answer_ref (TsAnswer * self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
ts_answer_unref (TsAnswer * self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  clear_answer (self);
  g_free (self);
}

static void
clear_named_tensor (gpointer data)
{
  g_free (((TsNamedTensor *) data)->name);
}

GArray *
ts_answer_list (TsAnswer * self)
{
  GArray *tensors = g_array_new (FALSE, FALSE, sizeof (TsNamedTensor));

  g_array_set_clear_func (tensors, clear_named_tensor);
  ts_value_list (self->api, self->batch ? self->batch->value : self->value,
      tensors);
  for (guint i = 0; self->batch && i < tensors->len; i++)
    cut_item (&g_array_index (tensors, TsNamedTensor, i).tensor, self->item,
        self->n_items);
  return tensors;
}

gboolean
ts_engine_prepare (TsEngine * self, const TsVariant * variant, GError ** error)
{
  const TsShimVariant form = {
    variant->frozen, variant->channels_last, variant->packed, variant->blocked,
    variant->optimized, (TsShimDtype) variant->precision, variant->threads
  };
  gchar text[ERROR_SIZE] = "";
  TsShimStatus status =
      self->api->prepare (self->module, &form, text, sizeof text);

  if (status != TS_SHIM_OK)
    set_shim_error (self, status, text, "", error);
  return status == TS_SHIM_OK;
}

void
ts_engine_settle (TsEngine * self)
{
  self->api->settle (self->module);
}
