/* sharedlist.h - what buffers share, in memory that frames reuse
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsSharedList TsSharedList;

struct _TsSharedList
{
  gsize n;
  gpointer items;

  /*< private >*/
  gint ref_count;
  gsize capacity;               /* bytes */
  GList link;                   /* of those that are free */
};

/* Room for @n items of @size bytes, to be filled in by the caller.  In the steady state it is
 * what another frame gave back.  Any thread. */
TsSharedList *ts_shared_list_new (gsize n, gsize size);

/* NULL if there is no memory: for what a model says the size of. */
TsSharedList *ts_shared_list_try_new (gsize n, gsize size);
TsSharedList *ts_shared_list_ref (TsSharedList * self);
void ts_shared_list_unref (TsSharedList * self);

G_END_DECLS
