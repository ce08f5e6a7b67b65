/* resultattach.h - a model's answer to metas on a buffer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/video/video.h>

#include "metaforms.h"
#include "torchscript.h"
#include "tsdetector.h"
#include "tsroi.h"
#include "tstracker.h"

G_BEGIN_DECLS

/* Which answer to which frame. */
typedef struct
{
  const TsDetector *detector;   /* knows the model's name, labels and kind */
  gint width, height;           /* of the frame, pixels */
  guint64 number;
  TsMetaForms forms;            /* what our own metas are mirrored to */
  guint model_number;           /* of those that a running element has had */
  guint age;                    /* frames ago that the model looked */
  const TsTracker *tracker;     /* what gave the boxes their numbers; NULL: unknown */

  /* Of classes, masks and tensors; boxes know their parents themselves. */
  guint parent_id;              /* of the detection that was looked at; 0: the frame */
  const TsRoi *area;            /* what of the frame that was; NULL: all of it */
} TsResultInfo;

/* Attaches @result to the writable @buffer as the meta of its kind; a mask is cut down to
 * the frame or its part.  Fails only where there is no memory for a mask. */
gboolean ts_result_attach (TsResult * result, const TsResultInfo * info,
    GstBuffer * buffer, GError ** error);

/* Mirrors @meta, which is on the writable @buffer.  @tracker is what gave its tracks
 * their numbers, or NULL. */
void ts_result_mirror_detections (const GstTorchscriptDetectionMeta * meta,
    TsMetaForms forms, const TsTracker * tracker, GstBuffer * buffer);

/* Attaches all tensors of @answer, without a copy. */
void ts_result_attach_tensors (const TsResultInfo * info, TsAnswer * answer,
    GstBuffer * buffer);

G_END_DECLS
