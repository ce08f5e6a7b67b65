/* tsoutbox.c - a bounded queue of messages on their way to a broker
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsoutbox.h"

struct _TsOutbox
{
  GMutex mutex;                 /* guards all below */
  GCond changed;
  GQueue messages;              /* of gchar *, oldest first */
  guint max_messages, n_taken;
  TsOnFull on_full;
  gboolean stopped;
  guint64 published, dropped;
};

TsOutbox *
ts_outbox_new (void)
{
  TsOutbox *self = g_new0 (TsOutbox, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  g_queue_init (&self->messages);
  self->stopped = TRUE;
  return self;
}

void
ts_outbox_free (TsOutbox * self)
{
  g_queue_clear_full (&self->messages, g_free);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
ts_outbox_start (TsOutbox * self, guint max_messages, TsOnFull on_full)
{
  g_mutex_lock (&self->mutex);
  g_queue_clear_full (&self->messages, g_free);
  self->max_messages = max_messages;
  self->on_full = on_full;
  self->n_taken = 0;
  self->published = self->dropped = 0;
  self->stopped = FALSE;
  g_mutex_unlock (&self->mutex);
}

void
ts_outbox_stop (TsOutbox * self)
{
  g_mutex_lock (&self->mutex);
  self->stopped = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

gboolean
ts_outbox_is_stopped (TsOutbox * self)
{
  gboolean stopped;

  g_mutex_lock (&self->mutex);
  stopped = self->stopped;
  g_mutex_unlock (&self->mutex);
  return stopped;
}

/* Must be called with the mutex held.  FALSE: @message is the one to drop. */
static gboolean
make_room (TsOutbox * self)
{
  while (self->on_full == TS_ON_FULL_BLOCK && !self->stopped
      && self->messages.length >= self->max_messages)
    g_cond_wait (&self->changed, &self->mutex);
  if (self->messages.length < self->max_messages)
    return TRUE;
  self->dropped++;
  if (self->on_full != TS_ON_FULL_DROP_OLDEST
      || self->n_taken == self->messages.length)
    return FALSE;
  g_free (g_queue_pop_nth (&self->messages, self->n_taken));
  return TRUE;
}

void
ts_outbox_put (TsOutbox * self, gchar * message)
{
  g_mutex_lock (&self->mutex);
  if (make_room (self))
    g_queue_push_tail (&self->messages, message);
  else
    g_free (message);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

guint
ts_outbox_take (TsOutbox * self, const gchar ** messages, guint max,
    gint64 wait_us)
{
  gint64 end = g_get_monotonic_time () + wait_us;
  GList *link;

  g_mutex_lock (&self->mutex);
  while (self->messages.length == 0 && !self->stopped
      && g_cond_wait_until (&self->changed, &self->mutex, end));
  self->n_taken = MIN (self->messages.length, max);
  link = self->messages.head;
  for (guint i = 0; i < self->n_taken; i++, link = link->next)
    messages[i] = link->data;
  max = self->n_taken;
  g_mutex_unlock (&self->mutex);
  return max;
}

void
ts_outbox_done (TsOutbox * self, guint n)
{
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < n; i++)
    g_free (g_queue_pop_head (&self->messages));
  self->published += n;
  self->n_taken = 0;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

gboolean
ts_outbox_drain (TsOutbox * self, gint64 wait_us)
{
  gint64 end = g_get_monotonic_time () + wait_us;
  gboolean empty;

  g_mutex_lock (&self->mutex);
  while (self->messages.length > 0 && !self->stopped
      && g_cond_wait_until (&self->changed, &self->mutex, end));
  empty = self->messages.length == 0;
  g_mutex_unlock (&self->mutex);
  return empty;
}

void
ts_outbox_sleep (TsOutbox * self, gint64 wait_us)
{
  gint64 end = g_get_monotonic_time () + wait_us;

  g_mutex_lock (&self->mutex);
  while (!self->stopped
      && g_cond_wait_until (&self->changed, &self->mutex, end));
  g_mutex_unlock (&self->mutex);
}

void
ts_outbox_give_up (TsOutbox * self)
{
  g_mutex_lock (&self->mutex);
  self->dropped += self->messages.length;
  g_queue_clear_full (&self->messages, g_free);
  self->n_taken = 0;
  g_mutex_unlock (&self->mutex);
}

TsOutboxCounts
ts_outbox_get_counts (TsOutbox * self)
{
  TsOutboxCounts counts;

  g_mutex_lock (&self->mutex);
  counts = (TsOutboxCounts) {
  self->messages.length, self->published, self->dropped};
  g_mutex_unlock (&self->mutex);
  return counts;
}
