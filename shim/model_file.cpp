// model_file.cpp - what a file is that libtorch cannot load
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "shim_error.h"

namespace ts {
namespace {

constexpr char kExpected[] =
    "; expected a TorchScript file: export the model with torch.jit.trace() or "
    "torch.jit.script() and save it with torch.jit.save()";

[[noreturn]] void fail(const std::string &text) { throw Error(TS_SHIM_ERROR_LOAD, text); }

std::string in_hex(const std::string &bytes) {
  std::string text;
  for (unsigned char byte : bytes) {
    char digits[4];
    snprintf(digits, sizeof digits, " %02x", byte);
    text += digits;
  }
  return text;
}

}  // namespace

std::string read_file(const std::string &path) {
  std::unique_ptr<FILE, int (*)(FILE *)> file(fopen(path.c_str(), "rbe"), fclose);
  if (!file) fail("cannot open " + path + ": " + strerror(errno));
  std::string bytes, block(1 << 20, '\0');
  while (size_t n = fread(&block[0], 1, block.size(), file.get()))
    bytes.append(block, 0, n);
  if (ferror(file.get())) fail("cannot read " + path + ": " + strerror(errno));
  return bytes;
}

void check_is_archive(const std::string &path, const std::string &start) {
  if (start.empty()) fail(path + " is empty" + kExpected);
  if (start.compare(0, 2, "\x80\x02") == 0)
    fail(path + " is a pickled checkpoint of torch.save() and no TorchScript" +
         kExpected);
  if (start.compare(0, 2, "PK") != 0)
    fail(path + " is no TorchScript, it starts with the bytes" + in_hex(start) +
         kExpected);
}

// The operator or class of which @core says that nobody has registered it, or "".
static std::string unknown_name(const std::string &core) {
  for (const char *start : {"Unknown builtin op: ", "torch.classes."}) {
    size_t begin = core.find(start);
    if (begin == std::string::npos) continue;
    begin += strlen(start);
    std::string name = core.substr(begin, core.find_first_of(" ,;'\n(", begin) - begin);
    while (!name.empty() && name.back() == '.') name.pop_back();
    return name;
  }
  return "";
}

std::string explain_load_failure(const std::string &path, const std::string &core) {
  if (core.find("constants.pkl") != std::string::npos)
    return path + " is a pickled checkpoint of torch.save() and no TorchScript" +
           kExpected;
  std::string unknown = unknown_name(core);
  if (!unknown.empty())
    return path + " needs " + unknown +
           ", which this libtorch does not know; name the shared library that registers "
           "it in custom-op-libs, or use a newer libtorch";
  if (core.find("zip archive") != std::string::npos)
    return path + " is damaged or incomplete (" + core + "): copy or download it again";
  return "libtorch cannot load " + path + ": " + core;
}

}  // namespace ts
