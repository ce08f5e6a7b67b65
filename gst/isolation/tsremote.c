/* tsremote.c - the shim's ABI over another process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsremote.h"

#include <string.h>
#include <unistd.h>

#include "tserror.h"
#include "tsprocess.h"
#include "tsremotevalue.h"
#include "tsshared.h"
#include "tswire.h"

#define NO_ANSWER "gave an answer that is none"

struct TsShimModule
{
  GMutex lock;                  /* guards all; one call at a time */
  gchar *path;
  TsRemoteOptions limits;
  GVariant *load_request;       /* to load it again */
  TsShared model, weights;      /* what comes with it */
  TsProcess *process;           /* NULL: it ended */
  TsShared inputs, outputs;
  gboolean memory_is_new;       /* the process does not have these two yet */
  GVariant *config;             /* "ay" */
  TsShimVariant variant;        /* the form in use, if any was asked for */
  gboolean has_variant;
  guint n_restarts;

  GMutex use_lock;              /* guards what follows, so that nobody waits for a run */
  TsShimUse use;                /* after the last load or prepare */
};

/* A process that has been started to look at a device serves the next module. */
static GMutex lock;
static TsProcess *spare;
static const TsShimApi *api;
static gchar *runtime_text, *warning_text;

static TsProcess *
take_process (GError ** error)
{
  TsProcess *process;

  g_mutex_lock (&lock);
  process = g_steal_pointer (&spare);
  g_mutex_unlock (&lock);
  return process ? process : ts_process_start (error);
}

static void
give_back_process (TsProcess * process)
{
  g_mutex_lock (&lock);
  if (!spare)
    spare = g_steal_pointer (&process);
  g_mutex_unlock (&lock);
  ts_process_free (process);
}

/* The text may come from the process, which may say anything. */
static TsShimStatus
fail (TsShimStatus status, const gchar * text, char *error, size_t error_size)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  const gchar *end;

  if (!error || error_size == 0)
    return status;
  g_strlcpy (error, valid, error_size);
  if (!g_utf8_validate (error, -1, &end))
    error[end - error] = '\0';
  return status;
}

/* What a call gave, or NULL and its error. */
static GVariant *
read_answer (GVariant * answer, TsShimStatus * status, char *error,
    size_t error_size)
{
  const gchar *text;
  GVariant *gives;
  gint32 number;

  g_variant_get (answer, "(i^&ayv)", &number, &text, &gives);
  *status = number >= TS_SHIM_OK && number <= TS_SHIM_ERROR_MEMORY ?
      (TsShimStatus) number : TS_SHIM_ERROR_FORWARD;
  if (*status == TS_SHIM_OK)
    return gives;
  fail (*status,
      *text ? text : "the process that runs the model gave no reason", error,
      error_size);
  g_variant_unref (gives);
  return NULL;
}

static const char *
runtime (void)
{
  return runtime_text;
}

static const char *
runtime_warning (void)
{
  return warning_text;
}

static TsShimStatus
check_device (const char *device, char *error, size_t error_size)
{
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) gives = NULL;
  g_autoptr (GError) cause = NULL;
  g_autofree gchar *reason = NULL;
  TsProcess *process = take_process (&cause);
  TsShimStatus status;

  if (!process)
    return fail (TS_SHIM_ERROR_DEVICE, cause->message, error, error_size);
  answer = ts_process_ask (process, g_variant_new (TS_WIRE_REQUEST,
          TS_WIRE_CHECK_DEVICE, g_variant_new_bytestring (device)), NULL, 0, 0,
      &reason);
  if (!answer) {
    ts_process_free (process);
    return fail (TS_SHIM_ERROR_DEVICE, reason, error, error_size);
  }
  give_back_process (process);
  gives = read_answer (answer, &status, error, error_size);
  return status;
}

/* The weights go into one piece of shared memory. */
static GVariant *
share_weights (TsShimModule * self, const TsShimLoadOptions * options)
{
  GVariantBuilder builder;
  gsize offset = 0;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ay(uaxt))"));
  for (gsize i = 0; i < options->n_weights; i++) {
    const TsShimNamedTensor *weight = &options->weights[i];
    gsize size = ts_shared_tensor_size (&weight->tensor);

    if (!ts_shared_reserve (&self->weights, offset + size)) {
      g_variant_builder_clear (&builder);
      return NULL;
    }
    if (size > 0)
      memcpy (self->weights.data + offset, weight->tensor.data, size);
    g_variant_builder_add (&builder, "(^ay@(uaxt))", weight->name,
        ts_shared_write_tensor (&weight->tensor, offset));
    offset = ts_shared_align (offset + size);
  }
  return g_variant_builder_end (&builder);
}

static guint64
most_bytes (const TsRemoteOptions * limits)
{
  if (limits->max_bytes > 0)
    return limits->max_bytes;
  return (guint64) sysconf (_SC_PHYS_PAGES) / 4 * 3
      * (guint64) sysconf (_SC_PAGESIZE);
}

static const gchar *
or_empty (const gchar * text)
{
  return text ? text : "";
}

static gboolean
make_load_request (TsShimModule * self, const TsShimLoadOptions * options)
{
  static const gchar *const none[] = { NULL };
  GVariant *weights = share_weights (self, options);

  if (!weights)
    return FALSE;
  self->load_request = g_variant_ref_sink (g_variant_new (TS_WIRE_REQUEST,
          TS_WIRE_LOAD, g_variant_new ("(^ay^ay^ayiuii^aay^ay@a(ay(uaxt))bt)",
              options->path, options->device, or_empty (options->method),
              options->threads, (guint32) options->dtype,
              options->unsafe_operators, options->tunable,
              options->op_libs ? options->op_libs : (const char *const *) none,
              or_empty (options->weights_path), weights,
              options->weights != NULL, most_bytes (&self->limits))));
  return TRUE;
}

/* The file's bytes, read once: what is loaded again is the same. */
static gboolean
share_model (TsShimModule * self, const TsShimLoadOptions * options,
    GError ** error)
{
  gsize size = options->size;

  g_autofree gchar *bytes = NULL;
  g_autoptr (GError) cause = NULL;

  if (!options->data
      && !g_file_get_contents (options->path, &bytes, &size, &cause)) {
    g_set_error (error, TS_ERROR, TS_ERROR_READ, "cannot open %s: %s",
        options->path, cause->message);
    return FALSE;
  }
  if (!ts_shared_reserve (&self->model, size)) {
    g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
        "%s: no memory for its %" G_GSIZE_FORMAT " bytes", options->path, size);
    return FALSE;
  }
  if (size > 0)
    memcpy (self->model.data, options->data ? options->data : bytes, size);
  return TRUE;
}

static TsShimStatus
fail_load (TsShimModule * self, const gchar * reason, char *error,
    size_t error_size)
{
  g_autofree gchar *text = g_strdup_printf ("%s: the process that loads the "
      "module %s; the file is damaged, made to do harm, or too much for this "
      "machine", self->path, reason);

  g_clear_pointer (&self->process, ts_process_free);
  return fail (TS_SHIM_ERROR_LOAD, text, error, error_size);
}

static void
keep_use (TsShimModule * self, GVariant * use)
{
  guint32 precision;

  g_mutex_lock (&self->use_lock);
  g_variant_get (use, TS_WIRE_USE, &precision, &self->use.threads,
      &self->use.weight_bytes, &self->use.device_bytes);
  self->use.precision = MIN (precision, TS_SHIM_BOOL);
  g_mutex_unlock (&self->use_lock);
}

static void
use (const TsShimModule * module, TsShimUse * use)
{
  TsShimModule *self = (TsShimModule *) module;

  g_mutex_lock (&self->use_lock);
  *use = self->use;
  g_mutex_unlock (&self->use_lock);
}

static TsShimStatus
read_loaded (TsShimModule * self, GVariant * answer, char *error,
    size_t error_size)
{
  g_autoptr (GVariant) gives = NULL;
  g_autoptr (GVariant) use = NULL;
  TsShimStatus status;

  gives = read_answer (answer, &status, error, error_size);
  if (status != TS_SHIM_OK)
    return status;
  if (!gives || !g_variant_is_of_type (gives, G_VARIANT_TYPE (TS_WIRE_LOADED)))
    return fail_load (self, NO_ANSWER, error, error_size);
  g_clear_pointer (&self->config, g_variant_unref);
  g_variant_get (gives, "(@ay@(uixx))", &self->config, &use);
  keep_use (self, use);
  return TS_SHIM_OK;
}

/* Starts the process and loads the module into it. */
static TsShimStatus
start (TsShimModule * self, char *error, size_t error_size)
{
  int fds[] = { self->model.fd, self->weights.fd };
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GError) cause = NULL;
  g_autofree gchar *reason = NULL;
  TsShimStatus status;

  self->process = take_process (&cause);
  if (!self->process)
    return fail (TS_SHIM_ERROR_LOAD, cause->message, error, error_size);
  self->memory_is_new = TRUE;
  answer = ts_process_ask (self->process, self->load_request, fds, 2,
      self->limits.load_timeout_ms, &reason);
  if (!answer)
    return fail_load (self, reason, error, error_size);
  status = read_loaded (self, answer, error, error_size);
  if (status != TS_SHIM_OK)
    g_clear_pointer (&self->process, ts_process_free);
  return status;
}

static void
module_free (TsShimModule * self)
{
  if (!self)
    return;
  ts_process_free (self->process);
  ts_shared_clear (&self->model);
  ts_shared_clear (&self->weights);
  ts_shared_clear (&self->inputs);
  ts_shared_clear (&self->outputs);
  g_clear_pointer (&self->load_request, g_variant_unref);
  g_clear_pointer (&self->config, g_variant_unref);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->use_lock);
  g_free (self->path);
  g_free (self);
}

static TsShimModule *
new_module (const TsShimLoadOptions * options, const TsRemoteOptions * limits)
{
  static const TsShared none = TS_SHARED_NONE;
  TsShimModule *self = g_new0 (TsShimModule, 1);

  g_mutex_init (&self->lock);
  g_mutex_init (&self->use_lock);
  self->path = g_strdup (options->path);
  self->limits = *limits;
  self->model = self->weights = self->inputs = self->outputs = none;
  return self;
}

static gboolean
make_memory (TsShimModule * self)
{
  return ts_shared_create (&self->model, "torchscript-model")
      && ts_shared_create (&self->weights, "torchscript-weights")
      && ts_shared_create (&self->inputs, "torchscript-inputs")
      && ts_shared_create (&self->outputs, "torchscript-outputs");
}

TsShimStatus
ts_remote_load (const TsShimLoadOptions * options,
    const TsRemoteOptions * limits, TsShimModule ** module, char *error,
    size_t error_size)
{
  g_autoptr (GError) cause = NULL;
  TsShimModule *self;
  TsShimStatus status;

  if (!options->path)
    return fail (TS_SHIM_ERROR_ARGUMENT,
        "no path of a TorchScript file is given", error, error_size);
  self = new_module (options, limits);
  if (!make_memory (self))
    status =
        fail (TS_SHIM_ERROR_MEMORY,
        "no memory can be shared with the process " "that runs the model",
        error, error_size);
  else if (!share_model (self, options, &cause))
    status = fail (TS_SHIM_ERROR_LOAD, cause->message, error, error_size);
  else if (!make_load_request (self, options))
    status = fail (TS_SHIM_ERROR_MEMORY, "no memory for the weights", error,
        error_size);
  else
    status = start (self, error, error_size);
  if (status == TS_SHIM_OK)
    *module = self;
  else
    module_free (self);
  return status;
}

static TsShimStatus
load (const TsShimLoadOptions * options, TsShimModule ** module, char *error,
    size_t error_size)
{
  const TsRemoteOptions none = { 0 };

  return ts_remote_load (options, &none, module, error, error_size);
}

static const char *
config (const TsShimModule * module, size_t *size)
{
  const char *text = g_variant_get_fixed_array (module->config, size, 1);

  return *size > 0 ? text : NULL;
}

/* NULL if there is no memory for them. */
static GVariant *
share_inputs (TsShimModule * self, const TsShimTensor * inputs, size_t n_inputs)
{
  gsize offset = 0, end = 0;
  GVariantBuilder builder;

  for (size_t i = 0; i < n_inputs; i++)
    end = ts_shared_align (end + ts_shared_tensor_size (&inputs[i]));
  if (!ts_shared_reserve (&self->inputs, end))
    return NULL;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(uaxt)"));
  for (size_t i = 0; i < n_inputs; i++) {
    gsize size = ts_shared_tensor_size (&inputs[i]);

    if (size > 0)
      memcpy (self->inputs.data + offset, inputs[i].data, size);
    g_variant_builder_add_value (&builder,
        ts_shared_write_tensor (&inputs[i], offset));
    offset = ts_shared_align (offset + size);
  }
  return g_variant_builder_end (&builder);
}

/* What the process ended with costs this call, and the next one starts it again. */
static TsShimStatus
fail_ended (TsShimModule * self, const gchar * reason, char *error,
    size_t error_size)
{
  guint left = self->limits.max_restarts - self->n_restarts;
  g_autofree gchar *text =
      g_strdup_printf ("%s: the process that runs the model " "%s; %s",
      self->path, reason,
      left >
      0 ? "it is started again with the " "next frame" :
      "it has been started again as often as max-restarts allows");

  g_clear_pointer (&self->process, ts_process_free);
  return fail (TS_SHIM_ERROR_FORWARD, text, error, error_size);
}

/* Without an answer the process is gone; what it uses may come with one. */
static TsShimStatus
ask (TsShimModule * self, guint8 kind, GVariant * message, char *error,
    size_t error_size)
{
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) gives = NULL;
  g_autofree gchar *reason = NULL;
  TsShimStatus status;

  answer = ts_process_ask (self->process, g_variant_new (TS_WIRE_REQUEST, kind,
          message), NULL, 0, self->limits.load_timeout_ms, &reason);
  if (!answer)
    return fail_ended (self, reason, error, error_size);
  gives = read_answer (answer, &status, error, error_size);
  if (gives && g_variant_is_of_type (gives, G_VARIANT_TYPE (TS_WIRE_USE)))
    keep_use (self, gives);
  return status;
}

static TsShimStatus
ask_to_prepare (TsShimModule * self, const TsShimVariant * variant, char *error,
    size_t error_size)
{
  return ask (self, TS_WIRE_PREPARE, g_variant_new (TS_WIRE_VARIANT,
          variant->frozen, variant->channels_last, variant->packed,
          variant->blocked, variant->optimized, (guint32) variant->precision,
          variant->threads), error, error_size);
}

static TsShimStatus
restart (TsShimModule * self, char *error, size_t error_size)
{
  TsShimStatus status;

  if (self->process)
    return TS_SHIM_OK;
  if (self->n_restarts >= self->limits.max_restarts)
    return fail_ended (self, "is gone", error, error_size);
  self->n_restarts++;
  status = start (self, error, error_size);
  if (status == TS_SHIM_OK && self->has_variant)
    status = ask_to_prepare (self, &self->variant, error, error_size);
  return status;
}

static TsShimStatus
prepare (TsShimModule * self, const TsShimVariant * variant, char *error,
    size_t error_size)
{
  TsShimStatus status;

  g_mutex_lock (&self->lock);
  status = restart (self, error, error_size);
  if (status == TS_SHIM_OK)
    status = ask_to_prepare (self, variant, error, error_size);
  if (status == TS_SHIM_OK) {
    self->variant = *variant;
    self->has_variant = TRUE;
  }
  g_mutex_unlock (&self->lock);
  return status;
}

static void
settle (TsShimModule * self)
{
  g_mutex_lock (&self->lock);
  if (self->process)
    ask (self, TS_WIRE_SETTLE, g_variant_new (TS_WIRE_NOTHING), NULL, 0);
  g_mutex_unlock (&self->lock);
}

static TsShimStatus
read_output (TsShimModule * self, GVariant * answer, TsShimValue ** output,
    char *error, size_t error_size)
{
  g_autoptr (GVariant) gives = NULL;
  TsShimStatus status;

  gives = read_answer (answer, &status, error, error_size);
  if (status != TS_SHIM_OK)
    return status;
  if (!ts_shared_update (&self->outputs))
    return fail (TS_SHIM_ERROR_MEMORY, "no memory for the answer", error,
        error_size);
  *output = ts_remote_value_new (gives, &self->outputs,
      most_bytes (&self->limits));
  return *output ? TS_SHIM_OK : fail_ended (self, NO_ANSWER, error, error_size);
}

static TsShimStatus
run_locked (TsShimModule * self, GVariant * inputs, size_t n_listed,
    TsShimValue ** output, char *error, size_t error_size)
{
  int fds[] = { self->inputs.fd, self->outputs.fd };
  g_autoptr (GVariant) answer = NULL;
  g_autofree gchar *reason = NULL;

  answer = ts_process_ask (self->process, g_variant_new (TS_WIRE_REQUEST,
          TS_WIRE_RUN, g_variant_new ("(@a(uaxt)u)", inputs,
              (guint32) n_listed)), fds, self->memory_is_new ? 2 : 0,
      self->limits.run_timeout_ms, &reason);
  if (!answer)
    return fail_ended (self, reason, error, error_size);
  self->memory_is_new = FALSE;
  return read_output (self, answer, output, error, error_size);
}

static TsShimStatus
run_listed (TsShimModule * self, const TsShimTensor * inputs, size_t n_inputs,
    size_t n_listed, TsShimValue ** output, char *error, size_t error_size)
{
  TsShimStatus status;
  GVariant *message;

  g_mutex_lock (&self->lock);
  status = restart (self, error, error_size);
  if (status == TS_SHIM_OK) {
    message = share_inputs (self, inputs, n_inputs);
    status = message ? run_locked (self, message, n_listed, output, error,
        error_size) : fail (TS_SHIM_ERROR_MEMORY, "no memory for the inputs",
        error, error_size);
  }
  g_mutex_unlock (&self->lock);
  return status;
}

static TsShimStatus
run (TsShimModule * self, const TsShimTensor * inputs, size_t n_inputs,
    TsShimValue ** output, char *error, size_t error_size)
{
  return run_listed (self, inputs, n_inputs, 0, output, error, error_size);
}

static TsShimApi *
make_api (const TsProcess * process)
{
  TsShimApi *table = g_new0 (TsShimApi, 1);

  runtime_text = g_strdup (process->runtime);
  warning_text = g_strdup (process->warning);
  table->abi_version = TS_SHIM_ABI_VERSION;
  table->runtime = runtime;
  table->runtime_warning = runtime_warning;
  table->check_device = check_device;
  table->load = load;
  table->module_free = module_free;
  table->config = config;
  table->run = run;
  table->run_listed = run_listed;
  table->prepare = prepare;
  table->settle = settle;
  table->use = use;
  ts_remote_value_fill_api (table);
  return table;
}

const TsShimApi *
ts_remote_open (GError ** error)
{
  TsProcess *process = take_process (error);
  const TsShimApi *table;

  if (!process)
    return NULL;
  g_mutex_lock (&lock);
  if (!api)
    api = make_api (process);
  table = api;
  g_mutex_unlock (&lock);
  give_back_process (process);
  return table;
}
