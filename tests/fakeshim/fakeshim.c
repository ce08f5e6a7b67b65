/* fakeshim.c - the shim's ABI over a script of canned answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The script is the entry fake/script.json of the model file, which
 * fake_model_write() and fakemodel.py write.  All fields may be left out:
 *
 *   "load_error": {"status": S, "text": "...", "device": "cuda:0"}
 *                                load() fails (with "device" on that one only)
 *   "cpu_load_ms": N             load() on the CPU takes that long
 *   "methods": ["forward"]       any other method is a METHOD error
 *   "config": "..."              the embedded config.txt
 *   "run_error": {"status": S, "text": "...", "device": "cuda:0"}
 *                                run() and lane_run() fail (likewise) ...
 *   "fail_on_run": N             ... at the Nth call only, from 0
 *   "fail_runs": M               ... and at the M - 1 after it
 *   "fail_above": x              ... and only if the first number of a picture is more
 *   "input_shape": [1, 3, 8, 8]  an input of another shape is a FORWARD error
 *   "n_listed": N               another number of listed inputs is one, too
 *   "delay_ms": N                run() takes that long
 *   "late_ms": N                 the first on another device than cuda:0 takes as long more
 *   "crash_on_run": N            the process dies at the Nth call, from 0
 *   "state": ["name", ...]       weights with other names are an ARGUMENT error
 *   "describe": VALUE            what describe() answers; else an empty dict
 *   "output": VALUE              what run() answers; else None
 *   "outputs": [VALUE, ...]      instead: one for each run, then the first again
 *   "weight_bytes": N, "keeps_state": true  what use() tells
 *   "upload_ms": N               of a lane's run, which takes as long at least
 *   "lane_limit": N              a lane's batch of more frames is a MEMORY error
 *   "whole": VALUE               what lane_answer() gives, and a lane's run that keeps
 *                                all; else the output
 *   "forms": {"packed": {...}}   "run_error", "delay_ms" and "output" of a form that
 *                                prepare() makes; with "error" there is no such form.
 *                                "plain", "loaded", "nhwc", "packed" or "optimized",
 *                                with " bf16", " fp16", and " N" of N threads
 *
 * S is "argument", "load", "device", "method", "forward", "output" or "memory".
 * VALUE is one of {"tensor": {"shape": [...], "dtype": "float32", "values":
 * [...] or "fill": x}}, {"list": [VALUE, ...]}, {"dict": {"key": VALUE, ...}},
 * {"int": 1}, {"double": 0.5}, {"string": "..."}, {"none": true} and {"input":
 * N}, the Nth input itself (true: the first).  Numbers may be "nan", "inf" and "-inf"; those of
 * float16 and bfloat16 are their bits.
 *
 * A lane repeats the output, a tensor for one frame, for each of its frames; its note
 * tells "N frames of WxH at LEFT,TOP keep K; " for each run.
 *
 * Of the process: FAKESHIM_DEVICES, a list by commas (default: "cpu"),
 * FAKESHIM_WARNING, the runtime's warning, and FAKESHIM_LANES: there are lanes, and
 * memory from host_alloc() is full of FAKE_HOST_BYTE.
 */
#include <archive.h>
#include <archive_entry.h>
#include <signal.h>
#include <string.h>

#include "fakemodel.h"
#include "fakevalue.h"

struct TsShimModule
{
  JsonObject *script;
  gchar *path;
  gchar *device;
  gchar *method;
  JsonObject *form;             /* of the script; NULL: the script itself */
  TsShimDtype dtype;
  gint threads;
  gint used_precision, used_threads;    /* of the form; atomic, as use() tells them */
  gint runs;
};

static const char *
runtime (void)
{
  return "fakeshim 1.0";
}

static const char *
runtime_warning (void)
{
  return g_getenv ("FAKESHIM_WARNING");
}

static void
write_error (char *error, size_t error_size, const gchar * text)
{
  if (error)
    g_strlcpy (error, text, error_size);
}

static TsShimStatus
check_device (const char *device, char *error, size_t error_size)
{
  const gchar *devices = g_getenv ("FAKESHIM_DEVICES");
  g_auto (GStrv) list = g_strsplit (devices ? devices : "cpu", ",", -1);

  if (g_strv_contains ((const gchar * const *) list, device))
    return TS_SHIM_OK;
  if (error)
    g_snprintf (error, error_size, "device '%s' does not work: no such fake",
        device);
  return TS_SHIM_ERROR_DEVICE;
}

static gint
open_archive (struct archive *archive, const TsShimLoadOptions * options)
{
  if (options->data)
    return archive_read_open_memory (archive, options->data, options->size);
  return archive_read_open_filename (archive, options->path, 65536);
}

static gchar *
read_entry (struct archive *archive, struct archive_entry *entry)
{
  gsize size = (gsize) archive_entry_size (entry);
  gchar *text = g_malloc0 (size + 1);

  if (archive_read_data (archive, text, size) == (gssize) size)
    return text;
  g_free (text);
  return NULL;
}

/* "{}" if there is none, NULL if the file cannot be read. */
static gchar *
read_script (const TsShimLoadOptions * options)
{
  struct archive *archive = archive_read_new ();
  struct archive_entry *entry;
  gchar *text = NULL;
  gint status;

  archive_read_support_format_zip_seekable (archive);
  status = open_archive (archive, options);
  while (status == ARCHIVE_OK
      && (status = archive_read_next_header (archive, &entry)) == ARCHIVE_OK)
    if (g_str_has_suffix (archive_entry_pathname (entry), "/script.json")) {
      text = read_entry (archive, entry);
      break;
    }
  if (status == ARCHIVE_EOF)
    text = g_strdup ("{}");
  archive_read_free (archive);
  return text;
}

/* NULL if the file cannot be read. */
static JsonObject *
parse_script (const TsShimLoadOptions * options, char *reason,
    size_t reason_size)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree gchar *text = read_script (options);
  g_autoptr (GError) error = NULL;

  if (!text) {
    write_error (reason, reason_size, "the fake cannot read it");
    return NULL;
  }
  if (!json_parser_load_from_data (parser, text, -1, &error))
    g_error ("fakeshim: %s: %s", options->path, error->message);
  return json_node_dup_object (json_parser_get_root (parser));
}

/* @device may be NULL. */
static TsShimStatus
fail_as_scripted (JsonObject * script, const gchar * field,
    const gchar * device, char *error, size_t error_size)
{
  static const gchar *const names[] = {
    "ok", "argument", "load", "device", "method", "forward", "output", "memory"
  };
  JsonObject *object;
  const gchar *name;

  if (!json_object_has_member (script, field))
    return TS_SHIM_OK;
  object = json_object_get_object_member (script, field);
  if (device && g_strcmp0 (device,
          json_object_get_string_member_with_default (object, "device",
              device)) != 0)
    return TS_SHIM_OK;
  name = json_object_get_string_member (object, "status");
  write_error (error, error_size,
      json_object_get_string_member_with_default (object, "text", "as told"));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (name, names[i]))
      return (TsShimStatus) i;
  g_error ("fakeshim: unknown status '%s'", name);
}

static void
module_free (TsShimModule * self)
{
  if (!self)
    return;
  g_clear_pointer (&self->script, json_object_unref);
  g_free (self->path);
  g_free (self->device);
  g_free (self->method);
  g_free (self);
}

static gboolean
has_method (TsShimModule * self)
{
  JsonArray *methods;

  if (!json_object_has_member (self->script, "methods"))
    return g_str_equal (self->method, "forward");
  methods = json_object_get_array_member (self->script, "methods");
  for (guint i = 0; i < json_array_get_length (methods); i++)
    if (g_str_equal (json_array_get_string_element (methods, i), self->method))
      return TRUE;
  return FALSE;
}

/* Compares the names alone, joined by commas. */
static TsShimStatus
check_weights (TsShimModule * self, const TsShimLoadOptions * options,
    char *error, size_t error_size)
{
  g_autoptr (GString) given = g_string_new (NULL);
  g_autoptr (GString) wanted = g_string_new (NULL);
  JsonArray *state;

  if (!options->weights || !json_object_has_member (self->script, "state"))
    return TS_SHIM_OK;
  state = json_object_get_array_member (self->script, "state");
  for (guint i = 0; i < json_array_get_length (state); i++)
    g_string_append_printf (wanted, "%s,", json_array_get_string_element (state,
            i));
  for (size_t i = 0; i < options->n_weights; i++)
    g_string_append_printf (given, "%s,", options->weights[i].name);
  if (g_string_equal (given, wanted))
    return TS_SHIM_OK;
  if (error)
    g_snprintf (error, error_size, "%s: has %s and not %s",
        options->weights_path, given->str, wanted->str);
  return TS_SHIM_ERROR_ARGUMENT;
}

static TsShimStatus
load (const TsShimLoadOptions * options, TsShimModule ** module, char *error,
    size_t error_size)
{
  TsShimModule *self = g_new0 (TsShimModule, 1);
  TsShimStatus status = check_device (options->device, error, error_size);

  self->path = g_strdup (options->path);
  self->device = g_strdup (options->device);
  self->method = g_strdup (options->method ? options->method : "forward");
  self->dtype = options->dtype;
  self->threads = options->threads;
  self->used_precision = (gint) self->dtype;
  self->used_threads = self->threads;
  self->script = parse_script (options, error, error_size);
  if (!self->script)
    status = TS_SHIM_ERROR_LOAD;
  else if (g_str_equal (self->device, "cpu"))
    g_usleep (1000 * json_object_get_int_member_with_default (self->script,
            "cpu_load_ms", 0));
  if (status == TS_SHIM_OK)
    status = fail_as_scripted (self->script, "load_error", self->device, error,
        error_size);
  if (status == TS_SHIM_OK && !has_method (self)) {
    status = TS_SHIM_ERROR_METHOD;
    if (error)
      g_snprintf (error, error_size, "%s has no method '%s'", self->path,
          self->method);
  }
  if (status == TS_SHIM_OK)
    status = check_weights (self, options, error, error_size);
  if (status == TS_SHIM_OK)
    *module = self;
  else
    module_free (self);
  return status;
}

static const char *
config (const TsShimModule * self, size_t *size)
{
  const gchar *text = json_object_get_string_member_with_default
      (self->script, "config", NULL);

  if (text)
    *size = strlen (text);
  return text;
}

static gboolean
fits_shape (TsShimModule * self, const TsShimTensor * input)
{
  JsonArray *shape;
  gboolean fits;

  if (!json_object_has_member (self->script, "input_shape"))
    return TRUE;
  shape = json_object_get_array_member (self->script, "input_shape");
  fits = (gint) json_array_get_length (shape) == input->n_dims;
  for (gint i = 0; fits && i < input->n_dims; i++)
    fits = json_array_get_int_element (shape, i) == input->shape[i];
  return fits;
}

static void
write_shape_error (TsShimModule * self, const TsShimTensor * input,
    char *error, size_t error_size)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, "%s: %s() failed on input [", self->path,
      self->method);
  for (gint i = 0; i < input->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? ", " : "",
        (gint64) input->shape[i]);
  g_string_append (text, "]: the sizes do not match");
  write_error (error, error_size, text->str);
}

static gboolean
starts_above (const TsShimTensor * input, gdouble limit)
{
  gint64 n = input->shape[0], size = 1;

  for (gint i = 1; i < input->n_dims; i++)
    size *= input->shape[i];
  for (gint64 i = 0; i < n; i++)
    if (((const gfloat *) input->data)[i * size] > limit)
      return TRUE;
  return FALSE;
}

/* @input may be NULL. */
static gboolean
fails_now (TsShimModule * self, const TsShimTensor * input)
{
  gint64 first = json_object_get_int_member_with_default (self->script,
      "fail_on_run", -1);
  gint64 n = json_object_get_int_member_with_default (self->script,
      "fail_runs", 1);
  gint run = g_atomic_int_add (&self->runs, 1);

  if (input && json_object_has_member (self->script, "fail_above")
      && !starts_above (input, json_object_get_double_member (self->script,
              "fail_above")))
    return FALSE;
  return first < 0 || (run >= first && run < first + n);
}

static gboolean
fits_listed (TsShimModule * self, size_t n_listed)
{
  return json_object_get_int_member_with_default (self->script, "n_listed",
      (gint64) n_listed) == (gint64) n_listed;
}

/* What the form says of itself, else what the script says. */
static JsonObject *
find_script (TsShimModule * self, const gchar * field)
{
  return self->form && json_object_has_member (self->form, field) ?
      self->form : self->script;
}

static JsonNode *
find_output (TsShimModule * self)
{
  JsonArray *outputs;

  if (!json_object_has_member (self->script, "outputs"))
    return json_object_get_member (find_script (self, "output"), "output");
  outputs = json_object_get_array_member (self->script, "outputs");
  return json_array_get_element (outputs,
      (guint) g_atomic_int_get (&self->runs) % json_array_get_length (outputs));
}

static TsShimStatus
run_listed (TsShimModule * self, const TsShimTensor * inputs, size_t n_inputs,
    size_t n_listed, TsShimValue ** output, char *error, size_t error_size)
{
  g_autoptr (JsonNode) none = json_from_string ("{\"none\": true}", NULL);
  JsonNode *answer = find_output (self);
  TsShimStatus status = TS_SHIM_OK;

  if (json_object_get_int_member_with_default (self->script, "crash_on_run",
          -1) == g_atomic_int_get (&self->runs))
    raise (SIGSEGV);
  g_usleep (1000 * json_object_get_int_member_with_default (find_script (self,
              "delay_ms"), "delay_ms", 0));
  if (g_atomic_int_get (&self->runs) == 0
      && !g_str_equal (self->device, "cuda:0"))
    g_usleep (1000 * json_object_get_int_member_with_default (self->script,
            "late_ms", 0));
  if (fails_now (self, &inputs[0]))
    status = fail_as_scripted (find_script (self, "run_error"), "run_error",
        self->device, error, error_size);
  if (status == TS_SHIM_OK && !fits_listed (self, n_listed)) {
    write_error (error, error_size, "another number of inputs is listed");
    status = TS_SHIM_ERROR_FORWARD;
  }
  if (status == TS_SHIM_OK && !fits_shape (self, &inputs[0])) {
    write_shape_error (self, &inputs[0], error, error_size);
    status = TS_SHIM_ERROR_FORWARD;
  }
  if (status == TS_SHIM_OK)
    *output = fake_value_new (answer ? answer : none, inputs, n_inputs);
  return status;
}

static TsShimStatus
run (TsShimModule * self, const TsShimTensor * inputs, size_t n_inputs,
    TsShimValue ** output, char *error, size_t error_size)
{
  return run_listed (self, inputs, n_inputs, 0, output, error, error_size);
}

static TsShimStatus
describe (const TsShimLoadOptions * options, TsShimValue ** description,
    char *error, size_t error_size)
{
  JsonObject *script = parse_script (options, error, error_size);
  g_autoptr (JsonNode) empty = json_from_string ("{\"dict\": {}}", NULL);
  JsonNode *answer;
  TsShimStatus status;

  if (!script)
    return TS_SHIM_ERROR_LOAD;
  answer = json_object_get_member (script, "describe");
  status = fail_as_scripted (script, "load_error", NULL, error, error_size);
  if (status == TS_SHIM_OK)
    *description = fake_value_new (answer ? answer : empty, NULL, 0);
  json_object_unref (script);
  return status;
}

struct TsShimLane
{
  TsShimModule *module;
  TsShimValue *value;           /* of the last run */
  gsize n;                      /* frames of the last run */
  GString *note;
};

static TsShimStatus
lane_new (TsShimModule * module, const TsShimLane * like, TsShimLane ** lane,
    char *error, size_t error_size)
{
  *lane = g_new0 (TsShimLane, 1);
  (*lane)->module = module;
  (*lane)->note = g_string_new (like ? "forked; " : "");
  return TS_SHIM_OK;
}

static void
free_value (TsShimValue * value)
{
  ts_shim_api (TS_SHIM_ABI_VERSION)->value_free (value);
}

static void
lane_free (TsShimLane * self)
{
  if (!self)
    return;
  free_value (self->value);
  g_string_free (self->note, TRUE);
  g_free (self);
}

/* The tensor @field for one frame, as often as there are frames. */
static TsShimValue *
repeat (TsShimLane * self, const gchar * field)
{
  JsonNode *one = json_object_get_member (self->module->script, field);
  g_autofree gchar *text = json_to_string (one, FALSE);
  g_autoptr (JsonNode) many = json_from_string (text, NULL);
  JsonObject *tensor = json_object_get_object_member
      (json_node_get_object (many), "tensor");
  JsonArray *values = json_object_get_array_member (tensor, "values");
  JsonArray *shape = json_array_new ();
  JsonArray *old = json_object_get_array_member (tensor, "shape");
  guint n_values = json_array_get_length (values);

  json_array_add_int_element (shape, (gint64) self->n);
  for (guint i = 1; i < json_array_get_length (old); i++)
    json_array_add_int_element (shape, json_array_get_int_element (old, i));
  for (guint i = n_values; i < n_values * self->n; i++)
    json_array_add_element (values,
        json_array_dup_element (values, i % n_values));
  json_object_set_array_member (tensor, "shape", shape);
  return fake_value_new (many, NULL, 0);
}

static int64_t
lane_upload_ns (const TsShimLane * self)
{
  return 1000000 * json_object_get_int_member_with_default
      (self->module->script, "upload_ms", 0);
}

static TsShimStatus
lane_run (TsShimLane * self, const TsShimInput * input,
    const TsShimFrame * frames, size_t n, size_t keep,
    const TsShimValue ** output, char *error, size_t error_size)
{
  JsonObject *script = self->module->script;
  gint64 limit = json_object_get_int_member_with_default (script, "lane_limit",
      G_MAXINT64);
  TsShimStatus status;

  g_string_append_printf (self->note, "%zu frames of %dx%d at %d,%d keep %zu; ",
      n, input->width, input->height, frames[0].left, frames[0].top, keep);
  if ((gint64) n > limit) {
    write_error (error, error_size, "fake memory is full");
    return TS_SHIM_ERROR_MEMORY;
  }
  if (fails_now (self->module, NULL)
      && (status = fail_as_scripted (script, "run_error", self->module->device,
              error, error_size)) != TS_SHIM_OK)
    return status;
  g_usleep (lane_upload_ns (self) / 1000);
  free_value (self->value);
  self->n = n;
  *output = self->value = repeat (self, keep == 0
      && json_object_has_member (script, "whole") ? "whole" : "output");
  return TS_SHIM_OK;
}

static TsShimStatus
lane_answer (TsShimLane * self, TsShimValue ** answer, char *error,
    size_t error_size)
{
  *answer = repeat (self, json_object_has_member (self->module->script,
          "whole") ? "whole" : "output");
  return TS_SHIM_OK;
}

static const char *
lane_note (const TsShimLane * self)
{
  return self->note->str;
}

static void *
host_alloc (const char *device, size_t size)
{
  g_assert_true (g_str_has_prefix (device, "cuda:"));
  return memset (g_malloc (size), FAKE_HOST_BYTE, size);
}

static void
host_free (void *memory)
{
  g_free (memory);
}

static void
add_lanes (TsShimApi * api)
{
  api->host_alloc = host_alloc;
  api->host_free = host_free;
  api->lane_new = lane_new;
  api->lane_free = lane_free;
  api->lane_run = lane_run;
  api->lane_answer = lane_answer;
  api->lane_note = lane_note;
  api->lane_upload_ns = lane_upload_ns;
}

static gchar *
name_form (const TsShimVariant * variant)
{
  GString *name = g_string_new (variant->blocked ? "blocked" :
      variant->packed ? "packed" : variant->
      optimized ? "optimized" : variant->channels_last ? "nhwc" : variant->
      frozen ? "plain" : "loaded");

  if (variant->precision != TS_SHIM_FLOAT32)
    g_string_append (name, variant->precision == TS_SHIM_BFLOAT16 ? " bf16" :
        " fp16");
  if (variant->threads)
    g_string_append_printf (name, " %d", variant->threads);
  return g_string_free (name, FALSE);
}

static TsShimStatus
prepare (TsShimModule * self, const TsShimVariant * variant, char *error,
    size_t error_size)
{
  g_autofree gchar *name = name_form (variant);
  JsonObject *forms = NULL, *form = NULL;

  if (json_object_has_member (self->script, "forms"))
    forms = json_object_get_object_member (self->script, "forms");
  if (forms && json_object_has_member (forms, name))
    form = json_object_get_object_member (forms, name);
  if (form && json_object_has_member (form, "error"))
    return fail_as_scripted (form, "error", NULL, error, error_size);
  self->form = form;
  g_atomic_int_set (&self->used_precision,
      variant->precision != TS_SHIM_FLOAT32 ? variant->precision : self->dtype);
  g_atomic_int_set (&self->used_threads,
      variant->threads ? variant->threads : self->threads);
  return TS_SHIM_OK;
}

static void
settle (TsShimModule * self)
{
}

static TsShimStatus
prepare_process (const char *const *op_libs, char *error, size_t error_size)
{
  return TS_SHIM_OK;
}

static void
use (const TsShimModule * self, TsShimUse * use)
{
  use->precision = (TsShimDtype) g_atomic_int_get (&self->used_precision);
  use->threads = g_atomic_int_get (&self->used_threads);
  use->weight_bytes = json_object_get_int_member_with_default (self->script,
      "weight_bytes", 0);
  use->device_bytes = -1;
  use->keeps_state = json_object_get_boolean_member_with_default (self->script,
      "keeps_state", FALSE);
}

const TsShimApi *
ts_shim_api (uint32_t abi_version)
{
  static TsShimApi api = {
    .abi_version = TS_SHIM_ABI_VERSION,
    .runtime = runtime,
    .runtime_warning = runtime_warning,
    .check_device = check_device,
    .load = load,
    .module_free = module_free,
    .config = config,
    .run = run,
    .run_listed = run_listed,
    .describe = describe,
    .prepare = prepare,
    .settle = settle,
    .prepare_process = prepare_process,
    .use = use
  };

  fake_value_fill_api (&api);
  if (g_getenv ("FAKESHIM_LANES"))
    add_lanes (&api);
  return abi_version == TS_SHIM_ABI_VERSION ? &api : NULL;
}
