/* tsselftest.h - asks a model the question whose answer its package knows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsdetector.h"
#include "tsengine.h"
#include "tsmodelspec.h"

G_BEGIN_DECLS

#define TS_SELF_TEST_ADVICE \
  "; the model, its weights or the libtorch is not what the package was made " \
  "with: get the package anew, or leave the self-test out"

/* Whether the package has a self-test of either kind. */
gboolean ts_self_test_is_there (const TsModelSpec * spec);

/* Runs what there is of ts_array_test_run() and ts_image_test_run().
 * Errors: theirs, and TS_ERROR_CONFIG if there is none. */
gboolean ts_self_test_run (const TsModelSpec * spec, TsEngine * engine,
    TsDetector * detector, GError ** error);

G_END_DECLS
