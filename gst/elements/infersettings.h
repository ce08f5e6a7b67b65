/* infersettings.h - the properties of torchscriptinfer and their values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "../model/tsdetector.h"
#include "../runtime/tsinstance.h"
#include "metaforms.h"

G_BEGIN_DECLS

/* What becomes of a frame that would come too late. */
typedef enum
{
  TS_ON_LATE_PROCESS,
  TS_ON_LATE_SKIP,
  TS_ON_LATE_REUSE
} TsOnLate;

/* What of a frame the model looks at. */
typedef enum
{
  TS_INFERENCE_ON_FRAME,
  TS_INFERENCE_ON_DETECTIONS
} TsInferenceOn;

typedef enum
{
  TS_TRACKER_NONE,
  TS_TRACKER_IOU
} TsTrackerKind;

/* What becomes of a frame whose inference failed. */
typedef enum
{
  TS_ON_ERROR_FAIL,
  TS_ON_ERROR_PASS_THROUGH,
  TS_ON_ERROR_CPU
} TsOnError;

typedef enum
{
  TS_ISOLATION_NONE,
  TS_ISOLATION_PROCESS
} TsIsolation;

typedef enum
{
  TS_DEVICES_ONE,
  TS_DEVICES_ALL
} TsDevices;

/* One field for each property.  Strings are owned; unset ones are NULL or "". */
typedef struct
{
  /* What the module depends on: read when the element starts, and when one of
   * them changes. */
  gchar *model, *device, *decoder, *output, *labels, *method;
  gchar *weights, *custom_op_libs;
  guint threads;
  gboolean self_test;
  gboolean unsafe_operators;
  gchar *trusted_keys;
  gint tune;                    /* TsTuneMode */
  gint precision;               /* TsPrecision */
  gint isolation;               /* TsIsolation */
  guint forward_timeout, load_timeout, max_restarts, memory_limit;

  guint warmup;                 /* read with the caps */

  /* Read with each frame. */
  gboolean output_tensors;
  gfloat score_threshold, iou_threshold;
  gint max_detections;
  TsMetaForms meta;

  /* How the model is shared; read when the element starts. */
  gchar *model_instance_id;
  guint batch_size;
  guint batch_timeout;          /* ms */
  gint scheduling;              /* TsScheduling */
  gint devices;                 /* TsDevices */
  guint max_in_flight;          /* 0: as the scheduling says */
  guint lanes;                  /* 0: as device and scheduling say */

  /* Which frames it looks at; read with each frame. */
  gint on_late;                 /* TsOnLate */
  guint inference_interval;
  gfloat max_rate;              /* frames a second; 0: any */

  /* Those without an answer; read with each of them. */
  gint on_error;                /* TsOnError */
  gint max_errors;              /* in a row; < 0: any number */

  gchar *roi;                   /* read with the caps */

  /* What of them; read with each frame. */
  gint inference_on;            /* TsInferenceOn */
  gchar *detection_classes;
  guint crop_margin;            /* pixels */

  gboolean reload_on_change;
  guint stats_interval;         /* ms; 0: never */

  /* What is the same object in the next frame; read with each frame. */
  gint tracker;                 /* TsTrackerKind */
  gfloat tracker_iou;
  guint tracker_max_age;
  guint steady_frames;          /* 0: says nothing */
} TsInferSettings;

/* Adds a property for each setting to the one class that has them; gives the
 * first id that is free for the class's other properties. */
guint ts_infer_settings_install (GObjectClass * klass);

/* Whether a change of this property in a running element asks for another model. */
gboolean ts_infer_settings_is_of_model (const GParamSpec * pspec);

/* Sets all to the defaults of the properties. */
void ts_infer_settings_init (TsInferSettings * self);
void ts_infer_settings_clear (TsInferSettings * self);

/* The setting of the property @id, or FALSE if it is none of these.  The caller
 * holds the lock that guards @self. */
gboolean ts_infer_settings_set (TsInferSettings * self, guint id,
    const GValue * value);
gboolean ts_infer_settings_get (const TsInferSettings * self, guint id,
    GValue * value);

/* A deep copy, in which an empty string is NULL: gst-launch-1.0 and the forms of
 * graphical tools cannot write NULL.  Clear it when done. */
void ts_infer_settings_copy (const TsInferSettings * self,
    TsInferSettings * copy);

/* The detector's view of @self, which must outlive it. */
TsDetectorOptions ts_infer_settings_get_options (const TsInferSettings * self);
TsThresholds ts_infer_settings_get_thresholds (const TsInferSettings * self);

/* How many frames may be inside at a time, 1 or more: what keeps all lanes of
 * @instance busy, unless the property says a number. */
guint ts_infer_settings_get_max_in_flight (const TsInferSettings * self,
    const TsInstance * instance);

G_END_DECLS
