// vetting.h - looks through a module before any of its code runs
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <set>
#include <string>

#include "archive_bytes.h"

namespace ts {

struct Vetting {
  std::string path;             // for messages
  std::set<std::string> added;  // operators of the libraries that the user named
  bool unsafe_operators;        // let all run
};

// Throws Error (TS_SHIM_ERROR_LOAD) if code of @archive that loading or running it
// could reach calls an operator that is not allowed, or if a tensor reaches beyond its
// stored bytes; and what libtorch throws if it cannot read the archive.
void vet_archive(const std::shared_ptr<Archive> &archive, const Vetting &vetting);

}  // namespace ts
