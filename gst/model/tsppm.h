/* tsppm.h - pictures in binary PPM files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../frame/tsimage.h"

G_BEGIN_DECLS

#define TS_PPM_MAX_EDGE 16384

/* A picture and the file that its pixels are in. */
typedef struct
{
  GBytes *file;
  TsImage image;                /* RGB */
} TsPpm;

/* Opens a "P6" file with 8 bits a channel.
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT. */
gboolean ts_ppm_open (TsPpm * self, const gchar * path, GError ** error);
void ts_ppm_clear (TsPpm * self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TsPpm, ts_ppm_clear)

G_END_DECLS
