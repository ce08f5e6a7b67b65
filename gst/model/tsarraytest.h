/* tsarraytest.h - a self-test with an input and an answer of raw numbers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsengine.h"
#include "tsmodelspec.h"
#include "tsselftest.h"

G_BEGIN_DECLS

/* An answer may be off by this much, and by this share of what is expected. */
#define TS_SELF_TEST_TOLERANCE 0.01
#define TS_SELF_TEST_RELATIVE 0.01

gboolean ts_array_test_is_there (const TsModelSpec * spec);

/* Runs the module on selftest/input.npy (uint8, divided by 255, or float32) and
 * compares the part of its answer that is decoded with selftest/expected.npy
 * (float32).  Rows of boxes that the module has chosen (yolo-end2end) may stand in
 * another order, see ts_row_test_agrees().
 * Errors: TS_ERROR_OUTPUT with what differs, those of ts_engine_run() and
 * ts_npy_open(). */
gboolean ts_array_test_run (const TsModelSpec * spec, TsEngine * engine,
    GError ** error);

G_END_DECLS
