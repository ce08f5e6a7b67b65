/* tssignature.c - signatures in minisign's format
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tssignature.h"

#include <sodium.h>
#include <string.h>

#include "tserror.h"
#include "tsfile.h"

#define TRUSTED_COMMENT "trusted comment: "

/* What the base64 lines of the files hold. */
typedef struct
{
  guint8 algorithm[2];          /* "Ed" */
  guint8 id[8];
  guint8 key[crypto_sign_PUBLICKEYBYTES];
} PublicKey;

typedef struct
{
  guint8 algorithm[2];          /* "ED": over the hash; "Ed": over the file */
  guint8 id[8];
  guint8 signature[crypto_sign_BYTES];
} Signature;

typedef struct
{
  Signature signature;
  gchar *comment;               /* without its prefix */
  guint8 whole[crypto_sign_BYTES];      /* over signature and comment */
} SignatureFile;

/* Whether @line is base64 of exactly @size bytes. */
static gboolean
decode (const gchar * line, gpointer bytes, gsize size)
{
  gsize n = 0;

  return sodium_base642bin (bytes, size, line, strlen (line), NULL, &n, NULL,
      sodium_base64_VARIANT_ORIGINAL) == 0 && n == size;
}

static gchar **
read_lines (const gchar * path, const gchar * what, GError ** error)
{
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize size;

  text = ts_file_read_text (path, what, &size, error);
  if (!text)
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    g_strchomp (lines[i]);
  return g_steal_pointer (&lines);
}

static gboolean
parse (gchar ** lines, SignatureFile * file)
{
  if (g_strv_length (lines) < 4
      || !decode (lines[1], &file->signature, sizeof file->signature)
      || !g_str_has_prefix (lines[2], TRUSTED_COMMENT)
      || !decode (lines[3], file->whole, sizeof file->whole))
    return FALSE;
  file->comment = g_strdup (lines[2] + strlen (TRUSTED_COMMENT));
  return TRUE;
}

static gboolean
read_signature (const gchar * path, SignatureFile * file, GError ** error)
{
  g_auto (GStrv) lines = read_lines (path, "signature", error);

  if (!lines)
    return FALSE;
  if (parse (lines, file))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      "%s: is no signature in minisign's format; make one with \"mlpkg sign\" or "
      "\"minisign -S\"", path);
  return FALSE;
}

/* The key that @signature was made with, by its number. */
static gboolean
find_key (const gchar * path, const Signature * signature, PublicKey * key,
    gboolean * found, GError ** error)
{
  g_auto (GStrv) lines = read_lines (path, "file of trusted keys", error);
  guint n_keys = 0;

  *found = FALSE;
  if (!lines)
    return FALSE;
  for (guint i = 0; lines[i] && !*found; i++) {
    if (!decode (lines[i], key, sizeof *key)
        || memcmp (key->algorithm, "Ed", 2) != 0)
      continue;
    n_keys++;
    *found = memcmp (key->id, signature->id, sizeof key->id) == 0;
  }
  if (n_keys == 0)
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "%s: has no public key, expected at least one line as \"minisign -G\" "
        "writes it (RW...)", path);
  return n_keys > 0;
}

static void
update (gpointer state, gconstpointer block, gsize size)
{
  crypto_generichash_update (state, block, size);
}

static gboolean
hash (const gchar * path, guint8 digest[crypto_generichash_BYTES_MAX],
    GError ** error)
{
  crypto_generichash_state state;

  crypto_generichash_init (&state, NULL, 0, crypto_generichash_BYTES_MAX);
  if (!ts_file_each_block (path, "signed file", update, &state, error))
    return FALSE;
  crypto_generichash_final (&state, digest, crypto_generichash_BYTES_MAX);
  return TRUE;
}

static gboolean
is_signed (const SignatureFile * file, const PublicKey * key,
    const guint8 * message, gsize size)
{
  const Signature *signature = &file->signature;
  g_autoptr (GByteArray) whole = g_byte_array_new ();

  g_byte_array_append (whole, signature->signature, crypto_sign_BYTES);
  g_byte_array_append (whole, (const guint8 *) file->comment,
      strlen (file->comment));
  return crypto_sign_verify_detached (signature->signature, message, size,
      key->key) == 0
      && crypto_sign_verify_detached (file->whole, whole->data, whole->len,
      key->key) == 0;
}

static gboolean
verify (const gchar * path, const SignatureFile * file, const PublicKey * key,
    gboolean * valid, GError ** error)
{
  guint8 digest[crypto_generichash_BYTES_MAX];

  /* The old form, over the whole file, would have to be held in memory. */
  *valid = memcmp (file->signature.algorithm, "ED", 2) == 0;
  if (!*valid)
    return TRUE;
  if (!hash (path, digest, error))
    return FALSE;
  *valid = is_signed (file, key, digest, sizeof digest);
  return TRUE;
}

gboolean
ts_signature_check (const gchar * path, const gchar * keys, GError ** error)
{
  g_autofree gchar *name = g_strconcat (path, TS_SIGNATURE_SUFFIX, NULL);
  SignatureFile file = { 0 };
  gboolean found, valid, done;
  PublicKey key;

  if (sodium_init () < 0 || !read_signature (name, &file, error))
    return FALSE;
  done = find_key (keys, &file.signature, &key, &found, error)
      && (!found || verify (path, &file, &key, &valid, error));
  g_free (file.comment);
  if (!done || (found && valid))
    return done;
  g_set_error (error, TS_ERROR, TS_ERROR_FORMAT,
      found ? "%s: the signature is not one over this file as it is; it was "
      "changed after it was signed: do not use it, and get it anew"
      : "%s: is signed with a key that %s does not have; do not use it, unless "
      "you trust who signed it and add the key", path, keys);
  return FALSE;
}
