/* tsvariant.h - the forms that a module can run in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tstensor.h"

G_BEGIN_DECLS

/* What the user wants to know before the first frame. */
typedef enum
{
  TS_TUNE_OFF,                  /* nothing: the frozen module as it is */
  TS_TUNE_AUTO,                 /* the fastest of a few forms, remembered */
  TS_TUNE_FULL                  /* the fastest of all, measured anew */
} TsTuneMode;

typedef enum
{
  TS_PRECISION_AUTO,            /* a lower one where the detections stay the same */
  TS_PRECISION_FP32,            /* as the package says */
  TS_PRECISION_BF16,
  TS_PRECISION_FP16
} TsPrecision;

/* As TsShimVariant. */
typedef struct
{
  gboolean frozen, channels_last, packed, blocked, optimized;
  TsDtype precision;            /* of convolutions and products; FLOAT32: unchanged */
  gint threads;                 /* 0: as at load */
} TsVariant;

#define TS_VARIANT_PLAIN ((TsVariant) { .frozen = TRUE })

/* "packed, bfloat16, 2 threads" */
gchar *ts_variant_to_string (const TsVariant * self);

/* Whether this machine's CPU multiplies bfloat16 by itself. */
gboolean ts_variant_cpu_has_bfloat16 (void);

/* What sets the speed of this CPU apart: its name, model and stepping. */
gchar *ts_variant_describe_cpu (void);

G_END_DECLS
