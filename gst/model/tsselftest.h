/* tsselftest.h - asks a model the question whose answer its package knows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsengine.h"
#include "tsmodelspec.h"

G_BEGIN_DECLS

/* An answer may be off by this much, and by this share of what is expected:
 * processors and versions of libtorch round differently. */
#define TS_SELF_TEST_TOLERANCE 0.01
#define TS_SELF_TEST_RELATIVE 0.01

/* Whether the package has selftest/input.npy and selftest/expected.npy. */
gboolean ts_self_test_is_there (const TsModelSpec * spec);

/* Runs the module on selftest/input.npy (uint8, divided by 255, or float32) and
 * compares the part of its answer that is decoded with selftest/expected.npy
 * (float32).  *@difference (nullable) gets the largest difference found.
 * Errors: TS_ERROR_OUTPUT with what differs, TS_ERROR_CONFIG if there is no
 * self-test, those of ts_engine_run() and ts_npy_open(). */
gboolean ts_self_test_run (const TsModelSpec * spec, TsEngine * engine,
    gdouble * difference, GError ** error);

G_END_DECLS
