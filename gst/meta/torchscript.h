/* GStreamer TorchScript: everything of the metadata library
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttorchscriptdetection.h"
#include "gsttorchscriptdetectionmeta.h"
