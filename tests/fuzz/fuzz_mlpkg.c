/* fuzz_mlpkg.c - the JSON files of a package directory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte says which file gets the rest; the others are good.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "fuzz.h"
#include "tsmodelspec.h"

static const struct
{
  const gchar *name, *content;
} files[] = {
  {"metadata.json",
      "{\"name\": \"m\", \"version\": \"1.0\", \"repo_id\": \"r\", "
        "\"revision\": \"r\", \"created_at\": \"2024\", \"files\": []}"},
  {"model_info.json",
      "{\"model_type\": \"yolov8\", \"repo_id\": \"r\", "
        "\"architecture_family\": \"Vision\", \"supported_backends\": [\"Tch\"]}"},
  {"backends/tch/config.json", "{}"},
  {"preprocessor_config.json", "{}"},
  {"postprocessor_config.json", "{}"},
};

static void
make_package (void)
{
  g_autofree gchar *folder = g_build_filename (fuzz_directory (),
      "backends/tch", NULL);
  g_autofree gchar *module = NULL;
  gsize size;

  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    return;
  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_get_contents (FUZZ_MODULE, &module, &size, NULL));
  fuzz_write ("backends/tch/m.pt", (const uint8_t *) module, size);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TsModelSpec) spec = NULL;

  if (size == 0)
    return 0;
  make_package ();
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (i == data[0] % G_N_ELEMENTS (files))
      fuzz_write (files[i].name, data + 1, size - 1);
    else
      fuzz_write (files[i].name, (const uint8_t *) files[i].content,
          strlen (files[i].content));
  spec = ts_model_spec_read (fuzz_directory (), &error);
  fuzz_check_error (spec != NULL, error);
  return 0;
}
