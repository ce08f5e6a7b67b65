/* replaycoco.h - COCO's results and data sets as answers to frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "replayfile.h"
#include "tsjson.h"

G_BEGIN_DECLS

/* Appends to @answers one TsReplayAnswer for each image. */
gboolean ts_replay_coco_read (GPtrArray * answers, const gchar * path,
    const gchar * text, gsize size, GError ** error);

/* What both kinds of files have. */
TsReplayAnswer *ts_replay_answer_new (const gchar * place);
gboolean ts_replay_get_box (const TsJson * json, const gchar * field,
    gfloat box[4], GError ** error);

/* The object at @index of @array, which is called @item->prefix. */
gboolean ts_replay_get_object (const TsJson * json, JsonArray * array,
    guint index, TsJson * item, GError ** error);

G_END_DECLS
