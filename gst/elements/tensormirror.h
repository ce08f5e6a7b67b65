/* tensormirror.h - raw tensors as GStreamer's own tensor meta
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "torchscript.h"

G_BEGIN_DECLS

/* Adds one GstTensorMeta with all @tensors to the writable @buffer; the data are
 * shared.  @ids are the names that tensor decoders know them by.  Where GStreamer
 * is older than 1.26 there is no such meta, and nothing happens. */
void ts_tensor_mirror (GstTorchscriptTensor * const *tensors,
    const gchar * const *ids, guint n_tensors, GstBuffer * buffer);

G_END_DECLS
