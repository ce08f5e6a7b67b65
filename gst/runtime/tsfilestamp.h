/* tsfilestamp.h - tells whether what lies at a path is still the same
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Of a file its device, inode, time and size, so that one that was put in its place
 * by rename() has another stamp; of a directory those of all files in it.  "" if
 * nothing is there.  Free with g_free(). */
gchar *ts_file_stamp (const gchar * path);

G_END_DECLS
