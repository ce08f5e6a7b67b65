/* detectionlist.h - detections that buffers share, in memory that frames reuse
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttorchscriptdetection.h"

G_BEGIN_DECLS

typedef struct _TsDetectionList TsDetectionList;

struct _TsDetectionList
{
  guint n;
  GstTorchscriptDetection *items;

  /*< private >*/
  gint ref_count;
  gsize capacity;
  TsDetectionList *next;        /* of those that are free */
};

/* Room for @n items, to be filled in by the caller.  In the steady state it is
 * what another frame gave back.  Any thread. */
TsDetectionList *ts_detection_list_new (guint n);
TsDetectionList *ts_detection_list_ref (TsDetectionList * self);
void ts_detection_list_unref (TsDetectionList * self);

G_END_DECLS
