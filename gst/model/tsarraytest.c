/* tsarraytest.c - a self-test with an input and an answer of raw numbers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsarraytest.h"

#include <math.h>
#include <string.h>

#include "tserror.h"
#include "tsnpy.h"
#include "tsrowtest.h"

#define INPUT "selftest/input.npy"
#define EXPECTED "selftest/expected.npy"

static gchar *
get_path (const TsModelSpec * spec, const gchar * name)
{
  return spec->package ? g_build_filename (spec->package, name, NULL) : NULL;
}

gboolean
ts_array_test_is_there (const TsModelSpec * spec)
{
  g_autofree gchar *input = get_path (spec, INPUT);

  return input && g_file_test (input, G_FILE_TEST_EXISTS);
}

static gboolean
check_shape (const gchar * path, const TsNpy * expected,
    const TsOutput * output, GError ** error)
{
  TsOutput wanted = { NULL, expected->n_dims };
  g_autofree gchar *found_text = ts_output_shape_to_string (output);
  g_autofree gchar *wanted_text = NULL;

  memcpy (wanted.shape, expected->shape, sizeof wanted.shape);
  wanted_text = ts_output_shape_to_string (&wanted);
  if (g_str_equal (found_text, wanted_text))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "%s: the model answers with the shape %s, expected %s"
      TS_SELF_TEST_ADVICE, path, found_text, wanted_text);
  return FALSE;
}

static gboolean
set_memory_error (const gchar * path, gsize size, GError ** error)
{
  g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
      "%s: no memory for the self-test's array of %" G_GSIZE_FORMAT " numbers; "
      "free memory, or turn self-test off", path, size);
  return FALSE;
}

static gboolean
is_near (gfloat found, gfloat expected)
{
  /* NaN is near to nothing. */
  return fabs ((gdouble) found - expected) <= TS_SELF_TEST_TOLERANCE
      + TS_SELF_TEST_RELATIVE * fabs (expected);
}

static gboolean
compare (const gchar * path, gboolean are_rows, const gfloat * expected,
    gsize size, const TsOutput * output, GError ** error)
{
  gsize n_wrong = 0, first = 0;
  gdouble largest = 0.;

  for (gsize i = 0; i < size; i++) {
    largest = fmax (largest, fabs ((gdouble) output->data[i] - expected[i]));
    if (!is_near (output->data[i], expected[i]) && n_wrong++ == 0)
      first = i;
  }
  if (n_wrong == 0
      || (are_rows && ts_row_test_agrees (output, expected, is_near)))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_OUTPUT,
      "%s: the model answers differently: %" G_GSIZE_FORMAT " of %"
      G_GSIZE_FORMAT " numbers are off by more than %g + %g %%, first number %"
      G_GSIZE_FORMAT ", which is %g, expected %g; at most off by %g"
      TS_SELF_TEST_ADVICE, path, n_wrong, size, TS_SELF_TEST_TOLERANCE,
      100 * TS_SELF_TEST_RELATIVE, first, (gdouble) output->data[first],
      (gdouble) expected[first], largest);
  return FALSE;
}

/* Asks as the package says that the module is asked, with what the file holds
 * as the frame's tensor. */
static gboolean
ask (const TsModelSpec * spec, TsEngine * engine, const TsNpy * input,
    const gfloat * values, TsOutput * output, GError ** error)
{
  g_autofree gchar *converted =
      g_try_malloc_n (input->size + 1, ts_dtype_size (spec->dtype));
  TsTensor tensor = { converted, spec->dtype, input->n_dims };

  if (!converted)
    return set_memory_error (spec->path, input->size, error);
  memcpy (tensor.shape, input->shape, input->n_dims * sizeof (gint64));
  if (spec->dtype == TS_DTYPE_UINT8 && !input->is_float)
    memcpy (converted, input->data, input->size);
  else
    ts_dtype_from_float (spec->dtype, values, input->size, converted);
  return ts_engine_run (engine, &tensor, 1,
      spec->input_form == TS_INPUT_FORM_TENSOR ? 0 : 1, error)
      && ts_engine_get_output (engine, 0,
      spec->output_key ? spec->output_key : "", output, error);
}

gboolean
ts_array_test_run (const TsModelSpec * spec, TsEngine * engine, GError ** error)
{
  g_autofree gchar *input_path = get_path (spec, INPUT);
  g_autofree gchar *expected_path = get_path (spec, EXPECTED);
  g_autofree gfloat *question = NULL, *answer = NULL;
  g_auto (TsNpy) input = { NULL };
  g_auto (TsNpy) expected = { NULL };
  const gboolean are_rows = g_strcmp0 (spec->decoder, "yolo-end2end") == 0;
  TsOutput output;

  if (!ts_npy_open (&input, input_path, error)
      || !ts_npy_open (&expected, expected_path, error))
    return FALSE;
  question = ts_npy_to_floats (&input);
  answer = ts_npy_to_floats (&expected);
  if (!question || !answer)
    return set_memory_error (spec->path, MAX (input.size, expected.size),
        error);
  return ask (spec, engine, &input, question, &output, error)
      && check_shape (expected_path, &expected, &output, error)
      && compare (expected_path, are_rows, answer, expected.size, &output,
      error);
}
