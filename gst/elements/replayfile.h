/* replayfile.h - a file of detections, to be attached to frames again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "torchscript.h"

G_BEGIN_DECLS

/* A model's answer to one frame. */
typedef struct
{
  gchar *model;
  guint64 frame;                /* number, from 0 */
  GstClockTime pts;             /* or none */
  guint64 result;
  guint width, height;          /* of the frame; 0: not known */
  gchar *place;                 /* "FILE:LINE", for messages */
  GArray *detections;           /* of GstTorchscriptDetection */
} TsReplayAnswer;

/* Reads JSON Lines as detectionjson writes them, or COCO: an array of results, or
 * an object with images, annotations and categories.  Gives an array of
 * TsReplayAnswer, in the order of the file; free with g_ptr_array_unref().
 * @n_skipped gets the number of lines that are answers of another kind.  Errors
 * name the line, or the place in COCO's arrays: TS_ERROR_NOT_FOUND, _READ,
 * _FORMAT, _CONFIG. */
GPtrArray *ts_replay_file_read (const gchar * path, guint * n_skipped,
    GError ** error);

G_END_DECLS
