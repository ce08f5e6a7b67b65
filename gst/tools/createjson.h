/* createjson.h - the JSON files of a new package
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A threshold that is left out.  A wrong one goes into the package, whose reading
 * refuses it. */
#define CREATE_UNSET -G_MAXDOUBLE

/* What the command line says of a package; NULL is left out. */
typedef struct
{
  const gchar *name, *repo_id, *revision, *model_type;
  const gchar *description, *author, *license, *device;
  gchar **labels;
  const gchar *decoder, *output;
  gdouble score_threshold, iou_threshold;       /* or CREATE_UNSET */
  gint max_detections;          /* 0: left out */
  gint width, height;           /* 0: left out */
  gint size_divisor;            /* 0: left out */
  const gchar *resize, *layout, *channel_order;
} CreateFacts;

/* Writes all but the files that the user gives, metadata.json last, as it lists
 * the hashes of everything else below @dir.
 * Errors: TS_ERROR_READ. */
gboolean create_json_write (const CreateFacts * facts, const gchar * dir,
    GError ** error);

G_END_DECLS
