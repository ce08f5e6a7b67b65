/* shimtest.h - opens the built shim and its modules for the tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "torchscript_shim.h"

G_BEGIN_DECLS

#define SHIM_TEST_ERROR_SIZE 1024

/* The table of the shim that TS_TEST_SHIM names. */
const TsShimApi *shim_test_api (void);

/* Path of tests/models/@name; free with g_free(). */
gchar *shim_test_path (const gchar * name);

/* The module @name on the CPU, in float32; fails the test if it cannot. */
TsShimModule *shim_test_load (const gchar * name);

/* The same with options. */
TsShimModule *shim_test_load_with (const TsShimLoadOptions * options);

/* The error of loading with @options, which must fail with @status. */
const gchar *shim_test_load_error (const TsShimLoadOptions * options,
    TsShimStatus status);

/* Whether images in blocks must be possible here: the shim was built with oneDNN, as
 * TS_TEST_ONEDNN says, and this CPU has the vectors for them. */
gboolean shim_test_has_blocks (void);

/* Fails the test unless @text holds @part. */
void shim_test_assert_contains (const gchar * text, const gchar * part);

/* A float32 tensor over @data. */
TsShimTensor shim_test_tensor (gfloat * data, gint n_dims, ...);

/* Runs @module on one tensor; fails the test if that fails. */
TsShimValue *shim_test_run (TsShimModule * module, const TsShimTensor * input);

/* Fails unless @value is a float32 tensor of these @n values. */
void shim_test_assert_floats (const TsShimValue * value, const gfloat * expected,
    gsize n);

/* How many pages the process has got so far. */
glong shim_test_page_faults (void);

G_END_DECLS
