/* tsframesource.h - which page of which source a frame is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "objectsource.h"
#include "tsformat.h"

G_BEGIN_DECLS

/* Belongs to the streaming thread. */
typedef struct
{
  guint page;
  gchar *source;                /* UTF-8, or NULL */
  gboolean asked;

  /*< private >*/
  guint width, height;          /* of the frames, or 0 */
  TsObjects objects;
  GstBuffer *adopted;           /* what the record shows, or NULL: the frame itself */
  guint64 n_adopted;
} TsFrameSource;

void ts_frame_source_init (TsFrameSource * self);
void ts_frame_source_clear (TsFrameSource * self);

/* Looks at stream-start, caps and tags: the tag location names the source, the tag
 * track-number the page. */
void ts_frame_source_event (TsFrameSource * self, GstEvent * event);

/* What there is to write of the next frame, which came in at @pad: also the objects
 * and tracks of others.  Without a tag the elements in front of @pad are asked for their
 * URI.  Valid until the next call. */
TsRecord ts_frame_source_next (TsFrameSource * self, GstPad * pad,
    GstBuffer * buffer);

G_END_DECLS
