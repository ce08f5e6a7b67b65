// hostile_op.cpp - native operators that do what no module may
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <torch/library.h>
#include <unistd.h>

// Each gives the error number, 0 if it could.

// Learnt before the filter is in place.
static const pid_t parent = getppid();

static int64_t number(bool done) { return done ? 0 : errno; }

static int64_t write_file(const at::Tensor &) {
  return number(open("victim", O_CREAT | O_WRONLY, 0600) >= 0);
}

static int64_t read_file(const at::Tensor &) {
  return number(open("/etc/passwd", O_RDONLY) >= 0);
}

static int64_t make_socket(const at::Tensor &) {
  return number(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static int64_t start_program(const at::Tensor &) {
  const char *argv[] = {"touch", "victim", nullptr};
  char **none = nullptr;
  pid_t pid;
  int error = posix_spawn(&pid, "/usr/bin/touch", nullptr, nullptr,
                          const_cast<char **>(argv), none);
  if (error == 0) waitpid(pid, nullptr, 0);
  return error;
}

static int64_t end_parent(const at::Tensor &) {
  return number(kill(parent, SIGTERM) == 0);
}

// From then on the kernel would send signals for this process, of any number.
static int64_t own_parent(const at::Tensor &) {
  return number(fcntl(STDERR_FILENO, F_SETOWN, parent) == 0);
}

static int64_t map(int flags) {
  return number(mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1,
                     0) != MAP_FAILED);
}

// Of neither the limit of memory would know.
static int64_t map_shared(const at::Tensor &) { return map(MAP_SHARED); }
static int64_t map_stack(const at::Tensor &) { return map(MAP_PRIVATE | MAP_GROWSDOWN); }

// The plugin would copy all of it.
static int64_t grow_files(const at::Tensor &) {
  int64_t last = 0;
  for (int fd = STDERR_FILENO + 1; fd < 64; fd++) {
    if (ftruncate(fd, (off_t)1 << 40) == 0) return 0;
    if (errno != EBADF && errno != EINVAL) last = errno;
  }
  return last;
}

static at::Tensor crash(const at::Tensor &x) {
  raise(SIGSEGV);
  return x;
}

TORCH_LIBRARY(hostile, library) {
  library.def("write_file(Tensor x) -> int", write_file);
  library.def("read_file(Tensor x) -> int", read_file);
  library.def("make_socket(Tensor x) -> int", make_socket);
  library.def("start_program(Tensor x) -> int", start_program);
  library.def("end_parent(Tensor x) -> int", end_parent);
  library.def("own_parent(Tensor x) -> int", own_parent);
  library.def("map_shared(Tensor x) -> int", map_shared);
  library.def("map_stack(Tensor x) -> int", map_stack);
  library.def("grow_files(Tensor x) -> int", grow_files);
  library.def("crash(Tensor x) -> Tensor", crash);
}
