/* extras.c - the table of the module
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gmodule.h>

#include "extras.h"

extern G_MODULE_EXPORT const TsExtras ts_extras;

const TsExtras ts_extras = {
  VERSION,
  ts_overlay_painter_new,
  ts_overlay_painter_free,
  ts_overlay_painter_set_style,
  ts_overlay_painter_draw_box,
  ts_overlay_painter_draw_label,
  ts_archive_is_package,
  ts_archive_unpack,
  ts_pt_file_check,
  ts_signature_check,
};
