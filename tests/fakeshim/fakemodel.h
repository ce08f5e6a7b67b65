/* fakemodel.h - writes files that pass for TorchScript, for the fake shim
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What memory from the fake's host_alloc() is full of. */
#define FAKE_HOST_BYTE 0x5a

/* Writes the zip archive @path with the entries of a TorchScript file and
 * @script (JSON, see fakeshim.c; NULL: none) as fake/script.json.  Aborts the
 * test if it cannot. */
void fake_model_write (const gchar * path, const gchar * script);

/* Writes a zip archive with these entries; @names ends in NULL, every entry
 * holds @content. */
void fake_zip_write (const gchar * path, const gchar * const *names,
    const gchar * content);

G_END_DECLS
