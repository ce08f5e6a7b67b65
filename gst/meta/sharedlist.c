/* sharedlist.c - what buffers share, in memory that frames reuse
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sharedlist.h"

/* Room comes in steps, so that what one frame gives back fits the next one. */
#define STEP 4096

/* How much is kept at most: more frames are seldom under way. */
#define MAX_FREE 32
#define MAX_FREE_BYTES (32 << 20)

static GMutex mutex;
static GQueue free_lists = G_QUEUE_INIT;        /* mutex; given back last: first */
static gsize free_bytes;        /* mutex */

/* The mutex is held. */
static TsSharedList *
take_out (GList * link)
{
  TsSharedList *self = link->data;

  g_queue_unlink (&free_lists, link);
  free_bytes -= self->capacity;
  return self;
}

/* The smallest one; and boxes do not take the room of masks. */
static TsSharedList *
take_free (gsize size)
{
  TsSharedList *found = NULL;

  g_mutex_lock (&mutex);
  for (GList * link = free_lists.head; link != NULL; link = link->next) {
    TsSharedList *list = link->data;

    if (list->capacity >= size && list->capacity / 4 <= size + STEP
        && (found == NULL || list->capacity < found->capacity))
      found = list;
  }
  if (found != NULL)
    take_out (&found->link);
  g_mutex_unlock (&mutex);
  return found;
}

static TsSharedList *
alloc_list (gsize size)
{
  gsize capacity = (size / STEP + 1) * STEP;
  TsSharedList *self = g_try_malloc (sizeof (TsSharedList) + capacity);

  if (self == NULL)
    return NULL;
  self->capacity = capacity;
  self->items = self + 1;
  self->link = (GList) {
  .data = self};
  return self;
}

TsSharedList *
ts_shared_list_try_new (gsize n, gsize size)
{
  TsSharedList *self = take_free (n * size);

  if (self == NULL)
    self = alloc_list (n * size);
  if (self == NULL)
    return NULL;
  self->ref_count = 1;
  self->n = n;
  return self;
}

TsSharedList *
ts_shared_list_new (gsize n, gsize size)
{
  TsSharedList *self = ts_shared_list_try_new (n, size);

  if (self == NULL)
    g_error ("no memory for %" G_GSIZE_FORMAT " x %" G_GSIZE_FORMAT " bytes",
        n, size);
  return self;
}

TsSharedList *
ts_shared_list_ref (TsSharedList * self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

/* What was not taken for longest goes. */
static void
give_back (TsSharedList * self)
{
  g_mutex_lock (&mutex);
  g_queue_push_head_link (&free_lists, &self->link);
  free_bytes += self->capacity;
  while (free_lists.length > MAX_FREE || free_bytes > MAX_FREE_BYTES)
    g_free (take_out (free_lists.tail));
  g_mutex_unlock (&mutex);
}

void
ts_shared_list_unref (TsSharedList * self)
{
  if (g_atomic_int_dec_and_test (&self->ref_count))
    give_back (self);
}
