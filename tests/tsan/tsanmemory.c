/* tsanmemory.c - shows ThreadSanitizer what GLib does to the memory of its callers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GLib is not instrumented and its calls are ignored (tsan.supp), so that a block that it
 * frees, or a list that it changes, while another thread uses that would not be noticed.
 * Blocks are allocated and freed here in its place, which its documentation says is the
 * same; of slices that holds with G_SLICE=always-malloc.  Of GQueue, GPtrArray and GArray the head is touched, which says enough: all that
 * changes one changes its length.
 */
#include <stdlib.h>

#include "tsannext.h"

/* A macro in later versions of GLib. */
#undef g_free

static gpointer
check (gpointer block, gsize size)
{
  if (!block && size > 0)
    g_error ("no memory for %" G_GSIZE_FORMAT " bytes", size);
  return block;
}

static gsize
multiply (gsize n, gsize size)
{
  gsize all;

  if (__builtin_mul_overflow (n, size, &all))
    g_error ("no memory for %" G_GSIZE_FORMAT " times %" G_GSIZE_FORMAT
        " bytes", n, size);
  return all;
}

gpointer
g_malloc (gsize size)
{
  return size > 0 ? check (malloc (size), size) : NULL;
}

gpointer
g_malloc0 (gsize size)
{
  return size > 0 ? check (calloc (1, size), size) : NULL;
}

gpointer
g_malloc_n (gsize n, gsize size)
{
  return g_malloc (multiply (n, size));
}

gpointer
g_malloc0_n (gsize n, gsize size)
{
  return g_malloc0 (multiply (n, size));
}

gpointer
g_realloc (gpointer block, gsize size)
{
  if (size > 0)
    return check (realloc (block, size), size);
  free (block);
  return NULL;
}

gpointer
g_realloc_n (gpointer block, gsize n, gsize size)
{
  return g_realloc (block, multiply (n, size));
}

void
g_free (gpointer block)
{
  free (block);
}

gpointer
g_slice_alloc (gsize size)
{
  return g_malloc (size);
}

gpointer
g_slice_alloc0 (gsize size)
{
  return g_malloc0 (size);
}

void
g_slice_free1 (gsize size, gpointer block)
{
  free (block);
}

void
g_queue_push_tail_link (GQueue * queue, GList * link)
{
  SEE_WRITE (queue->length);
  SEE_WRITE (link->next);
  NEXT (g_queue_push_tail_link) (queue, link);
}

GList *
g_queue_pop_head_link (GQueue * queue)
{
  GList *link;

  SEE_WRITE (queue->length);
  link = NEXT (g_queue_pop_head_link) (queue);
  if (link)
    SEE_WRITE (link->next);
  return link;
}

void
g_queue_unlink (GQueue * queue, GList * link)
{
  SEE_WRITE (queue->length);
  SEE_WRITE (link->next);
  NEXT (g_queue_unlink) (queue, link);
}

gpointer
g_queue_peek_head (GQueue * queue)
{
  SEE_READ (queue->length);
  return NEXT (g_queue_peek_head) (queue);
}

gboolean
g_queue_is_empty (GQueue * queue)
{
  SEE_READ (queue->length);
  return NEXT (g_queue_is_empty) (queue);
}

void
g_ptr_array_add (GPtrArray * array, gpointer data)
{
  SEE_WRITE (array->len);
  NEXT (g_ptr_array_add) (array, data);
}

gboolean
g_ptr_array_remove (GPtrArray * array, gpointer data)
{
  SEE_WRITE (array->len);
  return NEXT (g_ptr_array_remove) (array, data);
}

gpointer
g_ptr_array_remove_index (GPtrArray * array, guint i)
{
  SEE_WRITE (array->len);
  return NEXT (g_ptr_array_remove_index) (array, i);
}

void
g_ptr_array_set_size (GPtrArray * array, gint length)
{
  SEE_WRITE (array->len);
  NEXT (g_ptr_array_set_size) (array, length);
}

GArray *
g_array_append_vals (GArray * array, gconstpointer data, guint n)
{
  SEE_WRITE (array->len);
  return NEXT (g_array_append_vals) (array, data, n);
}

GArray *
g_array_set_size (GArray * array, guint length)
{
  SEE_WRITE (array->len);
  return NEXT (g_array_set_size) (array, length);
}

GArray *
g_array_remove_index (GArray * array, guint i)
{
  SEE_WRITE (array->len);
  return NEXT (g_array_remove_index) (array, i);
}

void
g_array_sort (GArray * array, GCompareFunc compare)
{
  SEE_WRITE (array->len);
  NEXT (g_array_sort) (array, compare);
}
