/* tsnpy.h - arrays in NumPy's .npy files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TS_NPY_MAX_DIMS 8

/* A dense, row-major array of uint8 or float32, and the file that it is in. */
typedef struct
{
  GBytes *file;
  gconstpointer data;           /* may be unaligned */
  gboolean is_float;            /* float32, little-endian; else uint8 */
  gint n_dims;
  gint64 shape[TS_NPY_MAX_DIMS];
  gsize size;                   /* elements */
} TsNpy;

/* Errors: ts_file_read_bytes()'s; TS_ERROR_FORMAT (other types, other orders). */
gboolean ts_npy_open (TsNpy * self, const gchar * path, GError ** error);
void ts_npy_clear (TsNpy * self);

/* The numbers as float32, uint8 divided by 255; free with g_free().  NULL: there is
 * no memory for them. */
gfloat *ts_npy_to_floats (const TsNpy * self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TsNpy, ts_npy_clear)

G_END_DECLS
