/* faultmodel.c - models for the tests of faults, and what they must answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "faultmodel.h"

#include <stdlib.h>
#include <string.h>

#include "fakemodel.h"
#include "modeltest.h"

#define NPY_HEADER "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
#define TENSOR "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"

gchar *
fault_model_script (gint left)
{
  return g_strdup_printf ("{\"config\": \"{\\\"imgsz\\\": [%d, %d]}\", "
      "\"output\": {\"tensor\": {\"shape\": [1, 1, 6], \"values\": "
      "[%d, 8, 200, 200, 0.9, 1]}}}", FAULT_EDGE, FAULT_EDGE, left);
}

static void
write_npy (const gchar * directory, const gchar * name, const gchar * shape,
    const gfloat * values, gsize n)
{
  g_autofree gchar *text = g_strdup_printf (NPY_HEADER, shape);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint16 length = (guint16) strlen (text);
  const guint8 start[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, length & 255,
    length >> 8
  };

  g_byte_array_append (bytes, start, sizeof start);
  g_byte_array_append (bytes, (const guint8 *) text, length);
  g_byte_array_append (bytes, (const guint8 *) values, n * sizeof *values);
  g_free (model_test_write (directory, name, (const gchar *) bytes->data,
          bytes->len));
}

static void
write_self_test (const gchar * directory)
{
  const gfloat expected[] = { 8, 8, 200, 200, .9f, 1 };
  g_autofree gfloat *input = g_new0 (gfloat, 3 * FAULT_EDGE * FAULT_EDGE);
  g_autofree gchar *shape =
      g_strdup_printf ("1, 3, %d, %d", FAULT_EDGE, FAULT_EDGE);

  write_npy (directory, "selftest/input.npy", shape, input,
      3 * FAULT_EDGE * FAULT_EDGE);
  write_npy (directory, "selftest/expected.npy", "1, 1, 6", expected, 6);
}

static void
write_weights (const gchar * directory)
{
  const guint64 length = GUINT64_TO_LE (strlen (TENSOR));
  gchar bytes[sizeof length + sizeof TENSOR - 1 + 8] = { 0 };

  memcpy (bytes, &length, sizeof length);
  memcpy (bytes + sizeof length, TENSOR, sizeof TENSOR - 1);
  g_free (model_test_write (directory, "backends/tch/w.safetensors", bytes,
          sizeof bytes));
}

static gchar *
hash (const gchar * directory, const gchar * name)
{
  g_autofree gchar *path = g_build_filename (directory, name, NULL);
  g_autofree gchar *content = NULL;
  g_autofree gchar *sum = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &content, &size, NULL));
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) content,
      size);
  return g_strdup_printf ("\"%s\": \"%s\"", name, sum);
}

void
fault_model_write_package (const gchar * directory)
{
  g_autofree gchar *script = fault_model_script (8);
  g_autofree gchar *model =
      g_build_filename (directory, "backends/tch/model.pt", NULL);
  g_autofree gchar *hash1 = NULL, *hash2 = NULL, *hashes = NULL;

  model_test_write_package (directory);
  model_test_edit_json (directory, "postprocessor_config.json", "decoder",
      "\"yolo-end2end\"");
  model_test_edit_json (directory, "postprocessor_config.json", "output", NULL);
  model_test_edit_json (directory, "preprocessor_config.json", "size",
      "{\"height\": 448, \"width\": 448}");
  fake_model_write (model, script);
  write_weights (directory);
  write_self_test (directory);
  hash1 = hash (directory, "backends/tch/model.pt");
  hash2 = hash (directory, "backends/tch/w.safetensors");
  hashes = g_strdup_printf ("{%s, %s}", hash1, hash2);
  model_test_edit_json (directory, "metadata.json", "sha256", hashes);
}

TsDetector *
fault_model_open (const gchar * model, const gchar * weights,
    const gchar * labels, GError ** error)
{
  const TsDetectorOptions options = {
    .model = model,.device = "cpu",.decoder = "yolo-end2end",
    .weights = weights,.labels = labels,.self_test = !weights
  };

  return ts_detector_open (&options, error);
}

gint
fault_model_run (TsDetector * detector, GError ** error)
{
  const TsThresholds unset = { -1.f, -1.f, 0 };
  static guint8 pixels[FAULT_EDGE * FAULT_EDGE * 3];
  const TsImage image = { TS_PIXEL_RGB, FAULT_EDGE, FAULT_EDGE, {pixels},
  {3 * FAULT_EDGE}
  };
  g_auto (TsResult) result = { NULL };

  ts_result_init (&result);
  if (!ts_detector_run (detector, &image, &unset, &result, error))
    return -1;
  g_assert_cmpuint (result.boxes->len, ==, 1);
  return (gint) g_array_index (result.boxes, TsBox, 0).box[0];
}

gchar *
fault_directory_new (void)
{
  gchar *directory = g_strdup ("/tmp/faults-XXXXXX");

  g_assert_nonnull (g_mkdtemp (directory));
  g_setenv ("TMPDIR", directory, TRUE);
  g_setenv ("XDG_CACHE_HOME", directory, TRUE);
  return directory;
}

guint
fault_directory_count (const gchar * directory)
{
  g_autoptr (GDir) handle = g_dir_open (directory, 0, NULL);
  guint n = 0;

  g_assert_nonnull (handle);
  while (g_dir_read_name (handle))
    n++;
  return n;
}
