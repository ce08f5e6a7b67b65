/* tsprobe.h - finds the sizes of input that a module takes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tsengine.h"
#include "tsmodelspec.h"

G_BEGIN_DECLS

/* Called once the module has failed on the input that @spec asks for: runs it on
 * grey frames of the usual sizes, for a few seconds at most.
 * If no word about the size was given and one works, @spec gets it, *@note says
 * so and @error is cleared; the result is TRUE and the inputs are to be made
 * anew.  Else @error, which must be set, is told which sizes work. */
gboolean ts_probe_size (TsModelSpec * spec, TsEngine * engine, gchar ** note,
    GError ** error);

G_END_DECLS
