/* tswatchdog.c - calls that may never return
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tswatchdog.h"

#include "tsthread.h"

typedef struct
{
  GFunc func;                   /* NULL: the thread ends */
  gpointer data;
} Call;

struct _TsWatchdog
{
  GThread *thread;
  GAsyncQueue *calls, *returns; /* the thread has references of its own */
  gboolean lost;
};

typedef struct
{
  GAsyncQueue *calls, *returns;
} Queues;

static void
free_queues (Queues * self)
{
  g_async_queue_unref (self->calls);
  g_async_queue_unref (self->returns);
  g_free (self);
}

static gpointer
make_calls (gpointer data)
{
  Queues *queues = data;
  Call *call;

  while ((call = g_async_queue_pop (queues->calls))->func) {
    call->func (call->data, NULL);
    g_async_queue_push (queues->returns, call);
  }
  g_free (call);
  free_queues (queues);
  return NULL;
}

TsWatchdog *
ts_watchdog_new (GError ** error)
{
  TsWatchdog *self = g_new0 (TsWatchdog, 1);
  Queues *queues = g_new0 (Queues, 1);

  self->calls = g_async_queue_new_full (g_free);
  self->returns = g_async_queue_new_full (g_free);
  queues->calls = g_async_queue_ref (self->calls);
  queues->returns = g_async_queue_ref (self->returns);
  self->thread = ts_thread_start ("torchscript-run", make_calls, queues, error);
  if (self->thread)
    return self;
  free_queues (queues);
  ts_watchdog_free (self);
  return NULL;
}

gboolean
ts_watchdog_call (TsWatchdog * self, GFunc func, gpointer data,
    guint timeout_ms)
{
  Call *call = g_new (Call, 1);

  call->func = func;
  call->data = data;
  g_async_queue_push (self->calls, call);
  call = g_async_queue_timeout_pop (self->returns, (guint64) timeout_ms * 1000);
  self->lost = call == NULL;
  g_free (call);
  return !self->lost;
}

void
ts_watchdog_free (TsWatchdog * self)
{
  if (!self)
    return;
  /* A lost thread ends itself here, should its call ever return. */
  g_async_queue_push (self->calls, g_new0 (Call, 1));
  if (self->lost)
    g_thread_unref (self->thread);
  else if (self->thread)
    g_thread_join (self->thread);
  g_async_queue_unref (self->calls);
  g_async_queue_unref (self->returns);
  g_free (self);
}
