// shim_error.cpp - the texts of the shim's errors
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shim_error.h"

#include <cctype>
#include <cstring>

namespace ts {
namespace {

constexpr char kMarker[] = "<--- HERE";
constexpr char kTraceback[] = "Traceback of TorchScript";
constexpr size_t kLongestQuote = 100;

std::string trim(const std::string &text) {
  const char *space = " \t\r\n";
  size_t begin = text.find_first_not_of(space);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

std::string first_line(const std::string &text) {
  std::string trimmed = trim(text);
  return trim(trimmed.substr(0, trimmed.find('\n')));
}

bool starts_with(const std::string &text, const char *start) {
  return text.compare(0, strlen(start), start) == 0;
}

// "RuntimeError: ..." and the like at the start of a line; source lines that follow
// the marker are indented or have other characters before their colon.
bool is_error_line(const std::string &line) {
  size_t colon = line.find(": ");
  if (colon == std::string::npos || colon == 0) return false;
  for (size_t i = 0; i < colon; i++)
    if (!isalnum((unsigned char)line[i]) && line[i] != '_' && line[i] != '.')
      return false;
  return true;
}

// What the TorchScript interpreter puts after its traceback, or "".
std::string message_after(const std::string &text, size_t marker) {
  size_t begin = text.find('\n', marker);
  while (begin != std::string::npos) {
    size_t end = text.find('\n', ++begin);
    std::string line = text.substr(begin, end - begin);
    if (is_error_line(line)) return line;
    begin = end;
  }
  return "";
}

// The source line that the marker underlines: it stands right above the marker.
std::string line_above(const std::string &text, size_t marker) {
  size_t end = text.rfind('\n', marker);
  if (end == std::string::npos || end == 0) return "";
  size_t begin = text.rfind('\n', end - 1);
  begin = begin == std::string::npos ? 0 : begin + 1;
  return trim(text.substr(begin, end - begin));
}

// Bytes of the UTF-8 character at @text, of which @size are left; 0 if there is none.
size_t character_size(const unsigned char *text, size_t size) {
  if (text[0] < 0x80) return 1;
  size_t n = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
  if (text[0] < 0xc2 || text[0] > 0xf4 || n > size) return 0;
  uint32_t code = text[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    code = code << 6 | (text[i] & 0x3fu);
  }
  bool too_long = code < (n == 4 ? 0x10000u : n == 3 ? 0x800u : 0x80u);
  bool surrogate = code >= 0xd800 && code < 0xe000;
  return too_long || surrogate || code > 0x10ffff ? 0 : n;
}

std::string without_class(std::string message) {
  for (const char *name : {"builtins.", "RuntimeError: "})
    if (starts_with(message, name)) message.erase(0, strlen(name));
  return message;
}

}  // namespace

std::string core_message(const std::string &what) {
  std::string text = what.substr(0, what.find("\nException raised from "));
  size_t marker = text.rfind(kMarker);
  // What a rewritten graph brought in stands nowhere in the source.
  const bool has_source = marker != std::string::npos;
  if (!has_source) marker = text.rfind(kTraceback);
  if (marker == std::string::npos) return first_line(text);
  std::string message = message_after(text, marker);
  if (message.empty()) message = first_line(text);
  message = without_class(message);
  std::string source = has_source ? line_above(text, marker) : "";
  if (starts_with(source, "%")) return message;  // a graph's own text says nothing
  if (source.empty() || source.size() > kLongestQuote) return message;
  return message + " (at: " + source + ")";
}

bool is_out_of_memory(const std::string &what) {
  for (const char *sign : {"out of memory", "can't allocate memory",
                           "not enough memory: you tried to allocate", "std::bad_alloc",
                           ": allocation failed"})  // the reader of zip files
    if (what.find(sign) != std::string::npos) return true;
  return false;
}

bool is_device_failure(const std::string &what) {
  for (const char *sign :
       {"CUDA error", "CUDNN_STATUS_EXECUTION_FAILED", "CUDNN_STATUS_INTERNAL_ERROR",
        "CUDNN_STATUS_NOT_INITIALIZED", "CUBLAS_STATUS_EXECUTION_FAILED",
        "CUBLAS_STATUS_NOT_INITIALIZED"})
    if (what.find(sign) != std::string::npos) return true;
  return false;
}

void make_utf8(char *text, size_t size) noexcept {
  for (size_t i = 0; i < size;) {
    size_t n = character_size((const unsigned char *)text + i, size - i);
    if (n == 0) text[i] = '?';
    i += n > 0 ? n : 1;
  }
}

void copy_text(char *buffer, size_t size, std::string_view text) noexcept {
  if (buffer == nullptr || size == 0) return;
  size_t length = text.size() < size ? text.size() : size - 1;
  // A byte 10xxxxxx continues a character: cutting before one would split it.
  while (length < text.size() && length > 0 &&
         ((unsigned char)text[length] & 0xc0) == 0x80)
    length--;
  memcpy(buffer, text.data(), length);
  make_utf8(buffer, length);
  buffer[length] = '\0';
}

}  // namespace ts
