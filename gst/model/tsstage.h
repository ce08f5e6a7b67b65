/* tsstage.h - the steps that a frame's time goes to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TS_STAGE_MAP,                 /* the pixels become readable */
  TS_STAGE_TENSOR,              /* pixels to the module's inputs */
  TS_STAGE_UPLOAD,              /* inputs to the device */
  TS_STAGE_WAIT,                /* in a queue, for a lane or for its batch */
  TS_STAGE_FORWARD,             /* the module, and its answer back to the host */
  TS_STAGE_DECODE,              /* tensors to boxes, classes or a mask */
  TS_STAGE_ATTACH,              /* these to metas */
  TS_N_STAGES
} TsStage;

G_END_DECLS
