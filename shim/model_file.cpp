// model_file.cpp - what a file is that libtorch cannot load
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "shim_error.h"

namespace ts {
namespace {

constexpr char kExpected[] =
    "; expected a TorchScript file: export the model with torch.jit.trace() or "
    "torch.jit.script() and save it with torch.jit.save()";

[[noreturn]] void fail(const std::string &text) { throw Error(TS_SHIM_ERROR_LOAD, text); }

struct Descriptor {
  const int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

// Fills @bytes, through interruptions and short reads; the number that there are.
size_t read_all(int fd, const std::string &path, std::string &bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = read(fd, &bytes[done], bytes.size() - done);
    if (n < 0 && errno != EINTR) fail("cannot read " + path + ": " + strerror(errno));
    if (n == 0) break;
    if (n > 0) done += static_cast<size_t>(n);
  }
  return done;
}

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
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat info;
  if (file.fd < 0 || fstat(file.fd, &info) != 0)
    fail("cannot open " + path + ": " + strerror(errno));
  // One byte more than the file should have tells that it has grown.
  std::string bytes(static_cast<size_t>(info.st_size) + 1, '\0');
  const size_t n = read_all(file.fd, path, bytes);
  if (n != static_cast<size_t>(info.st_size))
    fail(path + " was changed while it was read: it had " + std::to_string(info.st_size) +
         " bytes and then " + (n < bytes.size() ? "fewer" : "more") +
         "; write a new file and rename it to replace the old one");
  bytes.resize(n);
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
