/* tsmodeluse.h - what a loaded module takes and how it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tstensor.h"

G_BEGIN_DECLS

/* As TsShimUse. */
typedef struct
{
  TsDtype precision;            /* of convolutions and matrix products */
  gint threads;                 /* of the CPU, for one forward pass */
  gint64 weight_bytes;
  gint64 device_bytes;          /* of the card, all of this process; -1: not known */
  gboolean keeps_state;         /* a run may change the module: one at a time */
} TsModelUse;

G_END_DECLS
