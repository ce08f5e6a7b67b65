/* tsimagetest.h - a self-test with a picture and its detections
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsdetector.h"
#include "tsmodelspec.h"
#include "tsppm.h"
#include "tsselftest.h"

G_BEGIN_DECLS

/* A detection may be off by this much.  One whose score is this close to the
 * threshold may come or go. */
#define TS_SELF_TEST_BOX_PX 2.0
#define TS_SELF_TEST_SCORE 0.02

gboolean ts_image_test_is_there (const TsModelSpec * spec);

/* Opens selftest/input.ppm alone; FALSE: there is none that can be read. */
gboolean ts_image_test_open_picture (const TsModelSpec * spec, TsPpm * picture);

/* Detects with the package's thresholds in selftest/input.ppm and compares with
 * selftest/expected.json, {"detections": [{"box": [x1, y1, x2, y2], "score",
 * "class_id"}]}, as the element detectionjson writes it.
 * Errors: TS_ERROR_OUTPUT with what differs, those of ts_detector_run(),
 * ts_ppm_open() and ts_json_read(). */
gboolean ts_image_test_run (const TsModelSpec * spec, TsDetector * detector,
    GError ** error);

G_END_DECLS
