// shim_error.h - errors of the shim: raised as exceptions, stopped at the C ABI
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "torchscript_shim.h"

namespace ts {

// An error whose text is already whole: it names the file and the cure.
class Error : public std::runtime_error {
 public:
  Error(TsShimStatus status, const std::string &text)
      : std::runtime_error(text), status(status) {}
  const TsShimStatus status;
};

// The useful sentence of a libtorch message: no C++ or TorchScript stack trace, but
// the line of the module's own source at which it failed.
std::string core_message(const std::string &what);

// libtorch's interpreter turns every exception into std::runtime_error, so that only
// the text still tells that memory ran out.
bool is_out_of_memory(const std::string &what);

// Likewise, whether the card failed, and not the module: it is lost, or cannot do what it
// is asked to.
bool is_device_failure(const std::string &what);

// Puts '?' in the place of what is no UTF-8: a module's names and texts can be any bytes.
void make_utf8(char *text, size_t size) noexcept;

// Copies @text into a C buffer, as UTF-8; cuts it, if it must, between two characters.
void copy_text(char *buffer, size_t size, std::string_view text) noexcept;

// The firewall: runs @body, and turns what it throws into a status and a text.
// A foreign exception gets status @place and the words of @prefix in front.
template <typename Prefix, typename Body>
TsShimStatus guard(char *error, size_t error_size, TsShimStatus place, Prefix prefix,
                   Body body) noexcept {
  try {
    try {
      body();
      return TS_SHIM_OK;
    } catch (const Error &e) {
      copy_text(error, error_size, e.what());
      return e.status;
    } catch (const std::exception &e) {
      copy_text(error, error_size, prefix() + core_message(e.what()));
      if (is_out_of_memory(e.what())) return TS_SHIM_ERROR_MEMORY;
      return is_device_failure(e.what()) ? TS_SHIM_ERROR_DEVICE : place;
    }
  } catch (const std::bad_alloc &) {
    copy_text(error, error_size, "out of memory");
    return TS_SHIM_ERROR_MEMORY;
  } catch (...) {
    copy_text(error, error_size, "an unknown exception inside libtorch");
    return place;
  }
}

}  // namespace ts
