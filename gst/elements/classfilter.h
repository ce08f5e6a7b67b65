/* classfilter.h - a choice of classes, as properties name them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "title, 3" to {"title", "3"}; NULL, which is all classes, if it names none. */
gchar **ts_class_filter_new (const gchar * classes);

/* Whether the class is chosen, by its name or by its number. */
gboolean ts_class_filter_has (gchar * const *filter, gint class_id,
    const gchar * label);

G_END_DECLS
