/* tstunecache.h - remembers the fastest form of a module on this machine
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A small text file for each key in gst-torchscript/ of the user's cache directory.
 * What cannot be read counts as not there.
 */
#pragma once

#include "tsvariant.h"

G_BEGIN_DECLS

/* What the file of a model holds, from its size and both its ends: at the end of an
 * archive stand the checksums of all its entries.  NULL if it cannot be read. */
gchar *ts_tune_cache_hash_file (const gchar * path);

/* @key is any text.  FALSE: nothing is known. */
gboolean ts_tune_cache_load (const gchar * key, TsVariant * variant,
    gchar ** figures);

/* FALSE with the reason if the file cannot be written. */
gboolean ts_tune_cache_save (const gchar * key, const TsVariant * variant,
    const gchar * figures, GError ** error);

G_END_DECLS
