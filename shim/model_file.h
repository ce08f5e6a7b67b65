// model_file.h - what a file is that libtorch cannot load
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace ts {

// All of @path's bytes; throws Error (TS_SHIM_ERROR_LOAD).
std::string read_file(const std::string &path);

// Throws Error (TS_SHIM_ERROR_LOAD) unless the bytes @start, with which @path starts,
// are those of a zip archive, which every TorchScript file is.
void check_is_archive(const std::string &path, const std::string &start);

// One sentence on why libtorch refused the archive @path with the message @core.
std::string explain_load_failure(const std::string &path, const std::string &core);

}  // namespace ts
