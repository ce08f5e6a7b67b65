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

/* When the steps of one frame were; 0: there was no such step. */
typedef struct
{
  gint64 start_us[TS_N_STAGES]; /* monotonic time */
  gint64 ns[TS_N_STAGES];       /* how long it took */
} TsStageTimes;

/* Notes that @stage lasted from @start_us until now. */
static inline void
ts_stage_times_end (TsStageTimes * self, TsStage stage, gint64 start_us)
{
  self->start_us[stage] = start_us;
  self->ns[stage] = 1000 * (g_get_monotonic_time () - start_us);
}

G_END_DECLS
