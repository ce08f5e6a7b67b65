/* tsjobqueue.c - which frames of which streams go into the next batch
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsjobqueue.h"

void
ts_job_queue_init (TsJobQueue * self)
{
  self->lines = g_ptr_array_new ();
  self->next = self->n_jobs = 0;
}

void
ts_job_queue_clear (TsJobQueue * self)
{
  g_clear_pointer (&self->lines, g_ptr_array_unref);
}

static TsJobLine *
get_line (const TsJobQueue * self, guint i)
{
  return g_ptr_array_index (self->lines, i % self->lines->len);
}

void
ts_job_queue_add_line (TsJobQueue * self, TsJobLine * line)
{
  g_ptr_array_add (self->lines, line);
}

void
ts_job_queue_remove_line (TsJobQueue * self, TsJobLine * line)
{
  guint i;

  g_return_if_fail (g_queue_is_empty (&line->jobs));
  if (!g_ptr_array_find (self->lines, line, &i))
    return;
  g_ptr_array_remove_index (self->lines, i);
  /* The turn stays with the line that has it. */
  if (i < self->next)
    self->next--;
}

void
ts_job_queue_push (TsJobQueue * self, TsJobLine * line, TsJob * job)
{
  g_queue_push_tail_link (&line->jobs, &job->link);
  line->n_frames += !job->more_follow;
  self->n_jobs++;
}

void
ts_job_queue_done (TsJobLine * line, const TsJob * job)
{
  line->n_frames -= !job->more_follow;
}

void
ts_job_queue_steal (TsJobQueue * self, TsJobLine * line, GQueue * jobs)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&line->jobs))) {
    g_queue_push_tail_link (jobs, link);
    ts_job_queue_done (line, link->data);
    self->n_jobs--;
  }
}

static TsJob *
take_from (TsJobQueue * self, TsJobLine * line)
{
  self->n_jobs--;
  return g_queue_pop_head_link (&line->jobs)->data;
}

static TsJob *
take_first (TsJobQueue * self)
{
  for (guint i = 0; i < self->lines->len; i++) {
    TsJobLine *line = get_line (self, self->next + i);

    if (!g_queue_is_empty (&line->jobs)) {
      self->next = (self->next + i + 1) % self->lines->len;
      return take_from (self, line);
    }
  }
  return NULL;
}

static gboolean
may_join (const TsJob * first, const TsJob * job, TsJobFits fits,
    gpointer user_data)
{
  return job && !job->is_warm_up && fits (first, job, user_data);
}

guint
ts_job_queue_take (TsJobQueue * self, guint max, TsJobFits fits,
    gpointer user_data, TsJob ** jobs)
{
  TsJob *first = max ? take_first (self) : NULL;
  guint n = 0, n_refusals = 0;

  if (!first)
    return 0;
  jobs[n++] = first;
  if (first->is_warm_up)
    return n;
  for (guint i = self->next; n < max && n_refusals < self->lines->len; i++) {
    TsJobLine *line = get_line (self, i);

    if (may_join (first, g_queue_peek_head (&line->jobs), fits, user_data)) {
      jobs[n++] = take_from (self, line);
      n_refusals = 0;
    } else {
      n_refusals++;
    }
  }
  return n;
}

gboolean
ts_job_queue_may_grow (const TsJobQueue * self)
{
  for (guint i = 0; i < self->lines->len; i++) {
    const TsJobLine *line = get_line (self, i);

    if (line->n_frames < line->max_frames)
      return TRUE;
  }
  return FALSE;
}

gint64
ts_job_queue_get_oldest_us (const TsJobQueue * self)
{
  gint64 oldest = 0;

  for (guint i = 0; i < self->lines->len; i++) {
    const TsJob *job = g_queue_peek_head (&get_line (self, i)->jobs);

    if (job && (!oldest || job->queued_us < oldest))
      oldest = job->queued_us;
  }
  return oldest;
}
