/* tsselftest.c - asks a model the question whose answer its package knows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsselftest.h"

#include "tsarraytest.h"
#include "tserror.h"
#include "tsimagetest.h"

gboolean
ts_self_test_is_there (const TsModelSpec * spec)
{
  return ts_array_test_is_there (spec) || ts_image_test_is_there (spec);
}

gboolean
ts_self_test_run (const TsModelSpec * spec, TsEngine * engine,
    TsDetector * detector, GError ** error)
{
  if (!ts_self_test_is_there (spec)) {
    g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
        "%s: has no self-test, which is a package's selftest/input.npy or "
        "selftest/input.ppm with the answer beside it; add one, or leave the "
        "self-test out", spec->package ? spec->package : spec->path);
    return FALSE;
  }
  return (!ts_array_test_is_there (spec)
      || ts_array_test_run (spec, engine, error))
      && (!ts_image_test_is_there (spec)
      || ts_image_test_run (spec, detector, error));
}
