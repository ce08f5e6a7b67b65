/* tsaxis.h - which source samples make up each destination sample of an axis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Weights are fixed point with 11 bits: 2048 is one. */
typedef struct
{
  gint length;                  /* destination samples */
  gint32 *first;                /* the first of two neighbours, see below */
  gint16 *weight0, *weight1;    /* of the first and of the one after it */
} TsAxis;

/* For columns: first lies in 0..source-2 (0 if the source has one sample, and
 * then weight1 is 0), so that both neighbours exist. */
void ts_axis_init_columns (TsAxis * self, gint source, gint destination);

/* For rows: first lies in -1..source-1; the caller clips it and its successor
 * to the image, each for itself. */
void ts_axis_init_rows (TsAxis * self, gint source, gint destination);

void ts_axis_clear (TsAxis * self);

G_END_DECLS
