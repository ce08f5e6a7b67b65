/* extraslazy.c - the functions of the module, which is opened by the first call
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * They have the names of those behind the table: a program that links this file
 * before the static libraries gets these, and none of the libraries they need.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gmodule.h>

#include "extras.h"
#include "tserror.h"

#define FILE_NAME "libtorchscriptextras.so"

/* Seen from the plugin: installed, and in the build's folder. */
static const gchar *const places[] = { "../gst-torchscript", "../extras" };

static gchar *
find_module (void)
{
  g_autofree gchar *folder = NULL;
  Dl_info info;
  guint i;

  if (!dladdr (ts_extras_open, &info))
    return g_strdup (FILE_NAME);
  folder = g_path_get_dirname (info.dli_fname);
  for (i = 0; i < G_N_ELEMENTS (places); i++) {
    g_autofree gchar *path = g_build_filename (folder, places[i], FILE_NAME,
        NULL);

    if (g_file_test (path, G_FILE_TEST_EXISTS))
      return g_steal_pointer (&path);
  }
  return g_build_filename (folder, places[0], FILE_NAME, NULL);
}

static const TsExtras *
open_module (GError ** error)
{
  g_autofree gchar *path = find_module ();
  GModule *module = g_module_open (path, G_MODULE_BIND_LOCAL);
  const TsExtras *table = NULL;

  if (module != NULL
      && g_module_symbol (module, TS_EXTRAS_SYMBOL, (gpointer *) & table)
      && g_str_equal (table->version, VERSION)) {
    g_module_make_resident (module);
    return table;
  }
  g_set_error (error, TS_ERROR, TS_ERROR_NOT_FOUND,
      "%s: cannot open the part of the plugin that draws text, unpacks packages "
      "and checks signatures, version " VERSION ": %s; install gst-torchscript "
      "again", path, module != NULL ? "it is of another version" :
      g_module_error ());
  return NULL;
}

const TsExtras *
ts_extras_open (GError ** error)
{
  static GMutex mutex;
  static const TsExtras *table;

  g_mutex_lock (&mutex);
  if (table == NULL)
    table = open_module (error);
  g_mutex_unlock (&mutex);
  return table;
}

/* NULL if there is no module: ask ts_extras_open() why. */
TsOverlayPainter *
ts_overlay_painter_new (void)
{
  const TsExtras *extras = ts_extras_open (NULL);

  return extras != NULL ? extras->painter_new () : NULL;
}

/* There is a painter, so there is the module. */
void
ts_overlay_painter_free (TsOverlayPainter * self)
{
  if (self != NULL)
    ts_extras_open (NULL)->painter_free (self);
}

void
ts_overlay_painter_set_style (TsOverlayPainter * self,
    const TsOverlayStyle * style, gint frame_width, gint frame_height)
{
  ts_extras_open (NULL)->painter_set_style (self, style, frame_width,
      frame_height);
}

void
ts_overlay_painter_draw_box (TsOverlayPainter * self, const TsOverlayBox * box,
    TsOverlaySink sink, gpointer user_data)
{
  ts_extras_open (NULL)->painter_draw_box (self, box, sink, user_data);
}

void
ts_overlay_painter_draw_label (TsOverlayPainter * self,
    const TsOverlayBox * box, const gchar * text, TsOverlaySink sink,
    gpointer user_data)
{
  ts_extras_open (NULL)->painter_draw_label (self, box, text, sink, user_data);
}

/* Without the module any file may be one: unpacking then says what is missing. */
gboolean
ts_archive_is_package (const gchar * path)
{
  const TsExtras *extras = ts_extras_open (NULL);

  return extras == NULL || extras->archive_is_package (path);
}

gboolean
ts_archive_unpack (const gchar * path, const gchar * dir, GError ** error)
{
  const TsExtras *extras = ts_extras_open (error);

  return extras != NULL && extras->archive_unpack (path, dir, error);
}

gboolean
ts_pt_file_check (const gchar * path, GError ** error)
{
  const TsExtras *extras = ts_extras_open (error);

  return extras != NULL && extras->pt_file_check (path, error);
}

gboolean
ts_signature_check (const gchar * path, const gchar * keys, GError ** error)
{
  const TsExtras *extras = ts_extras_open (error);

  return extras != NULL && extras->signature_check (path, keys, error);
}
