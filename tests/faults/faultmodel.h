/* faultmodel.h - models for the tests of faults, and what they must answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsdetector.h"

G_BEGIN_DECLS

/* Edge of the input, in pixels: a tensor of it has 2.4 MB. */
#define FAULT_EDGE 448

/* A file of JSON with what the fake shim's model answers: one box at @left. */
gchar *fault_model_script (gint left);

/* A whole package at @directory: module, weights, labels, self-test, and the hashes
 * of them all.  Its one box is at 8. */
void fault_model_write_package (const gchar * directory);

/* Opens @model by the settings that all of it is read with. */
TsDetector *fault_model_open (const gchar * model, const gchar * weights,
    const gchar * labels, GError ** error);

/* Where the box is that a white frame gives, or -1 with @error. */
gint fault_model_run (TsDetector * detector, GError ** error);

/* A directory of the test's own, which is TMPDIR, too. */
gchar *fault_directory_new (void);

/* How many entries @directory has. */
guint fault_directory_count (const gchar * directory);

G_END_DECLS
