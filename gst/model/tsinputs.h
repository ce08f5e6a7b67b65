/* tsinputs.h - a frame to the arguments of a module
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../frame/tsimage.h"
#include "tsmodelspec.h"
#include "tstensor.h"

G_BEGIN_DECLS

/* Holds the memory of all inputs, so that the steady state allocates nothing.
 * One thread at a time. */
typedef struct _TsInputs TsInputs;

/* Where a frame of this size goes. */
void ts_inputs_place (const TsModelSpec * spec, gint width, gint height,
    TsLetterbox * letterbox);

/* Borrows @spec. */
TsInputs *ts_inputs_new (const TsModelSpec * spec);
void ts_inputs_free (TsInputs * self);

/* Computes the inputs for @image.  Errors: TS_ERROR_MEMORY. */
gboolean ts_inputs_fill (TsInputs * self, const TsImage * image,
    GError ** error);

/* As ts_inputs_fill() for picture @item of a batch of @n_items, of a module whose
 * one input is the frame.  All pictures of a batch must have equally large tensors;
 * the first one makes the room. */
gboolean ts_inputs_fill_item (TsInputs * self, const TsImage * image,
    guint item, guint n_items, GError ** error);

/* Only says where picture @item of a batch of @n_items goes. */
void ts_inputs_place_item (TsInputs * self, const TsImage * image, guint item,
    guint n_items);

/* Where the last frame went, or picture @item of the last batch. */
const TsLetterbox *ts_inputs_get_letterbox (const TsInputs * self);
const TsLetterbox *ts_inputs_get_item_letterbox (const TsInputs * self,
    guint item);

/* The inputs in the module's order; the first *@n_listed of them go as one
 * list.  Valid until the next fill. */
const TsTensor *ts_inputs_get (const TsInputs * self, gsize * n_inputs,
    gsize * n_listed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsInputs, ts_inputs_free)

G_END_DECLS
