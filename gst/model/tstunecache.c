/* tstunecache.c - remembers the fastest form of a module on this machine
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstunecache.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tsfile.h"

#define GROUP "tuning"
#define END_SIZE (1024 * 1024)

static gboolean
add_part (GChecksum * sum, gint fd, off_t offset, gint whence)
{
  g_autofree guchar *part = g_try_malloc (END_SIZE);
  gssize size = part && lseek (fd, offset, whence) >= 0 ?
      ts_file_read_block (fd, part, END_SIZE) : -1;

  if (size >= 0)
    g_checksum_update (sum, part, size);
  return size >= 0;
}

gchar *
ts_tune_cache_hash_file (const gchar * path)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gint fd = ts_file_open (path);
  struct stat status;
  gboolean good;

  if (fd < 0)
    return NULL;
  good = fstat (fd, &status) == 0 && add_part (sum, fd, 0, SEEK_SET)
      && (status.st_size <= END_SIZE
      || add_part (sum, fd, -END_SIZE, SEEK_END));
  close (fd);
  return good ? g_strdup_printf ("%" G_GINT64_FORMAT " %s",
      (gint64) status.st_size, g_checksum_get_string (sum)) : NULL;
}

static gchar *
get_path (const gchar * key)
{
  g_autofree gchar *name =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  g_autofree gchar *file = g_strdup_printf ("tuning-%.32s.ini", name);

  return g_build_filename (g_get_user_cache_dir (), "gst-torchscript", file,
      NULL);
}

static gint
get_number (GKeyFile * file, const gchar * name, gint max, gboolean * good)
{
  g_autoptr (GError) error = NULL;
  gint value = g_key_file_get_integer (file, GROUP, name, &error);

  *good = *good && !error && value >= 0 && value <= max;
  return value;
}

gboolean
ts_tune_cache_load (const gchar * key, TsVariant * variant, gchar ** figures)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree gchar *path = get_path (key);
  g_autofree gchar *found = NULL;
  gboolean good = TRUE;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return FALSE;
  found = g_key_file_get_string (file, GROUP, "key", NULL);
  if (g_strcmp0 (found, key) != 0)
    return FALSE;
  *variant = (TsVariant) {
  .frozen = get_number (file, "frozen", 1, &good),.channels_last =
        get_number (file, "channels_last", 1, &good),.packed =
        get_number (file, "packed", 1, &good),.blocked =
        get_number (file, "blocked", 1, &good),.optimized =
        get_number (file, "optimized", 1, &good),.precision =
        (TsDtype) get_number (file, "precision", TS_DTYPE_BFLOAT16,
        &good),.threads = get_number (file, "threads", 1024, &good),};
  *figures = good ? g_key_file_get_string (file, GROUP, "figures", NULL) : NULL;
  return *figures != NULL;
}

gboolean
ts_tune_cache_save (const gchar * key, const TsVariant * variant,
    const gchar * figures, GError ** error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree gchar *path = get_path (key);
  g_autofree gchar *directory = g_path_get_dirname (path);

  g_key_file_set_string (file, GROUP, "key", key);
  g_key_file_set_integer (file, GROUP, "frozen", variant->frozen);
  g_key_file_set_integer (file, GROUP, "channels_last", variant->channels_last);
  g_key_file_set_integer (file, GROUP, "packed", variant->packed);
  g_key_file_set_integer (file, GROUP, "blocked", variant->blocked);
  g_key_file_set_integer (file, GROUP, "optimized", variant->optimized);
  g_key_file_set_integer (file, GROUP, "precision", variant->precision);
  g_key_file_set_integer (file, GROUP, "threads", variant->threads);
  g_key_file_set_string (file, GROUP, "figures", figures);
  g_mkdir_with_parents (directory, 0700);
  return g_key_file_save_to_file (file, path, error);
}
