/* extras.h - what is opened when it is first needed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pango, libarchive and libsodium with all that they need take longer to load than
 * the rest of a scan of the plugin.  So what needs them is in a module of its own,
 * and the plugin calls it through this table.  Other programs link the functions
 * as ever.
 */
#pragma once

#include "../elements/overlaypainter.h"
#include "../model/tsarchive.h"
#include "../model/tsptfile.h"
#include "../model/tssignature.h"

G_BEGIN_DECLS

typedef struct
{
  const gchar *version;         /* of the build; plugin and module have the same */

  TsOverlayPainter *(*painter_new) (void);
  void (*painter_free) (TsOverlayPainter * self);
  void (*painter_set_style) (TsOverlayPainter * self,
      const TsOverlayStyle * style, gint frame_width, gint frame_height);
  void (*painter_draw_box) (TsOverlayPainter * self, const TsOverlayBox * box,
      TsOverlaySink sink, gpointer user_data);
  void (*painter_draw_label) (TsOverlayPainter * self,
      const TsOverlayBox * box, const gchar * text, TsOverlaySink sink,
      gpointer user_data);

  gboolean (*archive_is_package) (const gchar * path);
  gboolean (*archive_unpack) (const gchar * path, const gchar * dir,
      GError ** error);
  gboolean (*pt_file_check) (const gchar * path, GError ** error);
  gboolean (*signature_check) (const gchar * path, const gchar * keys,
      GError ** error);
} TsExtras;

#define TS_EXTRAS_SYMBOL "ts_extras"

/* The table, opened once a process.
 * Errors: TS_ERROR_NOT_FOUND, with where it was looked for. */
const TsExtras *ts_extras_open (GError ** error);

G_END_DECLS
