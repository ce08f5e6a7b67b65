/* tsjob.c - one picture on its way through a shared model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsjob.h"

#include <string.h>

TsJob *
ts_job_new (TsStream * stream)
{
  TsJob *self = g_new0 (TsJob, 1);

  self->stream = stream;
  self->link.data = self;
  ts_result_init (&self->result);
  return self;
}

void
ts_job_free (TsJob * self)
{
  ts_job_reset (self);
  ts_result_clear (&self->result);
  g_free (self);
}

void
ts_job_reset (TsJob * self)
{
  ts_result_reset (&self->result);
  g_clear_pointer (&self->answer, ts_answer_unref);
  g_clear_error (&self->error);
  memset (&self->times, 0, sizeof self->times);
  self->batch = 0;
  self->is_cancelled = self->is_warm_up = self->wants_answer = FALSE;
  self->more_follow = FALSE;
}
