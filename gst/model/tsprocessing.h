/* tsprocessing.h - a package's words on what happens before and after forward
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsjson.h"
#include "tsmodelspec.h"

G_BEGIN_DECLS

/* Both fill @spec, which holds the defaults, from a file's object.
 * Errors: TS_ERROR_FORMAT, _CONFIG. */
gboolean ts_preprocessing_read (TsModelSpec * spec, const TsJson * json,
    GError ** error);
/* Called by ts_preprocessing_read(): which inputs the module takes, and how. */
gboolean ts_input_specs_read (TsModelSpec * spec, const TsJson * json,
    GError ** error);
gboolean ts_postprocessing_read (TsModelSpec * spec, const TsJson * json,
    GError ** error);

G_END_DECLS
