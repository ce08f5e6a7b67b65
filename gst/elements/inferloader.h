/* inferloader.h - a new model for a running torchscriptinfer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "infermodel.h"

G_BEGIN_DECLS

/* Loads in a thread of its own, which there is from the first request, or the first
 * look at the file, until the loader is stopped. */
typedef struct _TsInferLoader TsInferLoader;

/* The loader's thread calls these, with no lock held; where that cannot start, who
 * asked for it calls failed(). */
typedef struct
{
  /* Copies the settings as they are now; the loader clears them. */
  void (*get_settings) (gpointer user_data, TsInferSettings * settings);
  /* A model is ready; it is used from the next frame on. */
  void (*loaded) (gpointer user_data, TsInferModel * model);
  /* It is not, and the old one stays; takes @error. */
  void (*failed) (gpointer user_data, const gchar * path, GError * error);
  /* The fallback of a model is open, or is not. */
  void (*fell_back) (gpointer user_data);
} TsInferLoaderFuncs;

/* @funcs are static. */
TsInferLoader *ts_infer_loader_new (const TsInferLoaderFuncs * funcs,
    gpointer user_data);
/* It must be stopped. */
void ts_infer_loader_free (TsInferLoader * self);

/* @settings are those that the running model was opened with. */
void ts_infer_loader_start (TsInferLoader * self,
    const TsInferSettings * settings);
/* Waits for a load that has begun, and drops what it brought. */
void ts_infer_loader_stop (TsInferLoader * self);

/* The settings have changed: loads a model by what they are, unless it is stopped.
 * Requests that come while it loads are one. */
void ts_infer_loader_request (TsInferLoader * self);

/* Opens the fallback of @model, unless it is stopped. */
void ts_infer_loader_request_fallback (TsInferLoader * self,
    TsInferModel * model);

/* Looks at the model's files from time to time, as long as it runs, if the setting
 * says so; to be called when it has changed. */
void ts_infer_loader_set_watch (TsInferLoader * self, gboolean watch);

/* The frame size that new models are warmed up with. */
void ts_infer_loader_set_size (TsInferLoader * self, gint width, gint height);

/* The model that has become ready since the last call, or NULL; the caller's. */
TsInferModel *ts_infer_loader_take (TsInferLoader * self);

G_END_DECLS
