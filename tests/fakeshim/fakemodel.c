/* fakemodel.c - writes files that pass for TorchScript, for the fake shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fakemodel.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

static void
add_entry (struct archive *archive, const gchar * name, const gchar * content)
{
  struct archive_entry *entry = archive_entry_new ();
  gsize size = strlen (content);

  archive_entry_set_pathname (entry, name);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_perm (entry, 0644);
  archive_entry_set_size (entry, size);
  g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_data (archive, content, size), ==, size);
  archive_entry_free (entry);
}

void
fake_zip_write (const gchar * path, const gchar * const *names,
    const gchar * content)
{
  struct archive *archive = archive_write_new ();

  archive_write_set_format_zip (archive);
  g_assert_cmpint (archive_write_open_filename (archive, path), ==, ARCHIVE_OK);
  for (; *names; names++)
    add_entry (archive, *names, content);
  g_assert_cmpint (archive_write_close (archive), ==, ARCHIVE_OK);
  archive_write_free (archive);
}

void
fake_model_write (const gchar * path, const gchar * script)
{
  const gchar *const names[] = {
    "fake/data.pkl", "fake/code/__torch__/fake.py", "fake/constants.pkl",
    "fake/script.json", NULL
  };

  fake_zip_write (path, names, script ? script : "{}");
}
