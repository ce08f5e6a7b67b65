/* GStreamer TorchScript: everything of the metadata library
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttorchscriptclassification.h"
#include "gsttorchscriptclassificationmeta.h"
#include "gsttorchscriptdetection.h"
#include "gsttorchscriptdetectionmeta.h"
#include "gsttorchscriptmaskmeta.h"
#include "gsttorchscripttensor.h"
#include "gsttorchscripttensormeta.h"
