/* tsdevice.c - device strings
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsdevice.h"

#include "tsengine.h"
#include "tserror.h"

/* libtorch keeps a device's number in a signed byte. */
#define MAX_INDEX 127

gboolean
ts_device_is_concrete (const gchar * device)
{
  if (g_str_has_prefix (device, "cuda:"))
    return g_ascii_string_to_unsigned (device + 5, 10, 0, MAX_INDEX, NULL,
        NULL);
  return g_str_equal (device, "cpu") || g_str_equal (device, "cuda")
      || g_str_equal (device, "mps");
}

gboolean
ts_engine_device_is_valid (const gchar * device, GError ** error)
{
  if (device && (g_str_equal (device, "auto")
          || ts_device_is_concrete (device)))
    return TRUE;
  g_set_error (error, TS_ERROR, TS_ERROR_CONFIG,
      "unknown device '%s'; choose one of: \"auto\", " TS_DEVICE_CHOICES,
      device ? device : "");
  return FALSE;
}
