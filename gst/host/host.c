/* host.c - the process that runs a model for the plugin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Started by tsremote.c with a socket at TS_WIRE_FD.  Opens the shim, and takes away
 * from itself what running a model does not need before it touches the model.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tssandbox.h"
#include "tsshared.h"
#include "tsshim.h"
#include "tsthread.h"
#include "tswire.h"

#define ERROR_SIZE 4096

typedef struct
{
  const TsShimApi *api;
  TsShimModule *module;
  TsShared model, weights;      /* as long as the module is being loaded */
  TsShared inputs, outputs;
  gchar error[ERROR_SIZE];      /* of the request at hand */
} Host;

static GVariant *
nothing (void)
{
  return g_variant_new ("()");
}

static void
answer (Host * self, TsShimStatus status, GVariant * gives)
{
  if (ts_wire_send (TS_WIRE_FD, g_variant_new ("(i^ayv)", (gint32) status,
              self->error, gives), NULL, 0, 0) != TS_WIRE_DONE)
    _exit (0);
}

static TsShimStatus
fail (Host * self, TsShimStatus status, const gchar * text)
{
  g_strlcpy (self->error, text, sizeof self->error);
  return status;
}

static const gchar *
or_null (const gchar * text)
{
  return *text ? text : NULL;
}

/* The names and tensors of TS_WIRE_OPTIONS; the names live as long as @list. */
static gboolean
read_weights (const Host * self, GVariant * list, GArray * weights)
{
  gsize n = g_variant_n_children (list);

  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (list, i);
    g_autoptr (GVariant) name = g_variant_get_child_value (entry, 0);
    g_autoptr (GVariant) tensor = g_variant_get_child_value (entry, 1);
    TsShimNamedTensor weight = { g_variant_get_bytestring (name) };

    if (!ts_shared_read_tensor (&self->weights, tensor, &weight.tensor))
      return FALSE;
    g_array_append_val (weights, weight);
  }
  return TRUE;
}

/* What reads files is done before files are out of reach. */
static TsShimStatus
enter_sandbox (Host * self, const TsShimLoadOptions * options,
    guint64 max_bytes)
{
  TsShimStatus status =
      self->api->prepare_process (options->op_libs, self->error,
      sizeof self->error);
  gboolean has_card = !g_str_equal (options->device, "cpu");

  if (status == TS_SHIM_OK && has_card)
    status = self->api->check_device (options->device, self->error,
        sizeof self->error);
  if (status == TS_SHIM_OK && !ts_sandbox_enter (max_bytes, has_card))
    return fail (self, TS_SHIM_ERROR_LOAD,
        "this system cannot confine a process "
        "(seccomp); set isolation=none, or use a kernel with seccomp filters");
  return status;
}

static TsShimStatus
load (Host * self, GVariant * message)
{
  g_autoptr (GArray) weights = g_array_new (FALSE, FALSE,
      sizeof (TsShimNamedTensor));
  g_autofree const gchar **libs = NULL;
  g_autoptr (GVariant) list = NULL;
  const gchar *path, *device, *method, *weights_path;
  TsShimLoadOptions options = { NULL };
  gboolean has_weights;
  TsShimStatus status;
  guint64 max_bytes;

  g_variant_get (message, "(^&ay^&ay^&ayiuii^a&ay^&ay@a(ay(uaxt))bt)", &path,
      &device, &method, &options.threads, &options.dtype,
      &options.unsafe_operators, &options.tunable, &libs, &weights_path, &list,
      &has_weights, &max_bytes);
  options.path = path;
  options.device = device;
  options.method = or_null (method);
  options.op_libs = libs;
  options.data = self->model.data ? self->model.data : (gpointer) "";
  options.size = self->model.size;
  if (!read_weights (self, list, weights))
    return fail (self, TS_SHIM_ERROR_ARGUMENT,
        "weights outside of their memory");
  if (has_weights) {
    options.weights = (const TsShimNamedTensor *) weights->data;
    options.n_weights = weights->len;
    options.weights_path = or_null (weights_path);
  }
  status = enter_sandbox (self, &options, max_bytes);
  return status != TS_SHIM_OK ? status : self->api->load (&options,
      &self->module, self->error, sizeof self->error);
}

static GVariant *
write_use (Host * self)
{
  TsShimUse use = { 0 };

  if (self->module)
    self->api->use (self->module, &use);
  return g_variant_new (TS_WIRE_USE, (guint32) use.precision, use.threads,
      use.weight_bytes, use.device_bytes);
}

/* Takes a descriptor that came with a request; what nobody takes is closed. */
static gboolean
open_shared (TsShared * self, int *fd)
{
  int taken = *fd;

  *fd = -1;
  return ts_shared_open (self, taken);
}

static void
answer_load (Host * self, GVariant * message, int *fds)
{
  gboolean mapped = open_shared (&self->model, &fds[0])
      && (fds[1] < 0 || open_shared (&self->weights, &fds[1]));
  TsShimStatus status = mapped && !self->module ? load (self, message) :
      fail (self, TS_SHIM_ERROR_MEMORY, "the model cannot be mapped");
  const gchar *config = NULL;
  gsize size = 0;

  ts_shared_clear (&self->model);
  ts_shared_clear (&self->weights);
  if (status == TS_SHIM_OK)
    config = self->api->config (self->module, &size);
  answer (self, status, g_variant_new ("(@ay@(uixx))",
          g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, config, size, 1),
          write_use (self)));
}

static GVariant *write_value (Host * self, const TsShimValue * value,
    gsize * offset);

static GVariant *
write_tensor (Host * self, const TsShimTensor * tensor, gsize * offset)
{
  gsize begin = ts_shared_align (*offset);
  gsize size = ts_shared_tensor_size (tensor);

  if (size > 0 && !ts_shared_reserve (&self->outputs, begin + size))
    return NULL;
  if (size > 0)
    memcpy (self->outputs.data + begin, tensor->data, size);
  *offset = begin + size;
  return ts_shared_write_tensor (tensor, begin);
}

/* NULL in it stands for memory that could not be had. */
static GVariant *
write_children (Host * self, const TsShimValue * value, gboolean is_dict,
    gsize * offset)
{
  GVariantBuilder builder;
  gsize n = self->api->value_size (value);

  g_variant_builder_init (&builder, is_dict ? G_VARIANT_TYPE ("a(ayv)") :
      G_VARIANT_TYPE ("av"));
  for (gsize i = 0; i < n; i++) {
    GVariant *child = write_value (self, self->api->value_child (value, i),
        offset);

    if (!child) {
      g_variant_builder_clear (&builder);
      return NULL;
    }
    if (is_dict)
      g_variant_builder_add (&builder, "(^ayv)",
          self->api->value_key (value, i), child);
    else
      g_variant_builder_add (&builder, "v", child);
  }
  return g_variant_builder_end (&builder);
}

static GVariant *
write_value (Host * self, const TsShimValue * value, gsize * offset)
{
  const TsShimApi *api = self->api;
  TsShimKind kind = api->value_kind (value);

  switch (kind) {
    case TS_SHIM_TENSOR:
      return write_tensor (self, api->value_tensor (value), offset);
    case TS_SHIM_LIST:
    case TS_SHIM_DICT:
      return write_children (self, value, kind == TS_SHIM_DICT, offset);
    case TS_SHIM_INT:
      return g_variant_new_int64 (api->value_int (value));
    case TS_SHIM_DOUBLE:
      return g_variant_new_double (api->value_double (value));
    case TS_SHIM_STRING:
      return g_variant_new_bytestring (api->value_string (value));
    default:
      return nothing ();
  }
}

static TsShimStatus
run (Host * self, GVariant * message, TsShimValue ** value)
{
  g_autoptr (GVariant) list = NULL;
  TsShimTensor inputs[64];
  guint32 n_listed;
  gsize n;

  g_variant_get (message, "(@a(uaxt)u)", &list, &n_listed);
  n = g_variant_n_children (list);
  if (!self->module || n > G_N_ELEMENTS (inputs))
    return fail (self, TS_SHIM_ERROR_ARGUMENT, "no module, or too many inputs");
  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) tensor = g_variant_get_child_value (list, i);

    if (!ts_shared_read_tensor (&self->inputs, tensor, &inputs[i]))
      return fail (self, TS_SHIM_ERROR_ARGUMENT,
          "an input outside of its memory");
  }
  return self->api->run_listed (self->module, inputs, n, n_listed, value,
      self->error, sizeof self->error);
}

static void
answer_run (Host * self, GVariant * message, int *fds)
{
  gboolean mapped = (fds[0] < 0 || open_shared (&self->inputs, &fds[0]))
      && (fds[1] < 0 || open_shared (&self->outputs, &fds[1]))
      && ts_shared_update (&self->inputs);
  TsShimValue *value = NULL;
  TsShimStatus status = mapped ? run (self, message, &value) :
      fail (self, TS_SHIM_ERROR_MEMORY, "the inputs cannot be mapped");
  GVariant *gives = NULL;
  gsize offset = 0;

  if (status == TS_SHIM_OK) {
    gives = write_value (self, value, &offset);
    self->api->value_free (value);
    if (!gives)
      status = fail (self, TS_SHIM_ERROR_MEMORY, "no memory for the answer");
  }
  answer (self, status, gives ? gives : nothing ());
}

static void
answer_check_device (Host * self, GVariant * message)
{
  TsShimStatus status = self->api->check_device
      (g_variant_get_bytestring (message), self->error, sizeof self->error);

  answer (self, status, nothing ());
}

static void
answer_prepare (Host * self, GVariant * message)
{
  TsShimVariant variant;
  TsShimStatus status;

  g_variant_get (message, TS_WIRE_VARIANT, &variant.frozen,
      &variant.channels_last, &variant.packed, &variant.blocked,
      &variant.optimized, &variant.precision, &variant.threads);
  status = self->module ? self->api->prepare (self->module, &variant,
      self->error, sizeof self->error) :
      fail (self, TS_SHIM_ERROR_ARGUMENT, "no module");
  answer (self, status, write_use (self));
}

static void
answer_settle (Host * self)
{
  if (self->module)
    self->api->settle (self->module);
  answer (self, TS_SHIM_OK, nothing ());
}

static gboolean
is_of_type (GVariant * message, const gchar * type)
{
  return g_variant_is_of_type (message, G_VARIANT_TYPE (type));
}

static gboolean
answer_request (Host * self, GVariant * request, int *fds)
{
  g_autoptr (GVariant) message = NULL;
  guint8 kind;

  g_variant_get (request, "(yv)", &kind, &message);
  *self->error = '\0';
  if (kind == TS_WIRE_CHECK_DEVICE && is_of_type (message, TS_WIRE_DEVICE))
    answer_check_device (self, message);
  else if (kind == TS_WIRE_LOAD && is_of_type (message, TS_WIRE_OPTIONS))
    answer_load (self, message, fds);
  else if (kind == TS_WIRE_RUN && is_of_type (message, TS_WIRE_INPUTS))
    answer_run (self, message, fds);
  else if (kind == TS_WIRE_PREPARE && is_of_type (message, TS_WIRE_VARIANT))
    answer_prepare (self, message);
  else if (kind == TS_WIRE_SETTLE && is_of_type (message, TS_WIRE_NOTHING))
    answer_settle (self);
  else
    return FALSE;
  return TRUE;
}

static gboolean
serve (Host * self)
{
  g_autoptr (GVariant) request = NULL;
  int fds[TS_WIRE_MAX_FDS];
  gboolean known;

  if (ts_wire_receive (TS_WIRE_FD, TS_WIRE_REQUEST, 0, &request, fds)
      != TS_WIRE_DONE)
    return FALSE;
  known = answer_request (self, request, fds);
  for (guint i = 0; i < TS_WIRE_MAX_FDS; i++)
    if (fds[i] >= 0)
      close (fds[i]);
  return known;
}

/* A module that never returns must not outlive the plugin. */
static gpointer
watch_parent (gpointer data)
{
  struct pollfd entry = { TS_WIRE_FD, POLLRDHUP, 0 };

  while (poll (&entry, 1, -1) <= 0);
  _exit (0);
}

static gboolean
say_hello (const TsShimApi * api, const GError * error)
{
  const gchar *warning = api ? api->runtime_warning () : NULL;

  return ts_wire_send (TS_WIRE_FD, g_variant_new ("(b^ay^ay^ay)", api != NULL,
          error ? error->message : "", api ? api->runtime () : "",
          warning ? warning : ""), NULL, 0, 0) == TS_WIRE_DONE && api;
}

/* Standard output may be where the pipeline sends its data. */
static void
leave_standard_output (void)
{
  int null = open ("/dev/null", O_RDWR | O_CLOEXEC);

  if (null < 0 || dup2 (null, STDIN_FILENO) < 0
      || dup2 (null, STDOUT_FILENO) < 0)
    _exit (1);
  close (null);
}

/* A crash ends the process, whatever a library would like to do about it: how it
 * ended is told by its status. */
static void
crash_plainly (void)
{
  static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    signal (signals[i], SIG_DFL);
  /* Shared memory that cannot grow any more is an error of one call. */
  signal (SIGXFSZ, SIG_IGN);
}

static gboolean
start_watching (GError ** error)
{
  GThread *thread = ts_thread_start ("watch-parent", watch_parent, NULL, error);

  if (thread)
    g_thread_unref (thread);
  return thread != NULL;
}

int
main (void)
{
  Host self = {.model = TS_SHARED_NONE,.weights = TS_SHARED_NONE,
    .inputs = TS_SHARED_NONE,.outputs = TS_SHARED_NONE
  };
  g_autoptr (GError) error = NULL;

  leave_standard_output ();
  self.api = start_watching (&error) ? ts_shim_open (&error) : NULL;
  if (!say_hello (self.api, error))
    return 1;
  crash_plainly ();
  while (serve (&self));
  /* libtorch's destructors would meet the filter. */
  _exit (0);
}
