/* unwind.cpp - goes on with an exception by the unwinder that raised it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GStreamer brings libunwind, which defines the same functions as GCC's own library.
 * In a process that had libtorch before GStreamer, as with `import torch` in Python,
 * libtorch raises by the one, and what is loaded now would go on by the other, which
 * ends in a crash.  So the shim has an _Unwind_Resume() of its own, which its map keeps
 * inside and which finds out.
 */
#include <dlfcn.h>
#include <unwind.h>

#include <cstdlib>

namespace {

/* It does not come back: the address sanitizer has to forget the frames before. */
typedef void (*Resume)(_Unwind_Exception *) __attribute__((noreturn));

/* Both keep a mark of the handler's frame in private_2: GCC's library the frame's
 * address on the stack, libunwind the address of its code. */
bool is_raised_by_libunwind(const _Unwind_Exception *exception) {
  Dl_info info;

  return dladdr(reinterpret_cast<void *>(exception->private_2), &info) != 0;
}

Resume find_in_library(const char *name) {
  void *library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);

  return library == nullptr ? nullptr
                            : reinterpret_cast<Resume>(dlsym(library, "_Unwind_Resume"));
}

}  // namespace

extern "C" void _Unwind_Resume(_Unwind_Exception *exception) {
  Resume resume = find_in_library(is_raised_by_libunwind(exception) ? "libunwind.so.8"
                                                                    : "libgcc_s.so.1");

  if (resume != nullptr) resume(exception);
  std::abort();
}
