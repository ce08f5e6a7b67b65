/* test_isolation.c - a module in a process of its own, and runs that never end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers are compared with those of the same module in this process.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fakemodel.h"
#include "modeltest.h"
#include "tsengine.h"
#include "tsremote.h"
#include "tsremotevalue.h"
#include "tswire.h"

typedef struct
{
  gchar *directory;
  gchar *path;
  TsEngineOptions options;
} Fixture;

static void
set_up (Fixture * fixture, gconstpointer data)
{
  fixture->directory = model_test_directory ();
  fixture->path = g_build_filename (fixture->directory, "m.pt", NULL);
  memset (&fixture->options, 0, sizeof fixture->options);
  fixture->options.path = fixture->path;
  fixture->options.device = "cpu";
  fixture->options.safety.isolated = TRUE;
  fixture->options.safety.max_restarts = 2;
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
}

static void
tear_down (Fixture * fixture, gconstpointer data)
{
  model_test_remove (fixture->directory);
  g_free (fixture->path);
}

static TsEngine *
open_script (Fixture * fixture, const gchar * script)
{
  g_autoptr (GError) error = NULL;
  TsEngine *engine;

  fake_model_write (fixture->path, script);
  engine = ts_engine_open (&fixture->options, &error);
  g_assert_no_error (error);
  return engine;
}

static gboolean
run (TsEngine * engine, GError ** error)
{
  gfloat x[6] = { 1, -2, 3, 0.5f, 1e30f, 0 };
  gint16 y[2] = { -7, 300 };
  const TsTensor inputs[] = {
    {x, TS_DTYPE_FLOAT32, 2, {2, 3}}, {y, TS_DTYPE_INT16, 1, {2}}
  };

  return ts_engine_run (engine, inputs, 2, 0, error);
}

static void
assert_runs (TsEngine * engine)
{
  g_autoptr (GError) error = NULL;

  run (engine, &error);
  g_assert_no_error (error);
}

static void
expect_run_error (TsEngine * engine, const gchar * const *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (run (engine, &error));
  model_test_assert_error (&error, TS_ERROR_FORWARD, words);
}

#define EVERYTHING \
  "{\"config\": \"{}\", \"weight_bytes\": 5000000000, \"output\": {\"dict\": {" \
  "\"echo\": {\"input\": 0}, \"shorts\": {\"input\": 1}, " \
  "\"list\": {\"list\": [{\"int\": -3}, {\"double\": 0.25}, " \
  "{\"tensor\": {\"shape\": [2, 0], \"values\": []}}, " \
  "{\"tensor\": {\"shape\": [], \"values\": [7.5]}}]}, " \
  "\"bits\": {\"tensor\": {\"shape\": [3], \"dtype\": \"float16\", " \
  "\"values\": [1, 2, 3]}}, " \
  "\"nan\": {\"tensor\": {\"shape\": [2], \"values\": [\"nan\", \"-inf\"]}}, " \
  "\"text\": {\"string\": \"gr\\u00fcn\"}, \"none\": {\"none\": true}}}}"

static void
assert_same_tensors (GArray * found, GArray * expected)
{
  g_assert_cmpuint (found->len, ==, expected->len);
  for (guint i = 0; i < found->len; i++) {
    const TsNamedTensor *a = &g_array_index (found, TsNamedTensor, i);
    const TsNamedTensor *b = &g_array_index (expected, TsNamedTensor, i);
    gsize size = ts_tensor_n_elements (&b->tensor)
        * ts_dtype_size (b->tensor.dtype);

    g_assert_cmpstr (a->name, ==, b->name);
    g_assert_cmpint (a->tensor.dtype, ==, b->tensor.dtype);
    g_assert_cmpint (a->tensor.n_dims, ==, b->tensor.n_dims);
    for (gint d = 0; d < b->tensor.n_dims; d++)
      g_assert_cmpint (a->tensor.shape[d], ==, b->tensor.shape[d]);
    g_assert_cmpmem (a->tensor.data, size, b->tensor.data, size);
  }
}

/* Numbers, which the list of tensors leaves out. */
static gfloat
get_number (TsEngine * engine, const gchar * key)
{
  g_autoptr (GError) error = NULL;
  TsOutput output;

  ts_engine_get_output (engine, 0, key, &output, &error);
  g_assert_no_error (error);
  return output.data[0];
}

static void
assert_same_use (TsEngine * one, TsEngine * other)
{
  TsModelUse found, expected;

  ts_engine_get_use (one, &found);
  ts_engine_get_use (other, &expected);
  g_assert_cmpint (found.precision, ==, expected.precision);
  g_assert_cmpint (found.threads, ==, expected.threads);
  g_assert_cmpint (found.weight_bytes, ==, expected.weight_bytes);
  g_assert_cmpint (found.weight_bytes, ==, 5000000000);
  g_assert_cmpint (found.device_bytes, ==, expected.device_bytes);
}

static void
test_answers (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) isolated = open_script (fixture, EVERYTHING);
  g_autoptr (TsEngine) direct = NULL;
  g_autoptr (GArray) found = NULL;
  g_autoptr (GArray) expected = NULL;
  gsize size;

  fixture->options.safety.isolated = FALSE;
  direct = open_script (fixture, EVERYTHING);
  g_assert_cmpstr (ts_engine_get_runtime (isolated), ==,
      ts_engine_get_runtime (direct));
  assert_same_use (isolated, direct);
  g_assert_nonnull (ts_engine_get_config (isolated, &size));
  g_assert_cmpuint (size, ==, 2);
  for (gint i = 0; i < 3; i++) {
    assert_runs (isolated);
    assert_runs (direct);
    g_clear_pointer (&found, g_array_unref);
    g_clear_pointer (&expected, g_array_unref);
    found = ts_answer_list (ts_engine_get_answer (isolated));
    expected = ts_answer_list (ts_engine_get_answer (direct));
    g_assert_cmpuint (expected->len, >, 5);
    assert_same_tensors (found, expected);
    g_assert_cmpfloat (get_number (isolated, "list.0"), ==, -3);
    g_assert_cmpfloat (get_number (isolated, "list.1"), ==, 0.25f);
  }
}

static void
test_errors (Fixture * fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  TsEngine *engine;

  fake_model_write (fixture->path, "{\"load_error\": {\"status\": \"memory\", "
      "\"text\": \"too large\"}}");
  g_assert_null (ts_engine_open (&fixture->options, &error));
  model_test_assert_error (&error, TS_ERROR_MEMORY, WORDS (fixture->path,
          "too large"));
  engine = open_script (fixture, "{\"fail_on_run\": 1, \"run_error\": "
      "{\"status\": \"forward\", \"text\": \"no luck\"}}");
  assert_runs (engine);
  expect_run_error (engine, WORDS (fixture->path, "no luck"));
  assert_runs (engine);
  ts_engine_free (engine);
}

static void
test_crash (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) engine = open_script (fixture, "{\"crash_on_run\": 1}");

  for (gint i = 0; i < 2; i++) {
    assert_runs (engine);
    expect_run_error (engine, WORDS (fixture->path, "signal 11",
            "started again with the next frame"));
  }
  assert_runs (engine);
  expect_run_error (engine, WORDS ("signal 11", "as often as max-restarts"));
  expect_run_error (engine, WORDS ("as often as max-restarts"));
}

/* The form that was asked for is there again after a crash. */
static void
test_forms (Fixture * fixture, gconstpointer data)
{
  const TsVariant nhwc = {.frozen = TRUE,.channels_last = TRUE,.threads = 3 };
  g_autoptr (GError) error = NULL;
  TsEngine *engine;
  TsModelUse use;

  fixture->options.tunable = TRUE;
  engine =
      open_script (fixture,
      "{\"crash_on_run\": 2, \"forms\": {\"nhwc 3\": "
      "{\"output\": {\"int\": 7}}}, \"output\": {\"int\": 1}}");
  assert_runs (engine);
  g_assert_cmpfloat (get_number (engine, ""), ==, 1);
  ts_engine_prepare (engine, &nhwc, &error);
  g_assert_no_error (error);
  ts_engine_settle (engine);
  ts_engine_get_use (engine, &use);
  g_assert_cmpint (use.threads, ==, 3);
  assert_runs (engine);
  g_assert_cmpfloat (get_number (engine, ""), ==, 7);
  expect_run_error (engine, WORDS ("signal 11"));
  assert_runs (engine);
  g_assert_cmpfloat (get_number (engine, ""), ==, 7);
  ts_engine_free (engine);
}

/* The file may be gone, or be another one by then. */
static void
test_restart_loads_the_same (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) engine = open_script (fixture, "{\"crash_on_run\": 1, "
      "\"output\": {\"int\": 3}}");

  fake_model_write (fixture->path, "{\"load_error\": {\"status\": \"load\"}}");
  assert_runs (engine);
  expect_run_error (engine, WORDS ("signal 11"));
  assert_runs (engine);
}

static void
test_late_process (Fixture * fixture, gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();
  TsEngine *engine;

  fixture->options.safety.forward_timeout_ms = 500;
  engine = open_script (fixture, "{\"delay_ms\": 600000}");
  expect_run_error (engine, WORDS (fixture->path,
          "did not answer within 500 ms", "started again"));
  ts_engine_free (engine);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 60 * G_USEC_PER_SEC);
}

static void
test_late_thread (Fixture * fixture, gconstpointer data)
{
  TsEngine *engine, *fork;
  gint64 begin;

  fixture->options.safety.isolated = FALSE;
  fixture->options.safety.forward_timeout_ms = 4000;
  engine = open_script (fixture, "{\"delay_ms\": 600000}");
  fork = ts_engine_fork (engine);
  expect_run_error (engine, WORDS (fixture->path, "4000 ms",
          "isolation=process"));
  /* The module is in use for good: nobody waits for it once more. */
  begin = g_get_monotonic_time ();
  expect_run_error (engine, WORDS ("4000 ms"));
  expect_run_error (fork, WORDS ("4000 ms"));
  ts_engine_free (fork);
  ts_engine_free (engine);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 3 * G_USEC_PER_SEC);
}

static void
test_in_time (Fixture * fixture, gconstpointer data)
{
  g_autoptr (TsEngine) engine = NULL;
  TsEngine *fork;

  fixture->options.safety.isolated = FALSE;
  fixture->options.safety.forward_timeout_ms = 60000;
  engine = open_script (fixture, "{\"output\": {\"input\": 0}}");
  fork = ts_engine_fork (engine);
  for (gint i = 0; i < 3; i++) {
    assert_runs (engine);
    assert_runs (fork);
  }
  ts_engine_free (fork);
}

static void
test_no_program (Fixture * fixture, gconstpointer data)
{
  g_autofree gchar *host = g_strdup (g_getenv ("GST_TORCHSCRIPT_HOST"));
  g_autoptr (GError) error = NULL;

  /* In a process that has none to spare. */
  if (!g_test_subprocess ()) {
    g_test_trap_subprocess (NULL, 0, 0);
    g_test_trap_assert_passed ();
    return;
  }
  fake_model_write (fixture->path, NULL);
  g_setenv ("GST_TORCHSCRIPT_HOST", "/nowhere/host", TRUE);
  g_assert_null (ts_engine_open (&fixture->options, &error));
  model_test_assert_error (&error, TS_ERROR_LIBTORCH, WORDS ("/nowhere/host",
          "isolation=none"));
  g_setenv ("GST_TORCHSCRIPT_HOST", host, TRUE);
  g_setenv ("GST_TORCHSCRIPT_SHIM", "/nowhere/shim.so", TRUE);
  g_assert_null (ts_engine_open (&fixture->options, &error));
  model_test_assert_error (&error, TS_ERROR_LIBTORCH, WORDS ("/nowhere/shim.so",
          "not installed"));
}

/* What a process that was taken over could say. */
static void
test_lies (Fixture * fixture, gconstpointer data)
{
  static const struct
  {
    gint dtype, n_dims;
    gint64 shape[3];
    guint64 offset;
    gboolean holds;
  } cases[] = {
    {TS_SHIM_FLOAT32, 1, {16}, 0, TRUE}, {TS_SHIM_FLOAT32, 1, {17}, 0, FALSE},
    {TS_SHIM_FLOAT32, 1, {16}, 64, FALSE}, {TS_SHIM_UINT8, 1, {1}, 1, FALSE},
    {TS_SHIM_UINT8, 1, {-1}, 0, FALSE}, {99, 1, {1}, 0, FALSE},
    {TS_SHIM_FLOAT32, 3, {G_MAXINT64, G_MAXINT64, 8}, 0, FALSE},
    {TS_SHIM_FLOAT32, 2, {G_GINT64_CONSTANT (1) << 62, 4}, 0, FALSE},
    {TS_SHIM_FLOAT32, 1, {16}, G_MAXUINT64 - 63, FALSE},
    {TS_SHIM_FLOAT32, 2, {0, 5}, G_MAXUINT64, TRUE},
    {TS_SHIM_FLOAT32, 2, {0, -5}, 0, FALSE}
  };
  TsShared shared = TS_SHARED_NONE;

  g_assert_true (ts_shared_create (&shared, "test"));
  g_assert_true (ts_shared_reserve (&shared, 64));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    TsShimTensor tensor =
        { NULL, (TsShimDtype) cases[i].dtype, cases[i].n_dims };
    TsShimTensor read;
    g_autoptr (GVariant) message = NULL;

    memcpy (tensor.shape, cases[i].shape, sizeof cases[i].shape);
    message = g_variant_ref_sink (ts_shared_write_tensor (&tensor,
            cases[i].offset));
    g_test_message ("case %u", i);
    g_assert_cmpint (ts_shared_read_tensor (&shared, message, &read), ==,
        cases[i].holds);
  }
  ts_shared_clear (&shared);
}

/* A list of so many tensors of 64 bytes each, all at one place. */
static GVariant *
make_list (guint n)
{
  const TsShimTensor tensor = { NULL, TS_SHIM_UINT8, 1, {64} };
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (guint i = 0; i < n; i++)
    g_variant_builder_add (&builder, "v", ts_shared_write_tensor (&tensor, 0));
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
assert_taken (const TsShared * outputs, guint n, gsize max_bytes,
    gboolean expected)
{
  g_autoptr (GVariant) list = make_list (n);
  TsShimValue *value = ts_remote_value_new (list, outputs, max_bytes);
  TsShimApi api = { 0 };

  g_assert_cmpint (value != NULL, ==, expected);
  ts_remote_value_fill_api (&api);
  api.value_free (value);
}

/* A small message must not make a large answer. */
static void
test_much (Fixture * fixture, gconstpointer data)
{
  TsShared shared = TS_SHARED_NONE;

  g_assert_true (ts_shared_create (&shared, "test"));
  g_assert_true (ts_shared_reserve (&shared, 256));
  assert_taken (&shared, 4, 1000, TRUE);
  assert_taken (&shared, 5, 1000, FALSE);
  assert_taken (&shared, 4, 255, FALSE);
  ts_shared_clear (&shared);
}

/* A process that does not read holds nobody up for longer than it may. */
static void
test_deaf (Fixture * fixture, gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();
  gint64 deadline = begin + G_USEC_PER_SEC / 2;
  g_autofree gchar *text = g_strnfill (1 << 20, 'x');
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  g_assert_cmpint (ts_wire_send (ends[0], g_variant_new_bytestring (text), NULL,
          0, deadline), ==, TS_WIRE_LATE);
  g_assert_cmpint (g_get_monotonic_time (), >=, deadline);
  close (ends[1]);
  g_assert_cmpint (ts_wire_send (ends[0], g_variant_new_bytestring (text), NULL,
          0, 0), ==, TS_WIRE_CLOSED);
  close (ends[0]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) \
  g_test_add ("/isolation/" #name, Fixture, NULL, set_up, test_##name, tear_down)
  ADD (answers);
  ADD (errors);
  ADD (crash);
  ADD (forms);
  ADD (restart_loads_the_same);
  ADD (late_process);
  ADD (late_thread);
  ADD (in_time);
  ADD (no_program);
  ADD (lies);
  ADD (much);
  ADD (deaf);
  return g_test_run ();
}
