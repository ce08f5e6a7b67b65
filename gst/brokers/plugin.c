/* plugin.c - the plugin of the elements that publish to brokers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:plugin-torchscriptpublish
 *
 * Publishes what TorchScript models found to message brokers. A plugin of its own,
 * so that the other elements do not need the brokers' libraries.
 */
#include <gst/gst.h>

#ifdef HAVE_MOSQUITTO
#include "gstmqttpublish.h"
#endif
#ifdef HAVE_HIREDIS
#include "gstredispublish.h"
#endif

static gboolean
plugin_init (GstPlugin * plugin)
{
  gboolean ok = FALSE;

#ifdef HAVE_MOSQUITTO
  ok |= GST_ELEMENT_REGISTER (mqttpublish, plugin);
#endif
#ifdef HAVE_HIREDIS
  ok |= GST_ELEMENT_REGISTER (redispublish, plugin);
#endif
  return ok;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, torchscriptpublish,
    "Publishes what TorchScript models found to message brokers", plugin_init,
    VERSION, "LGPL", PACKAGE, PACKAGE_ORIGIN)
