/* tsdevice.h - device strings
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TS_DEVICE_CHOICES "\"cpu\", \"cuda\", \"cuda:N\" (N from 0 to 127), \"mps\""

/* Whether @device is well-formed and names one device; "auto" does not. */
gboolean ts_device_is_concrete (const gchar * device);

G_END_DECLS
