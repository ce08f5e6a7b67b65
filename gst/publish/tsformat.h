/* tsformat.h - forms in which the answers on a frame can be written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A frame and what is known of it. */
typedef struct
{
  GstBuffer *buffer;            /* whose metas are written; borrowed */
  guint page;                   /* running number of the frame, from 1 */
  const gchar *source;          /* where it comes from, UTF-8, or NULL */
} TsRecord;

/* Text is UTF-8 and the same in every locale. */
typedef struct
{
  const gchar *name;            /* as users write it */
  const gchar *description;

  /* Each record is a document of its own, not a part of a stream. */
  gboolean documents;
  /* Each line of a record stands for itself, and is a message of its own. */
  gboolean lines;
  /* What stands in front of the first record, between two, and after the last. */
  const gchar *head, *between, *tail;

  /* Appends the answers on a frame, or nothing if no answer has this form. */
  void (*append) (GString * text, const TsRecord * record);
} TsFormat;

extern const TsFormat ts_format_jsonl;
extern const TsFormat ts_format_dlstreamer;
extern const TsFormat ts_format_coco;
extern const TsFormat ts_format_page_xml;
extern const TsFormat ts_format_alto;
extern const TsFormat ts_format_csv;

/* The type of properties that choose a format, and the format of a value. */
GType ts_format_get_type (void);
const TsFormat *ts_format_get (gint value);

/* The record as texts (gchar *) that stand for themselves, possibly none: lines
 * without their newlines, else a whole document. */
GPtrArray *ts_format_messages (const TsFormat * self, const TsRecord * record);

G_END_DECLS
