/* fakevalue.h - answers of the fake shim, made from JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <json-glib/json-glib.h>
#include <torchscript_shim.h>

G_BEGIN_DECLS

/* The value that @node describes; {"input": N} stands for one of @inputs. */
TsShimValue *fake_value_new (JsonNode * node, const TsShimTensor * inputs,
    gsize n_inputs);

/* Fills in the value_*() functions. */
void fake_value_fill_api (TsShimApi * api);

G_END_DECLS
