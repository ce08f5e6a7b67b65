// move_graph.h - makes a graph that was recorded on one device run on another
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <memory>
#include <string>

#include "shim_error.h"

namespace ts {

// What to add to the message @core of a module that failed on @device: "" unless it
// mixes devices.
std::string explain_mixed_devices(const std::string &core, c10::Device device);

// Points the devices and moves the tensors that are written into @graph, which load()
// does not see, to @device.  Throws Error (TS_SHIM_ERROR_DEVICE) with the place of a
// constant of the module @path that cannot be moved, and how to export it anew.
void move_graph(std::shared_ptr<torch::jit::Graph> &graph, c10::Device device,
                const std::string &path);

// Runs @body; where that fails because the module mixes devices, adds to the message
// how to export it anew.
template <typename Body>
void advise_on_devices(c10::Device device, Body body) {
  try {
    body();
  } catch (const Error &) {
    throw;
  } catch (const std::exception &e) {
    const std::string core = core_message(e.what());
    const std::string advice = explain_mixed_devices(core, device);
    if (advice.empty()) throw;
    throw std::runtime_error(core + advice);
  }
}

}  // namespace ts
