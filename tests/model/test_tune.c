/* test_tune.c - which form of a module is chosen, and what is remembered
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fake shim answers for each form after a time of its own, so that the fastest
 * is known.
 */
#include <math.h>

#include <glib/gstdio.h>
#include <string.h>

#include "fakemodel.h"
#include "modeltest.h"
#include "tsagreement.h"
#include "tsdetector.h"
#include "tstune.h"
#include "tstunecache.h"

#define SIZE 64

/* x1, y1, x2, y2, score, class; of the plain form, and of others. */
#define BOXES(x, score) "{\"tensor\": {\"shape\": [1, 2, 6], \"values\": [" \
  x ", 10, 40, 40, " score ", 1, 5, 5, 9, 9, 0.1, 0]}}"
#define SAME "\"output\": " BOXES ("10", "0.9")
#define OTHER "\"output\": " BOXES ("12", "0.9")

/* Frozen takes 40 ms; packed is the fastest, but says something else; nhwc agrees. */
#define SCRIPT "{\"delay_ms\": 40, " SAME ", \"forms\": {" \
  "\"packed\": {\"delay_ms\": 1, " OTHER "}," \
  "\"nhwc\": {\"delay_ms\": 5}," \
  "\"optimized\": {\"error\": {\"status\": \"argument\"}}," \
  "\"loaded\": {\"delay_ms\": 3, \"run_error\": {\"status\": \"forward\"}}}}"

#define SLOW_MS 80
#define SLOW "{\"delay_ms\": 200, " SAME ", \"forms\": {" \
  "\"nhwc\": {\"delay_ms\": " G_STRINGIFY (SLOW_MS) "}, " \
  "\"packed\": {\"error\": {\"status\": \"argument\"}}," \
  "\"optimized\": {\"error\": {\"status\": \"argument\"}}}}"

typedef struct
{
  gchar *directory, *model;
} Fixture;

static void
set_up (Fixture * self, gconstpointer script)
{
  self->directory = model_test_directory ();
  self->model = g_build_filename (self->directory, "model.pt", NULL);
  fake_model_write (self->model, script);
}

static void
tear_down (Fixture * self, gconstpointer script)
{
  g_free (self->model);
  model_test_remove (self->directory);
}

static gchar *
get_cache (void)
{
  return g_build_filename (g_get_user_cache_dir (), "gst-torchscript", NULL);
}

/* As many files as there are. */
static guint
list_cache (gboolean clears)
{
  g_autofree gchar *path = get_cache ();
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint n = 0;

  while (directory && (name = g_dir_read_name (directory))) {
    g_autofree gchar *file = g_build_filename (path, name, NULL);

    n++;
    if (clears)
      g_assert_cmpint (g_remove (file), ==, 0);
  }
  return n;
}

static TsDetectorOptions
get_options (const gchar * model)
{
  return (TsDetectorOptions) {
  .model = model,.device = "cpu",.decoder = "yolo-end2end",.tune =
        TS_TUNE_AUTO,.precision = TS_PRECISION_FP32};
}

static gchar *
tune (const TsDetectorOptions * options)
{
  g_autoptr (GError) error = NULL;
  TsDetector *detector = ts_detector_open (options, &error);
  gchar *note;

  g_assert_no_error (error);
  g_assert_true (ts_detector_warm_up (detector, SIZE, SIZE, 1, &error));
  g_assert_no_error (error);
  note = g_strdup (ts_detector_get_tune_note (detector));
  ts_detector_free (detector);
  if (note)
    g_test_message ("%s", note);
  return note;
}

static void
assert_has (const gchar * text, const gchar * word)
{
  if (!strstr (text, word))
    g_error ("no '%s' in: %s", word, text);
}

static void
test_choice (Fixture * self, gconstpointer script)
{
  TsDetectorOptions options = get_options (self->model);
  g_autofree gchar *note = NULL;

  list_cache (TRUE);
  note = tune (&options);
  assert_has (note, "runs as: channels_last (frozen ");
  assert_has (note, "packed answers differently");
  assert_has (note, "optimized fails");
  assert_has (note, "as loaded fails");
}

static void
test_off (Fixture * self, gconstpointer script)
{
  TsDetectorOptions options = get_options (self->model);

  list_cache (TRUE);
  options.tune = TS_TUNE_OFF;
  g_assert_null (tune (&options));
  g_assert_cmpuint (list_cache (FALSE), ==, 0);
}

static void
test_remembered (Fixture * self, gconstpointer script)
{
  TsDetectorOptions options = get_options (self->model);
  g_autofree gchar *first = NULL, *second = NULL, *full = NULL;

  list_cache (TRUE);
  first = tune (&options);
  g_assert_cmpuint (list_cache (FALSE), ==, 1);
  second = tune (&options);
  assert_has (second, "runs as: channels_last (remembered: ");
  options.tune = TS_TUNE_FULL;
  full = tune (&options);
  assert_has (full, "runs as: channels_last (frozen ");
  g_assert_cmpuint (list_cache (FALSE), ==, 1);
}

/* The plain form does not run before the one that is remembered, whose first run is the
 * warm-up. */
static void
test_remembered_is_quick (Fixture * self, gconstpointer script)
{
  TsDetectorOptions options = get_options (self->model);
  g_autofree gchar *note = NULL;
  gint64 start;

  list_cache (TRUE);
  g_free (tune (&options));
  start = g_get_monotonic_time ();
  note = tune (&options);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 1900 * SLOW_MS);
  assert_has (note, "runs as: channels_last (remembered: ");
}

/* Each part of the key on its own. */
static void
test_other_key (Fixture * self, gconstpointer script)
{
  TsDetectorOptions options = get_options (self->model);

  list_cache (TRUE);
  g_free (tune (&options));
  options.threads = 3;
  g_free (tune (&options));
  g_assert_cmpuint (list_cache (FALSE), ==, 2);
  options.precision = TS_PRECISION_AUTO;
  g_free (tune (&options));
  g_assert_cmpuint (list_cache (FALSE), ==, 3);
  fake_model_write (self->model, "{\"delay_ms\": 1, " SAME "}");
  g_free (tune (&options));
  g_assert_cmpuint (list_cache (FALSE), ==, 4);
}

/* Overwrites the one file that is there. */
static void
spoil (const gchar * content)
{
  g_autofree gchar *path = get_cache ();
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  g_autofree gchar *file =
      g_build_filename (path, g_dir_read_name (directory), NULL);

  g_assert_true (g_file_set_contents (file, content, -1, NULL));
}

static void
test_corrupt (Fixture * self, gconstpointer script)
{
  static const gchar *const contents[] = {
    "", "\377\376", "[tuning]\n", "[tuning]\nkey=another\nfigures=x\n"
  };
  TsDetectorOptions options = get_options (self->model);

  list_cache (TRUE);
  g_free (tune (&options));
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++) {
    g_autofree gchar *note = NULL;

    spoil (contents[i]);
    note = tune (&options);
    assert_has (note, "runs as: channels_last (frozen ");
  }
}

static void
test_out_of_range (void)
{
  g_autofree gchar *figures = NULL, *text = NULL, *file = NULL;
  g_autofree gchar *path = get_cache ();
  const TsVariant variant = {.frozen = TRUE,.threads = 2 };
  TsVariant found;
  gchar *at;

  list_cache (TRUE);
  g_assert_true (ts_tune_cache_save ("a\nb", &variant, "1 ms", NULL));
  g_assert_true (ts_tune_cache_load ("a\nb", &found, &figures));
  g_assert_cmpint (found.threads, ==, 2);
  g_assert_cmpstr (figures, ==, "1 ms");
  g_clear_pointer (&figures, g_free);
  {
    g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);

    file = g_build_filename (path, g_dir_read_name (directory), NULL);
  }
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  at = strstr (text, "frozen=1");
  at[strlen ("frozen=")] = '7';
  g_assert_true (g_file_set_contents (file, text, -1, NULL));
  g_assert_false (ts_tune_cache_load ("a\nb", &found, &figures));
}

/* A file stands where the directory should be; permissions do not stop root. */
static void
test_unwritable (Fixture * self, gconstpointer script)
{
  TsDetectorOptions options = get_options (self->model);
  g_autofree gchar *path = get_cache ();
  g_autofree gchar *note = NULL;

  list_cache (TRUE);
  g_rmdir (path);
  g_assert_true (g_file_set_contents (path, "x", 1, NULL));
  note = tune (&options);
  assert_has (note, "runs as: channels_last (frozen ");
  assert_has (note, "cannot be remembered: ");
  g_assert_cmpint (g_remove (path), ==, 0);
}

/* In the one file that is there. */
static void
rewrite_cache (const gchar * from, const gchar * to)
{
  g_autofree gchar *path = get_cache ();
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  g_autofree gchar *file =
      g_build_filename (path, g_dir_read_name (directory), NULL);
  g_autofree gchar *text = NULL, *joined = NULL;
  g_auto (GStrv) parts = NULL;

  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  parts = g_strsplit (text, from, 2);
  g_assert_nonnull (parts[1]);
  joined = g_strjoinv (to, parts);
  g_assert_true (g_file_set_contents (file, joined, -1, NULL));
}

/* A remembered form that is not there any more, or cannot run, is no reason to fail. */
static void
test_remembered_fails (Fixture * self, gconstpointer script)
{
  static const gchar *const forms[][2] = {
    {"optimized=0", "optimized=1"}, {"frozen=1", "frozen=0"}
  };
  TsDetectorOptions options = get_options (self->model);

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autofree gchar *note = NULL;

    list_cache (TRUE);
    g_free (tune (&options));
    rewrite_cache ("channels_last=1", "channels_last=0");
    rewrite_cache (forms[i][0], forms[i][1]);
    note = tune (&options);
    assert_has (note, "runs as: channels_last (frozen ");
  }
}

static void
test_asked (Fixture * self, gconstpointer script)
{
  TsDetectorOptions options = get_options (self->model);
  g_autofree gchar *note = NULL, *tuned = NULL;

  list_cache (TRUE);
  options.tune = TS_TUNE_OFF;
  options.precision = TS_PRECISION_BF16;
  note = tune (&options);
  g_assert_cmpstr (note, ==, "runs as: packed, bfloat16 (not tuned)");
  options.tune = TS_TUNE_AUTO;
  tuned = tune (&options);
  assert_has (tuned, ", bfloat16 (frozen ");
}

static void
test_no_such_precision (void)
{
  static const gchar *const script = "{" SAME ", \"forms\": {"
      "\"packed fp16\": {\"error\": {\"status\": \"argument\"}},"
      "\"nhwc fp16\": {\"error\": {\"status\": \"argument\"}},"
      "\"plain fp16\": {\"error\": {\"status\": \"argument\", \"text\": "
      "\"no float16 here\"}}}}";
  Fixture fixture;
  TsDetectorOptions options;
  g_autoptr (TsDetector) detector = NULL;
  GError *error = NULL;

  set_up (&fixture, script);
  options = get_options (fixture.model);
  options.precision = TS_PRECISION_FP16;
  detector = ts_detector_open (&options, &error);
  g_assert_no_error (error);
  g_assert_false (ts_detector_warm_up (detector, SIZE, SIZE, 1, &error));
  model_test_assert_error (&error, TS_ERROR_CONFIG, WORDS ("no float16 here"));
  tear_down (&fixture, NULL);
}

/* A package whose picture has a box: @other is what bf16 says of it. */
static gchar *
tune_package (const gchar * plain, const gchar * other)
{
  g_autofree gchar *directory = model_test_directory ();
  g_autofree gchar *model =
      g_build_filename (directory, "backends/tch/model.pt", NULL);
  g_autofree gchar *script = g_strdup_printf ("{\"delay_ms\": 20, \"output\": "
      "%s, \"forms\": {\"packed bf16\": {\"delay_ms\": 1, \"output\": %s},"
      "\"nhwc bf16\": {\"delay_ms\": 20}, \"plain bf16\": {\"delay_ms\": 20}}}",
      plain, other);
  TsDetectorOptions options = get_options (directory);
  gchar pixels[15 + 8 * 8 * 3] = "P6 8 8 255\n";
  gchar *note;

  model_test_write_package (directory);
  model_test_edit_json (directory, "postprocessor_config.json", "output",
      "\"\"");
  g_free (model_test_write (directory, "selftest/input.ppm", pixels,
          strlen ("P6 8 8 255\n") + 8 * 8 * 3));
  fake_model_write (model, script);
  options.precision = TS_PRECISION_AUTO;
  list_cache (TRUE);
  note = tune (&options);
  model_test_remove (g_steal_pointer (&directory));
  return note;
}

static void
test_lower_precision (void)
{
  g_autofree gchar *same = NULL, *moved = NULL, *weak = NULL, *none = NULL;

  if (!ts_variant_cpu_has_bfloat16 ()) {
    g_test_skip ("this CPU has no bfloat16");
    return;
  }
  same = tune_package (BOXES ("10", "0.9"), BOXES ("10.5", "0.88"));
  assert_has (same, "runs as: packed, bfloat16 (");
  moved = tune_package (BOXES ("10", "0.9"), BOXES ("16", "0.9"));
  assert_has (moved, "packed, bfloat16 answers differently");
  weak = tune_package (BOXES ("10", "0.9"), BOXES ("10", "0.8"));
  assert_has (weak, "packed, bfloat16 answers differently");
  /* No box, no proof. */
  none = tune_package (BOXES ("10", "0.2"), BOXES ("10", "0.2"));
  g_assert_null (strstr (none, "bfloat16"));
}

/* 20 ms a run and 3 s: the last of many slow forms are not reached. */
static void
test_budget (void)
{
  g_autofree gchar *note = NULL;
  Fixture fixture;
  TsDetectorOptions options;
  gint64 start = g_get_monotonic_time ();

  set_up (&fixture, "{\"delay_ms\": 500, " SAME "}");
  options = get_options (fixture.model);
  list_cache (TRUE);
  note = tune (&options);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 8 * G_USEC_PER_SEC);
  assert_has (note, "runs as: frozen (frozen ");
  g_assert_null (strstr (note, "as loaded"));
  tear_down (&fixture, NULL);
}

static void
test_numbers (void)
{
  gfloat a[200], b[200];
  TsOutput found = { a, 2, {2, 100} };
  TsOutput expected = { b, 2, {2, 100} };

  for (guint i = 0; i < 200; i++)
    a[i] = b[i] = (gfloat) i;
  b[7] = a[7] = NAN;
  g_assert_true (ts_agreement_numbers (&found, &expected));
  /* 4 of 200 may differ, 5 may not; one in a thousand is no difference. */
  a[10] = 10.01f;
  for (guint i = 0; i < 4; i++)
    a[20 + i] += 1;
  g_assert_true (ts_agreement_numbers (&found, &expected));
  a[30] += 1;
  g_assert_false (ts_agreement_numbers (&found, &expected));
  a[30] = b[30];
  found.shape[0] = 1;
  g_assert_false (ts_agreement_numbers (&found, &expected));
}

static GArray *
to_boxes (const TsBox * boxes, guint n)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (TsBox));

  return g_array_append_vals (array, boxes, n);
}

static void
test_boxes (void)
{
  const TsBox plain[] = { {{0, 0, 100, 100}, 0.9f, 1},
  {{0, 0, 100, 100}, 0.28f, 1}
  };
  const TsBox close[] = { {{0, 0, 100, 95}, 0.86f, 1} };
  const TsBox far[] = { {{0, 0, 100, 89}, 0.9f, 1} };
  const TsBox twice[] = { {{0, 0, 100, 100}, 0.9f, 1},
  {{0, 0, 100, 100}, 0.9f, 1}
  };
  const TsBox other[] = { {{0, 0, 100, 100}, 0.9f, 2} };
  g_autoptr (GArray) expected = to_boxes (plain, 2);
  g_autoptr (GArray) a = to_boxes (close, 1), b = to_boxes (far, 1);
  g_autoptr (GArray) c = to_boxes (twice, 2), d = to_boxes (other, 1);

  g_assert_true (ts_agreement_boxes (a, expected, 0.25));
  g_assert_false (ts_agreement_boxes (a, expected, 0.2));
  g_assert_false (ts_agreement_boxes (b, expected, 0.25));
  g_assert_false (ts_agreement_boxes (c, expected, 0.25));
  g_assert_false (ts_agreement_boxes (d, expected, 0.25));
}

int
main (int argc, char **argv)
{
  gchar *cache = model_test_directory ();
  int failed;

  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_setenv ("GST_TORCHSCRIPT_SHIM", g_getenv ("TEST_SHIM"), TRUE);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) \
  g_test_add ("/tune/" name, Fixture, SCRIPT, set_up, func, tear_down)
  ADD ("choice", test_choice);
  ADD ("off", test_off);
  ADD ("remembered", test_remembered);
  g_test_add ("/tune/remembered is quick", Fixture, SLOW, set_up,
      test_remembered_is_quick, tear_down);
  ADD ("other key", test_other_key);
  ADD ("corrupt", test_corrupt);
  ADD ("unwritable", test_unwritable);
  ADD ("remembered fails", test_remembered_fails);
  ADD ("asked", test_asked);
  g_test_add_func ("/tune/no such precision", test_no_such_precision);
  g_test_add_func ("/tune/lower precision", test_lower_precision);
  g_test_add_func ("/tune/budget", test_budget);
  g_test_add_func ("/tune/cache/out of range", test_out_of_range);
  g_test_add_func ("/tune/agreement/numbers", test_numbers);
  g_test_add_func ("/tune/agreement/boxes", test_boxes);
  failed = g_test_run ();
  model_test_remove (cache);
  return failed;
}
