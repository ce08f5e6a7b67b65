/* modeltest.h - what the tests of the model layer share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "tserror.h"

G_BEGIN_DECLS

#define WORDS(...) ((const gchar *const[]) { __VA_ARGS__, NULL })

/* A new empty directory; model_test_remove() deletes and frees it. */
gchar *model_test_directory (void);
void model_test_remove (gchar * directory);

/* Writes @directory/@name, with its parents; gives the path. */
gchar *model_test_write (const gchar * directory, const gchar * name,
    const gchar * content, gssize size);

/* Writes a whole, valid package. */
void model_test_write_package (const gchar * directory);

/* Sets @field of the JSON file to @value (JSON), or removes it if NULL. */
void model_test_edit_json (const gchar * directory, const gchar * name,
    const gchar * field, const gchar * value);

/* Whether @error is of @code and its message has all @words, which end in
 * NULL; clears it. */
void model_test_assert_error (GError ** error, gint code,
    const gchar * const *words);

G_END_DECLS
