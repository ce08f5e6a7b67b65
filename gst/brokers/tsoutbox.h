/* tsoutbox.h - a bounded queue of messages on their way to a broker
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsOutbox TsOutbox;

/* What becomes of a message for which there is no room. */
typedef enum
{
  TS_ON_FULL_DROP_OLDEST,       /* of those that are not being sent */
  TS_ON_FULL_DROP_NEWEST,       /* the message itself */
  TS_ON_FULL_BLOCK              /* wait for room */
} TsOnFull;

typedef struct
{
  guint queued;
  guint64 published, dropped;
} TsOutboxCounts;

/* One thread puts messages in, another takes them out; counts are for all. */
TsOutbox *ts_outbox_new (void);
void ts_outbox_free (TsOutbox * self);

/* Empties it for a new start, all counts at 0. */
void ts_outbox_start (TsOutbox * self, guint max_messages, TsOnFull on_full);

/* Ends all waiting, now and later. */
void ts_outbox_stop (TsOutbox * self);
gboolean ts_outbox_is_stopped (TsOutbox * self);

/* Takes @message. */
void ts_outbox_put (TsOutbox * self, gchar * message);

/* Gives up to @max of the oldest messages, which stay in the queue until
 * ts_outbox_done(); waits for one if there is none.  0: none came in time. */
guint ts_outbox_take (TsOutbox * self, const gchar ** messages, guint max,
    gint64 wait_us);

/* The first @n that were taken have arrived; the others are to be sent again. */
void ts_outbox_done (TsOutbox * self, guint n);

/* Waits until all have arrived; FALSE if they did not in time. */
gboolean ts_outbox_drain (TsOutbox * self, gint64 wait_us);

/* Waits, but not beyond ts_outbox_stop(). */
void ts_outbox_sleep (TsOutbox * self, gint64 wait_us);

/* Counts what is still queued as dropped. */
void ts_outbox_give_up (TsOutbox * self);

TsOutboxCounts ts_outbox_get_counts (TsOutbox * self);

G_END_DECLS
