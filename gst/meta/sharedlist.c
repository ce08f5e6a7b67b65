/* sharedlist.c - what buffers share, in memory that frames reuse
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sharedlist.h"

/* Room comes in steps, so that what one frame gives back fits the next one. */
#define STEP 4096

/* How much is kept at most: more frames are seldom under way, and a list as long
 * as an untrained model can make it is not worth keeping. */
#define MAX_FREE 32
#define MAX_KEPT_CAPACITY (1 << 17)

static GMutex mutex;
static TsSharedList *free_lists;        /* mutex */
static guint n_free;            /* mutex */

static TsSharedList *
take_free (gsize size)
{
  TsSharedList **place, *found = NULL;

  g_mutex_lock (&mutex);
  for (place = &free_lists; *place != NULL; place = &(*place)->next) {
    if ((*place)->capacity < size)
      continue;
    found = *place;
    *place = found->next;
    n_free--;
    break;
  }
  g_mutex_unlock (&mutex);
  return found;
}

static TsSharedList *
alloc_list (gsize size)
{
  gsize capacity = (size / STEP + 1) * STEP;
  TsSharedList *self = g_malloc (sizeof (TsSharedList) + capacity);

  self->capacity = capacity;
  self->items = self + 1;
  return self;
}

TsSharedList *
ts_shared_list_new (guint n, gsize size)
{
  TsSharedList *self = take_free (n * size);

  if (self == NULL)
    self = alloc_list (n * size);
  self->ref_count = 1;
  self->n = n;
  return self;
}

TsSharedList *
ts_shared_list_ref (TsSharedList * self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

/* FALSE if there is enough already. */
static gboolean
keep (TsSharedList * self)
{
  gboolean kept;

  if (self->capacity > MAX_KEPT_CAPACITY)
    return FALSE;
  g_mutex_lock (&mutex);
  kept = n_free < MAX_FREE;
  if (kept) {
    self->next = free_lists;
    free_lists = self;
    n_free++;
  }
  g_mutex_unlock (&mutex);
  return kept;
}

void
ts_shared_list_unref (TsSharedList * self)
{
  if (g_atomic_int_dec_and_test (&self->ref_count) && !keep (self))
    g_free (self);
}
