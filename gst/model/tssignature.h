/* tssignature.h - signatures in minisign's format
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * https://jedisct1.github.io/minisign/: Ed25519 over the file, or over its BLAKE2b
 * hash, and again over the signature and its trusted comment.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TS_SIGNATURE_SUFFIX ".minisig"

/* Whether @path with TS_SIGNATURE_SUFFIX is a signature over @path by one of the
 * public keys in the file @keys (one a line, as "minisign -G" writes them; other
 * lines are comments).
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT (no such signature), _CONFIG (no
 * key in @keys). */
gboolean ts_signature_check (const gchar * path, const gchar * keys,
    GError ** error);

G_END_DECLS
