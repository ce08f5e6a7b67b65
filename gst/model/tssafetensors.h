/* tssafetensors.h - named tensors in a safetensors file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file: a little-endian 64-bit length, so many bytes of JSON {name: {"dtype",
 * "shape", "data_offsets": [begin, end]}}, then the tensors' bytes, row-major
 * and little-endian, which the offsets count from.
 */
#pragma once

#include "tsshim.h"

G_BEGIN_DECLS

typedef struct _TsSafetensors TsSafetensors;

/* Reads @path and checks its header: every tensor lies inside the file, is as long
 * as its shape and type say, and none overlaps another.
 * Errors: ts_file_read_bytes()'s; TS_ERROR_FORMAT, which names the tensor. */
TsSafetensors *ts_safetensors_open (const gchar * path, GError ** error);

/* The same for @bytes, which were read from @path. */
TsSafetensors *ts_safetensors_parse (const gchar * path, GBytes * bytes,
    GError ** error);
void ts_safetensors_free (TsSafetensors * self);

/* The tensors in the order of their names; they, their names and their data,
 * which may be unaligned, belong to @self.  Not NULL even if there are none. */
const TsShimNamedTensor *ts_safetensors_get (const TsSafetensors * self,
    gsize * n_tensors);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsSafetensors, ts_safetensors_free)

G_END_DECLS
