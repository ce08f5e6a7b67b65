// model_file.h - what a file is that libtorch cannot load
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace ts {

// Throws Error (TS_SHIM_ERROR_LOAD) unless @path is readable and starts like a zip
// archive, which every TorchScript file is.
void check_is_archive(const std::string &path);

// One sentence on why libtorch refused the archive @path with the message @core.
std::string explain_load_failure(const std::string &path, const std::string &core);

}  // namespace ts
