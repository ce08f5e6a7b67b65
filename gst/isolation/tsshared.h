/* tsshared.h - memory that two processes see
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <torchscript_shim.h>

G_BEGIN_DECLS

/* Tensors begin at multiples of this, for vector instructions. */
#define TS_SHARED_ALIGNMENT 64

typedef struct
{
  int fd;                       /* -1: none */
  guint8 *data;                 /* NULL: not mapped */
  gsize size;                   /* that is mapped */
} TsShared;

#define TS_SHARED_NONE { -1, NULL, 0 }

/* Makes it, for a process that can grow it but never shrink it: nobody's access
 * can fail because of the other side. */
gboolean ts_shared_create (TsShared * self, const gchar * name);

/* Takes @fd and maps it as it is. */
gboolean ts_shared_open (TsShared * self, int fd);

/* Grows file and mapping to @size at least; what @data pointed to is void. */
gboolean ts_shared_reserve (TsShared * self, gsize size);

/* Maps all that the other side has made of it. */
gboolean ts_shared_update (TsShared * self);

void ts_shared_clear (TsShared * self);

/* @offset rounded up. */
gsize ts_shared_align (gsize offset);

/* Bytes of @tensor's elements; 0 for a shape or type that cannot be, and for none. */
gsize ts_shared_tensor_size (const TsShimTensor * tensor);

/* A tensor as a message (TS_WIRE_TENSOR) and back, with its data in @self; FALSE if it
 * does not lie in it. */
GVariant *ts_shared_write_tensor (const TsShimTensor * tensor, gsize offset);
gboolean ts_shared_read_tensor (const TsShared * self, GVariant * message,
    TsShimTensor * tensor);

G_END_DECLS
