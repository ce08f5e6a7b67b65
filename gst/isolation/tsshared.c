/* tsshared.c - memory that two processes see
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE
#include "tsshared.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tswire.h"

gboolean
ts_shared_create (TsShared * self, const gchar * name)
{
  self->fd = memfd_create (name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return self->fd >= 0
      && fcntl (self->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
}

static void
unmap (TsShared * self)
{
  if (self->data)
    munmap (self->data, self->size);
  self->data = NULL;
  self->size = 0;
}

static gboolean
map (TsShared * self, gsize size)
{
  gpointer data;

  unmap (self);
  if (size == 0)
    return TRUE;
  data = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
  if (data == MAP_FAILED)
    return FALSE;
  self->data = data;
  self->size = size;
  return TRUE;
}

/* fstat() asks for a path as well, which the process may not. */
static gboolean
get_size (const TsShared * self, gsize * size)
{
  off_t end = lseek (self->fd, 0, SEEK_END);

  *size = (gsize) end;
  return end >= 0;
}

gboolean
ts_shared_update (TsShared * self)
{
  gsize size;

  return get_size (self, &size) && (size == self->size || map (self, size));
}

gboolean
ts_shared_open (TsShared * self, int fd)
{
  ts_shared_clear (self);
  self->fd = fd;
  return fd >= 0 && ts_shared_update (self);
}

gboolean
ts_shared_reserve (TsShared * self, gsize size)
{
  gsize there;

  if (size <= self->size)
    return TRUE;
  if (!get_size (self, &there))
    return FALSE;
  if (there < size && ftruncate (self->fd, size) != 0)
    return FALSE;
  return map (self, MAX (size, there));
}

void
ts_shared_clear (TsShared * self)
{
  unmap (self);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

gsize
ts_shared_align (gsize offset)
{
  return (offset + TS_SHARED_ALIGNMENT - 1) & ~(gsize) (TS_SHARED_ALIGNMENT -
      1);
}

gsize
ts_shared_tensor_size (const TsShimTensor * tensor)
{
  static const gsize sizes[] = { 4, 2, 2, 8, 1, 1, 2, 4, 8, 1 };
  gsize size;

  if ((guint) tensor->dtype >= G_N_ELEMENTS (sizes) || tensor->n_dims < 0
      || tensor->n_dims > TS_SHIM_MAX_DIMS)
    return 0;
  size = sizes[tensor->dtype];
  for (gint i = 0; i < tensor->n_dims; i++)
    if (tensor->shape[i] < 0
        || !g_size_checked_mul (&size, size, (gsize) tensor->shape[i]))
      return 0;
  return size;
}

GVariant *
ts_shared_write_tensor (const TsShimTensor * tensor, gsize offset)
{
  return g_variant_new ("(u@axt)", (guint32) tensor->dtype,
      g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, tensor->shape,
          tensor->n_dims, sizeof *tensor->shape), (guint64) offset);
}

static gboolean
is_empty (const TsShimTensor * tensor)
{
  gboolean empty = FALSE;

  for (gint i = 0; i < tensor->n_dims; i++) {
    if (tensor->shape[i] < 0)
      return FALSE;
    empty |= tensor->shape[i] == 0;
  }
  return empty;
}

gboolean
ts_shared_read_tensor (const TsShared * self, GVariant * message,
    TsShimTensor * tensor)
{
  static gint64 nothing;
  g_autoptr (GVariant) dims = NULL;
  const gint64 *shape;
  guint64 offset;
  guint32 dtype;
  gsize n_dims, size;

  g_variant_get (message, "(u@axt)", &dtype, &dims, &offset);
  shape = g_variant_get_fixed_array (dims, &n_dims, sizeof *shape);
  if (n_dims > TS_SHIM_MAX_DIMS || dtype > TS_SHIM_BOOL)
    return FALSE;
  tensor->dtype = (TsShimDtype) dtype;
  tensor->n_dims = (gint32) n_dims;
  /* Of no dimensions there is no array. */
  if (n_dims > 0)
    memcpy (tensor->shape, shape, n_dims * sizeof *shape);
  size = ts_shared_tensor_size (tensor);
  tensor->data = &nothing;
  if (size == 0)
    return is_empty (tensor);
  if (offset % TS_SHARED_ALIGNMENT != 0 || size > self->size
      || offset > self->size - size)
    return FALSE;
  tensor->data = self->data + offset;
  return TRUE;
}
