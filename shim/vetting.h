// vetting.h - looks through a module before any of its code runs
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/api/module.h>

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

// Throws Error (TS_SHIM_ERROR_LOAD) if code of @archive that loading it runs calls an
// operator that is not allowed, or if a tensor reaches beyond its stored bytes; and what
// libtorch throws if it cannot read the archive.  Whether that was all there is: if not,
// vet_loaded() has to look at the module before it is run, frozen or changed.
bool vet_archive(const std::shared_ptr<Archive> &archive, const Vetting &vetting);

// Throws the same if any code of @module calls an operator that is not allowed.
void vet_loaded(const torch::jit::Module &module, const Vetting &vetting);

}  // namespace ts
