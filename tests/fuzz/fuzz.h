/* fuzz.h - what the fuzz targets share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A target is one function over bytes.  Built with clang's libFuzzer it looks for
 * new bytes that break it; built with run_corpus.c it tries the kept ones.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

/* The path of a file with these bytes, which the next call changes. */
const gchar *fuzz_file (const uint8_t * data, size_t size);

/* A directory of its own, empty at first; files of it get these bytes. */
const gchar *fuzz_directory (void);
void fuzz_write (const gchar * name, const uint8_t * data, size_t size);

/* Ends the program unless a failure has a message and a success has none. */
void fuzz_check_error (gboolean done, GError * error);

/* Bytes taken from the front, as numbers; zeros once they are used up. */
typedef struct
{
  const uint8_t *data;
  size_t size;
} FuzzBytes;

guint fuzz_byte (FuzzBytes * self);
guint fuzz_short (FuzzBytes * self);
gfloat fuzz_float (FuzzBytes * self);

/* As many bytes as a number before them says, or as there are. */
FuzzBytes fuzz_part (FuzzBytes * self);

G_END_DECLS
