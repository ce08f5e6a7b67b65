/* detectionlist.c - detections that buffers share, in memory that frames reuse
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "detectionlist.h"

/* Room comes in steps, so that what one frame gives back fits the next one. */
#define STEP 64

/* How much is kept at most: more frames are seldom under way, and a list as long
 * as an untrained model can make it is not worth keeping. */
#define MAX_FREE 32
#define MAX_KEPT_CAPACITY 1024

static GMutex mutex;
static TsDetectionList *free_lists;     /* mutex */
static guint n_free;            /* mutex */

static TsDetectionList *
take_free (guint n)
{
  TsDetectionList **place, *found = NULL;

  g_mutex_lock (&mutex);
  for (place = &free_lists; *place != NULL; place = &(*place)->next) {
    if ((*place)->capacity < n)
      continue;
    found = *place;
    *place = found->next;
    n_free--;
    break;
  }
  g_mutex_unlock (&mutex);
  return found;
}

static TsDetectionList *
alloc_list (guint n)
{
  gsize capacity = ((gsize) n / STEP + 1) * STEP;
  TsDetectionList *self = g_malloc (sizeof (TsDetectionList)
      + capacity * sizeof (GstTorchscriptDetection));

  self->capacity = capacity;
  self->items = (GstTorchscriptDetection *) (self + 1);
  return self;
}

TsDetectionList *
ts_detection_list_new (guint n)
{
  TsDetectionList *self = take_free (n);

  if (self == NULL)
    self = alloc_list (n);
  self->ref_count = 1;
  self->n = n;
  return self;
}

TsDetectionList *
ts_detection_list_ref (TsDetectionList * self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

/* FALSE if there is enough already. */
static gboolean
keep (TsDetectionList * self)
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
ts_detection_list_unref (TsDetectionList * self)
{
  if (g_atomic_int_dec_and_test (&self->ref_count) && !keep (self))
    g_free (self);
}
