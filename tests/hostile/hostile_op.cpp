// hostile_op.cpp - native operators that do what no module may
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <torch/library.h>
#include <unistd.h>

// Each gives the error number, 0 if it could.

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
  return number(kill(getppid(), SIGTERM) == 0);
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
  library.def("crash(Tensor x) -> Tensor", crash);
}
