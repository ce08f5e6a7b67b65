/* tensormirrornone.c - in place of tensormirror.c before GStreamer 1.26
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tensormirror.h"

void
ts_tensor_mirror (GstTorchscriptTensor * const *tensors,
    const gchar * const *ids, guint n_tensors, GstBuffer * buffer)
{
}
